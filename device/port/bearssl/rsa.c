#include "rsa.h"

#include "digest.h"

#include <bearssl.h>
#include <stdbool.h>
#include <string.h>

/* BearSSL's key type has no const, though verifying only reads. */
static unsigned char *without_const(const uint8_t *bytes)
{
    return (unsigned char *)(uintptr_t)bytes;
}

static int verify(void *ctx, const uint8_t *digest, const uint8_t *signature, uint32_t length)
{
    const struct ud_rsa_key *key = ctx;
    const br_rsa_public_key public_key = {
        .n = without_const(key->modulus),
        .nlen = key->modulus_length,
        .e = without_const(key->exponent),
        .elen = key->exponent_length,
    };
    uint8_t signed_digest[UD_SHA256_SIZE];

    if (br_rsa_pkcs1_vrfy_get_default()(signature, length, BR_HASH_OID_SHA256, sizeof signed_digest,
                                        &public_key, signed_digest) != 1)
        return UD_ERR_SIGNATURE;
    return memcmp(signed_digest, digest, sizeof signed_digest) == 0 ? UD_OK : UD_ERR_SIGNATURE;
}

static void strip_leading_zeros(const uint8_t **bytes, uint32_t *length)
{
    while (*length > 0 && **bytes == 0) {
        (*bytes)++;
        (*length)--;
    }
}

/* 512 bits or more must really be in use: the top bit of the 64th byte is one. */
static bool is_modulus_sound(const struct ud_rsa_key *key)
{
    const uint32_t length = key->modulus_length;

    if (length < UD_RSA_MIN_MODULUS || length > UD_RSA_MAX_MODULUS)
        return false;
    if (length == UD_RSA_MIN_MODULUS && key->modulus[0] < 0x80)
        return false;
    return key->modulus[length - 1] % 2 == 1;
}

int ud_rsa_verifier_init(struct ud_verifier *verifier, struct ud_rsa_key *key)
{
    strip_leading_zeros(&key->modulus, &key->modulus_length);
    strip_leading_zeros(&key->exponent, &key->exponent_length);
    if (!is_modulus_sound(key) || key->exponent_length == 0)
        return UD_ERR_ARGUMENT;
    *verifier = (struct ud_verifier){
        .ctx = key,
        .signature_length = key->modulus_length,
        .digest = &ud_sha256,
        .verify = verify,
    };
    return UD_OK;
}
