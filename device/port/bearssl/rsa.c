#include "keys.h"

#include <bearssl.h>
#include <string.h>

/* BearSSL's key type has no const, though verifying only reads. */
static unsigned char *without_const(const uint8_t *bytes)
{
    return (unsigned char *)(uintptr_t)bytes;
}

int ud_bearssl_rsa(const struct ud_key *key, const uint8_t *digest, const uint8_t *signature,
                   uint32_t length)
{
    const br_rsa_public_key public_key = {
        .n = without_const(key->number),
        .nlen = key->length,
        .e = without_const(key->exponent),
        .elen = key->exponent_length,
    };
    uint8_t signed_digest[UD_SHA256_SIZE];

    if (br_rsa_pkcs1_vrfy_get_default()(signature, length, BR_HASH_OID_SHA256, sizeof signed_digest,
                                        &public_key, signed_digest) != 1)
        return UD_ERR_SIGNATURE;
    return memcmp(signed_digest, digest, sizeof signed_digest) == 0 ? UD_OK : UD_ERR_SIGNATURE;
}
