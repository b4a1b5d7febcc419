#include "updraft/pbkdf2.h"

#include <string.h>

#define BLOCK_BYTES 64u
#define INNER_PAD   0x36u
#define OUTER_PAD   0x5cu

static void begin_padded(struct ud_digest *digest, const struct ud_digest_class *class,
                         const uint8_t *password, uint8_t pad)
{
    uint8_t block[BLOCK_BYTES];

    for (uint32_t i = 0; i < BLOCK_BYTES; i++)
        block[i] = password[i] ^ pad;
    ud_digest_begin(digest, class);
    ud_digest_add(digest, block, BLOCK_BYTES);
}

void ud_pbkdf2_begin(struct ud_pbkdf2 *key, const struct ud_digest_class *digest,
                     const void *password, uint32_t length)
{
    uint8_t block[BLOCK_BYTES] = {0};

    if (length <= BLOCK_BYTES) {
        memcpy(block, password, length);
    } else {
        ud_digest_begin(&key->work, digest);
        ud_digest_add(&key->work, password, length);
        ud_digest_end(&key->work, block);
    }
    begin_padded(&key->inner, digest, block, INNER_PAD);
    begin_padded(&key->outer, digest, block, OUTER_PAD);
    key->work = key->inner;
}

void ud_pbkdf2_salt(struct ud_pbkdf2 *key, const void *salt, uint32_t length)
{
    ud_digest_add(&key->work, salt, length);
}

/* Ends the HMAC whose message is in `work`, and begins the next. */
static void end_hmac(struct ud_pbkdf2 *key)
{
    const uint32_t size = key->inner.methods->size;

    ud_digest_end(&key->work, key->last);
    key->work = key->outer;
    ud_digest_add(&key->work, key->last, size);
    ud_digest_end(&key->work, key->last);
    key->work = key->inner;
}

void ud_pbkdf2_start(struct ud_pbkdf2 *key, uint32_t rounds)
{
    static const uint8_t first_block[4] = {0, 0, 0, 1};

    ud_digest_add(&key->work, first_block, sizeof first_block);
    end_hmac(key);
    memcpy(key->sum, key->last, sizeof key->sum);
    key->rounds_left = rounds - 1;
}

uint32_t ud_pbkdf2_step(struct ud_pbkdf2 *key, uint32_t rounds)
{
    const uint32_t size = key->inner.methods->size;

    for (; rounds > 0 && key->rounds_left > 0; rounds--, key->rounds_left--) {
        ud_digest_add(&key->work, key->last, size);
        end_hmac(key);
        for (uint32_t i = 0; i < size; i++)
            key->sum[i] ^= key->last[i];
    }
    return key->rounds_left;
}
