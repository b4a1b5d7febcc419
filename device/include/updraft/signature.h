/* Signed files: the trailer `signature || u32 length of the signature`.
 *
 * The length word does not count itself. What is signed is everything before
 * the signature, compressed or not (docs/trust.md). Who is trusted, and what a
 * signature is, a verifier knows: keys.h makes one of any number of keys.
 */
#ifndef UPDRAFT_SIGNATURE_H
#define UPDRAFT_SIGNATURE_H

#include "updraft/digest.h"
#include "updraft/error.h"
#include "updraft/flash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UD_SIGNATURE_MAX         512u /* bytes: RSA-4096 */
#define UD_SIGNATURE_LENGTH_WORD 4u
#define UD_KEY_UPDATE_MAGIC0     0x55u /* first byte of a key update, and of no image */

struct ud_verifier {
    void *ctx;
    const struct ud_digest_class *digest;
    /* UD_OK if the signature over the digest is of someone trusted. Else
     * UD_ERR_SIGNATURE, also for a length nobody trusted makes; a flash error
     * where keys cannot be read. */
    int (*verify)(void *ctx, const uint8_t *digest, const uint8_t *signature, uint32_t length);
    /* Carries out the key update of `size` bytes at `start`, once it has been
     * verified. Null: key updates are refused like any file that is no image. */
    int (*update_keys)(void *ctx, const struct ud_flash *flash, uint32_t start, uint32_t size);
    /* ud_signature_check(): named here, so that firmware without a verifier does not
     * link it. */
    int (*check)(const struct ud_verifier *verifier, const struct ud_flash *flash, uint32_t start,
                 uint32_t size, uint32_t *content_size);
};

/* May a file that begins with UD_KEY_UPDATE_MAGIC0 be a key update? verifier may be null. */
static inline bool ud_verifier_takes_keys(const struct ud_verifier *verifier)
{
    return verifier != NULL && verifier->update_keys != NULL;
}

/* Checks the signed file of `size` bytes at `start`, reading flash in small
 * pieces; *content_size becomes the size without the trailer, or stays as it was
 * on error. UD_ERR_SIGNATURE when the trailer is missing, of another length or
 * wrong, or nothing comes before it; UD_ERR_FLASH_RANGE, UD_ERR_FLASH_READ. */
UD_MUST_CHECK int ud_signature_check(const struct ud_verifier *verifier,
                                     const struct ud_flash *flash, uint32_t start, uint32_t size,
                                     uint32_t *content_size);

/* For who does not verify: *content_size becomes the size without what has the
 * length of a trailer in its last word (64, 128, 256, 384 or 512), or `size`. Only
 * for files that cannot end in such a word by themselves: gzip's ends in the
 * length of what is inside. */
UD_MUST_CHECK int ud_signature_skip(const struct ud_flash *flash, uint32_t start, uint32_t size,
                                    uint32_t *content_size);

#endif
