#include "digest.h"

#include "esp_rom_md5.h"
#include "mbedtls/sha256.h"

#define IS_SHA224 0

_Static_assert(sizeof(md5_context_t) <= UD_DIGEST_CONTEXT_SIZE, "MD5's state fits");
_Static_assert(sizeof(mbedtls_sha256_context) <= UD_DIGEST_CONTEXT_SIZE, "SHA-256's state fits");

static void md5_begin(void *context)
{
    esp_rom_md5_init(context);
}

static void md5_add(void *context, const void *data, uint32_t length)
{
    esp_rom_md5_update(context, data, length);
}

static void md5_end(void *context, uint8_t *digest)
{
    esp_rom_md5_final(digest, context);
}

const struct ud_digest_class updraft_md5 = {
    UD_MD5_SIZE, sizeof(md5_context_t), md5_begin, md5_add, md5_end,
};

/* On chips with an engine for one digest at a time, a state that is in it holds it until it is
 * freed, and the library gives digests up without a word. A clone has its state in memory:
 * so between calls nothing is held. */
static void leave_engine(mbedtls_sha256_context *context)
{
    mbedtls_sha256_context clone;

    mbedtls_sha256_init(&clone);
    mbedtls_sha256_clone(&clone, context);
    mbedtls_sha256_free(context);
    *context = clone;
}

static void sha256_begin(void *context)
{
    mbedtls_sha256_init(context);
    (void)mbedtls_sha256_starts(context, IS_SHA224);
}

static void sha256_add(void *context, const void *data, uint32_t length)
{
    (void)mbedtls_sha256_update(context, data, length);
    leave_engine(context);
}

static void sha256_end(void *context, uint8_t *digest)
{
    (void)mbedtls_sha256_finish(context, digest);
    mbedtls_sha256_free(context);
}

const struct ud_digest_class updraft_sha256 = {
    UD_SHA256_SIZE, sizeof(mbedtls_sha256_context), sha256_begin, sha256_add, sha256_end,
};
