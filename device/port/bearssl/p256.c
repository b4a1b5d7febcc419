#include "keys.h"

#include <bearssl.h>

/* The 15-bit code is what a chip without a wide multiplication runs; naming it
 * keeps BearSSL's other curves from being linked. */
int ud_bearssl_p256(const struct ud_key *key, const uint8_t *digest, const uint8_t *signature,
                    uint32_t length)
{
    const br_ec_public_key public_key = {
        .curve = BR_EC_secp256r1,
        .q = (unsigned char *)(uintptr_t)key->number, /* only read, though not const */
        .qlen = key->length,
    };

    return br_ecdsa_i15_vrfy_raw(&br_ec_p256_m15, digest, UD_SHA256_SIZE, &public_key, signature,
                                 length) == 1
               ? UD_OK
               : UD_ERR_SIGNATURE;
}
