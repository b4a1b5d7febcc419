#include "updraft/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Tags of DER. */
enum { INTEGER = 0x02, BIT_STRING = 0x03, SEQUENCE = 0x30 };

struct span {
    const uint8_t *at;
    uint32_t left; /* bytes */
};

/* Reads a length in its shortest form. No key needs more than two bytes. */
static bool take_length(struct span *der, uint32_t *length)
{
    uint32_t extra = 0;

    if (der->left == 0)
        return false;
    *length = *der->at++;
    der->left--;
    if (*length < 0x80)
        return true;
    extra = *length - 0x80;
    if (extra < 1 || extra > 2 || extra > der->left)
        return false;
    *length = extra == 1 ? der->at[0] : (uint32_t)der->at[0] << 8 | der->at[1];
    der->at += extra;
    der->left -= extra;
    return *length >= (extra == 1 ? 0x80u : 0x100u);
}

/* Takes the next value, which must have this tag. */
static bool take(struct span *der, uint8_t tag, struct span *value)
{
    uint32_t length;

    if (der->left == 0 || *der->at != tag)
        return false;
    der->at++;
    der->left--;
    if (!take_length(der, &length) || length > der->left)
        return false;
    *value = (struct span){der->at, length};
    der->at += length;
    der->left -= length;
    return true;
}

/* The same for a positive number, without the zero that keeps it positive. */
static bool take_number(struct span *der, struct span *value)
{
    if (!take(der, INTEGER, value) || value->left == 0 || value->at[0] >= 0x80)
        return false;
    if (value->at[0] != 0)
        return true;
    value->at++;
    value->left--;
    return value->left > 0 && value->at[0] >= 0x80;
}

/* An exponent of 1 would make every signature right. */
static bool is_rsa_sound(const struct span *modulus, const struct span *exponent)
{
    const uint32_t last = exponent->left - 1;

    if (modulus->left < UD_KEY_RSA_MIN || modulus->left > UD_KEY_RSA_MAX ||
        (modulus->left == UD_KEY_RSA_MIN && modulus->at[0] < 0x80) ||
        modulus->at[modulus->left - 1] % 2 == 0)
        return false;
    return exponent->left <= sizeof(uint32_t) && exponent->at[last] % 2 == 1 &&
           (last > 0 || exponent->at[0] > 1);
}

static bool decode_rsa(struct span bits, struct ud_key *key)
{
    struct span numbers, modulus, exponent;

    if (!take(&bits, SEQUENCE, &numbers) || bits.left > 0 || !take_number(&numbers, &modulus) ||
        !take_number(&numbers, &exponent) || numbers.left > 0 || !is_rsa_sound(&modulus, &exponent))
        return false;
    *key = (struct ud_key){UD_KEY_RSA, modulus.at, modulus.left, exponent.at, exponent.left};
    return true;
}

static bool decode_p256(struct span bits, struct ud_key *key)
{
    if (bits.left != UD_KEY_P256_POINT || bits.at[0] != 0x04)
        return false;
    *key = (struct ud_key){UD_KEY_P256, bits.at, bits.left, NULL, 0};
    return true;
}

static const uint8_t rsa_algorithm[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                        0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const uint8_t p256_algorithm[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                         0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

static bool is_same(const struct span *value, const uint8_t *bytes, uint32_t length)
{
    return value->left == length && memcmp(value->at, bytes, length) == 0;
}

int ud_key_decode(const struct ud_key_der *der, struct ud_key *key)
{
    struct span file = {der->bytes, der->length};
    struct span info, algorithm, bits;
    bool is_sound = false;

    if (!take(&file, SEQUENCE, &info) || file.left > 0 || !take(&info, SEQUENCE, &algorithm) ||
        !take(&info, BIT_STRING, &bits) || info.left > 0 || bits.left == 0 || bits.at[0] != 0)
        return UD_ERR_ARGUMENT;
    bits.at++; /* the number of bits unused in the last byte */
    bits.left--;
    if (is_same(&algorithm, rsa_algorithm, sizeof rsa_algorithm))
        is_sound = decode_rsa(bits, key);
    else if (is_same(&algorithm, p256_algorithm, sizeof p256_algorithm))
        is_sound = decode_p256(bits, key);
    return is_sound ? UD_OK : UD_ERR_ARGUMENT;
}

void ud_key_id(const struct ud_digest_class *sha256, const struct ud_key_der *der,
               uint8_t id[UD_KEY_ID_SIZE])
{
    uint8_t bytes[UD_SHA256_SIZE];
    struct ud_digest digest;

    ud_digest_begin(&digest, sha256);
    ud_digest_add(&digest, der->bytes, der->length);
    ud_digest_end(&digest, bytes);
    memcpy(id, bytes, UD_KEY_ID_SIZE);
}
