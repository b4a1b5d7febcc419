#include "digest.h"

#include <bearssl.h>

_Static_assert(sizeof(br_md5_context) <= UD_DIGEST_CONTEXT_SIZE, "an MD5 context must fit");
_Static_assert(sizeof(br_sha256_context) <= UD_DIGEST_CONTEXT_SIZE, "a SHA-256 context must fit");

static void md5_begin(void *context)
{
    br_md5_init(context);
}

static void md5_add(void *context, const void *data, uint32_t length)
{
    br_md5_update(context, data, length);
}

static void md5_end(void *context, uint8_t *digest)
{
    br_md5_out(context, digest);
}

static void sha256_begin(void *context)
{
    br_sha256_init(context);
}

static void sha256_add(void *context, const void *data, uint32_t length)
{
    br_sha256_update(context, data, length);
}

static void sha256_end(void *context, uint8_t *digest)
{
    br_sha256_out(context, digest);
}

const struct ud_digest_class ud_md5 = {
    .size = UD_MD5_SIZE,
    .context_size = sizeof(br_md5_context),
    .begin = md5_begin,
    .add = md5_add,
    .end = md5_end,
};

const struct ud_digest_class ud_sha256 = {
    .size = UD_SHA256_SIZE,
    .context_size = sizeof(br_sha256_context),
    .begin = sha256_begin,
    .add = sha256_add,
    .end = sha256_end,
};
