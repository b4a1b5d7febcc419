/* A verifier for RSA PKCS#1 v1.5 signatures over SHA-256, by BearSSL. */
#ifndef UPDRAFT_BEARSSL_RSA_H
#define UPDRAFT_BEARSSL_RSA_H

#include "updraft/signature.h"

#include <stdint.h>

#define UD_RSA_MIN_MODULUS 64u              /* bytes: 512 bits */
#define UD_RSA_MAX_MODULUS UD_SIGNATURE_MAX /* bytes: 4096 bits, also the most BearSSL takes */

/* A public key; both numbers big-endian, leading zero bytes allowed. */
struct ud_rsa_key {
    const uint8_t *modulus;
    uint32_t modulus_length; /* bytes */
    const uint8_t *exponent;
    uint32_t exponent_length; /* bytes */
};

/* Fills in *verifier, which keeps pointing at *key and the key at its numbers;
 * leading zeros are stripped from the key. UD_ERR_ARGUMENT for a modulus that is
 * even or not of 512 to 4096 bits, or an exponent of zero. */
UD_MUST_CHECK int ud_rsa_verifier_init(struct ud_verifier *verifier, struct ud_rsa_key *key);

#endif
