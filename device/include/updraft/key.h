/* One public key: what is in its DER form, and the id it goes by.
 *
 * The form is SubjectPublicKeyInfo (RFC 5280), as `openssl pkey -pubin -outform
 * DER` prints it: rsaEncryption, or id-ecPublicKey on prime256v1.
 */
#ifndef UPDRAFT_KEY_H
#define UPDRAFT_KEY_H

#include "updraft/digest.h"
#include "updraft/error.h"

#include <stdint.h>

#define UD_KEY_DER_MAX        552u /* bytes: RSA-4096, with a word to spare */
#define UD_KEY_ID_SIZE        8u
#define UD_KEY_P256_POINT     65u /* bytes: 04, x, y */
#define UD_KEY_P256_SIGNATURE 64u /* bytes: r, s */
#define UD_KEY_RSA_MIN        64u /* bytes of the modulus: 512 bits */
#define UD_KEY_RSA_MAX        512u

enum ud_key_kind { UD_KEY_RSA, UD_KEY_P256 };

struct ud_key_der {
    const uint8_t *bytes;
    uint32_t length;
};

/* Points into the DER form. Numbers are big-endian and begin with their first
 * byte that is not zero. */
struct ud_key {
    enum ud_key_kind kind;
    const uint8_t *number;   /* RSA: the modulus; P-256: the point */
    uint32_t length;         /* bytes of it */
    const uint8_t *exponent; /* RSA only */
    uint32_t exponent_length;
};

/* UD_ERR_ARGUMENT for anything but exactly one key of these kinds: DER to the
 * letter, RSA with an odd modulus of 512 to 4096 bits and an odd exponent of at
 * least 3 and at most 32 bits. Whether a point is on its curve shows when a
 * signature is verified. */
UD_MUST_CHECK int ud_key_decode(const struct ud_key_der *der, struct ud_key *key);

/* Bytes of the signatures it makes. */
static inline uint32_t ud_key_signature_length(const struct ud_key *key)
{
    return key->kind == UD_KEY_RSA ? key->length : UD_KEY_P256_SIGNATURE;
}

/* The first bytes of SHA-256 over the DER form. */
void ud_key_id(const struct ud_digest_class *sha256, const struct ud_key_der *der,
               uint8_t id[UD_KEY_ID_SIZE]);

#endif
