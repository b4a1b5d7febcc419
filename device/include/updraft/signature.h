/* Signed images: the trailer `signature || u32 length of the signature`.
 *
 * The length word does not count itself. What is signed is everything before
 * the signature, compressed or not. A verifier is a port; device/port/bearssl
 * has one for RSA PKCS#1 v1.5 with SHA-256.
 */
#ifndef UPDRAFT_SIGNATURE_H
#define UPDRAFT_SIGNATURE_H

#include "updraft/digest.h"
#include "updraft/error.h"
#include "updraft/flash.h"

#include <stdint.h>

#define UD_SIGNATURE_MAX         512u /* bytes: RSA-4096 */
#define UD_SIGNATURE_LENGTH_WORD 4u

struct ud_verifier {
    void *ctx;
    uint32_t signature_length; /* bytes: the key's modulus; at most UD_SIGNATURE_MAX */
    const struct ud_digest_class *digest;
    /* UD_OK if signature is this key's over the digest, else UD_ERR_SIGNATURE. */
    int (*verify)(void *ctx, const uint8_t *digest, const uint8_t *signature, uint32_t length);
};

/* Checks the signed image of `size` bytes at `start`, reading flash in small
 * pieces; *image_size becomes the size without the trailer, or stays as it was
 * on error. UD_ERR_SIGNATURE when the trailer is missing, of another length or
 * wrong, or nothing comes before it; UD_ERR_FLASH_RANGE, UD_ERR_FLASH_READ. */
UD_MUST_CHECK int ud_signature_check(const struct ud_verifier *verifier,
                                     const struct ud_flash *flash, uint32_t start, uint32_t size,
                                     uint32_t *image_size);

#endif
