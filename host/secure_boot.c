#include "host/secure_boot.h"

#include "updraft/endian.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <string.h>
#include <zlib.h>

#define SECTOR         4096u
#define BLOCK_SIZE     1216u
#define BLOCK_CRC      1196u
#define BLOCK_MAGIC    0xe7
#define VERSION_RSA    2
#define VERSION_ECDSA  3
#define DIGEST         4u
#define RSA_BYTES      384u
#define RSA_MODULUS    36u
#define RSA_EXPONENT   420u
#define RSA_SQUARE     424u
#define RSA_INVERSE    808u
#define RSA_SIGNATURE  812u
#define RSA_KEY_LENGTH (RSA_SIGNATURE - RSA_MODULUS)
#define PSS_SALT       32
#define COORDINATE_MAX 48u

/* ECDSA blocks, by the curve's number. */
static const struct curve {
    const char *name;
    const char *group;    /* OpenSSL's; null: not verified here */
    uint8_t id;           /* as the block has it */
    uint8_t is_sha384;    /* likewise */
    uint16_t place;       /* of the curve's number; X and Y follow */
    uint16_t coordinate;  /* bytes of X */
    uint16_t key_length;  /* that the key's digest is taken over */
    uint16_t signature;   /* its place */
    uint16_t digest_size; /* bytes */
} curves[] = {
    {"P-192", NULL, 1, 0, 36, 24, 65, 101, SHA256_DIGEST_LENGTH},
    {"P-256", "P-256", 2, 0, 36, 32, 65, 101, SHA256_DIGEST_LENGTH},
    {"P-384", "P-384", 3, 1, 52, 48, 97, 149, SHA384_DIGEST_LENGTH},
};

static const struct curve *find_curve(const uint8_t *block)
{
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        if (block[2] == curves[i].is_sha384 && block[curves[i].place] == curves[i].id)
            return &curves[i];
    return NULL;
}

static void reverse(uint8_t *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        out[i] = bytes[length - 1 - i];
}

/* ---- Keys ---- */

/* Consumes the builder. Null when OpenSSL takes no such key. */
static EVP_PKEY *build_key(OSSL_PARAM_BLD *builder, const char *type)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (!params || !context || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *rsa_key(const uint8_t *block)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_lebin2bn(block + RSA_MODULUS, RSA_BYTES, NULL);
    BIGNUM *exponent = BN_lebin2bn(block + RSA_EXPONENT, 4, NULL);
    EVP_PKEY *key = NULL;

    if (builder && modulus && exponent &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
        key = build_key(builder, "RSA");
    else
        OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static EVP_PKEY *ec_key(const uint8_t *block, const struct curve *curve)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    const uint8_t *x = block + curve->place + 1;
    uint8_t point[1 + 2 * COORDINATE_MAX] = {POINT_CONVERSION_UNCOMPRESSED};

    reverse(point + 1, x, curve->coordinate);
    reverse(point + 1 + curve->coordinate, x + curve->coordinate, curve->coordinate);
    if (builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         1 + 2 * (size_t)curve->coordinate))
        return build_key(builder, "EC");
    OSSL_PARAM_BLD_free(builder);
    return NULL;
}

/* What the chip does not compute itself, behind the exponent in `key`: R² mod n for
 * R = 2³⁰⁷², and -1/n mod 2³². */
static bool write_helpers(const BIGNUM *modulus, uint8_t key[RSA_KEY_LENGTH])
{
    uint32_t inverse = 1;
    BN_CTX *context = BN_CTX_new();
    BIGNUM *square = BN_new();
    const bool is_written = context && square && BN_is_odd(modulus) &&
                            BN_set_bit(square, 2 * 8 * RSA_BYTES) &&
                            BN_mod(square, square, modulus, context) &&
                            BN_bn2lebinpad(square, key + (RSA_SQUARE - RSA_MODULUS), RSA_BYTES) > 0;

    for (int i = 0; i < 5; i++) /* each step doubles the bits that are right */
        inverse *= 2 - ud_get_u32(key) * inverse;
    ud_put_u32(key + (RSA_INVERSE - RSA_MODULUS), 0u - inverse);
    BN_free(square);
    BN_CTX_free(context);
    return is_written;
}

static bool are_helpers_right(const uint8_t *block)
{
    uint8_t key[RSA_KEY_LENGTH];
    BIGNUM *modulus = BN_lebin2bn(block + RSA_MODULUS, RSA_BYTES, NULL);

    memcpy(key, block + RSA_MODULUS, sizeof key);
    const bool is_right =
        modulus && write_helpers(modulus, key) && memcmp(key, block + RSA_MODULUS, sizeof key) == 0;
    BN_free(modulus);
    return is_right;
}

/* ---- Signatures ---- */

static bool verify(EVP_PKEY *key, bool is_rsa, const uint8_t *signature, size_t length,
                   const uint8_t *digest, size_t digest_length)
{
    EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    bool is_good = context && EVP_PKEY_verify_init(context) > 0;

    if (is_good && is_rsa)
        is_good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
                  EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0 &&
                  EVP_PKEY_CTX_set_rsa_pss_saltlen(context, PSS_SALT) > 0;
    is_good = is_good && EVP_PKEY_verify(context, signature, length, digest, digest_length) == 1;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return is_good;
}

static bool verify_rsa(const uint8_t *block)
{
    uint8_t signature[RSA_BYTES];

    reverse(signature, block + RSA_SIGNATURE, RSA_BYTES);
    return verify(rsa_key(block), true, signature, sizeof signature, block + DIGEST,
                  SHA256_DIGEST_LENGTH);
}

static bool verify_ec(const uint8_t *block, const struct curve *curve)
{
    const uint8_t *r = block + curve->signature;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r_number = BN_lebin2bn(r, curve->coordinate, NULL);
    BIGNUM *s_number = BN_lebin2bn(r + curve->coordinate, curve->coordinate, NULL);
    uint8_t *der = NULL;
    bool is_good = false;

    if (!pair || !r_number || !s_number || !ECDSA_SIG_set0(pair, r_number, s_number)) {
        BN_free(r_number);
        BN_free(s_number);
    } else {
        const int length = i2d_ECDSA_SIG(pair, &der);
        is_good = length > 0 && verify(ec_key(block, curve), false, der, (size_t)length,
                                       block + DIGEST, curve->digest_size);
    }
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
    return is_good;
}

/* ---- Blocks ---- */

static bool is_of_image(const struct file_bytes *file, size_t sector, const uint8_t *block,
                        bool is_sha384)
{
    uint8_t digest[SHA384_DIGEST_LENGTH];

    if (is_sha384)
        SHA384(file->data, sector, digest);
    else
        SHA256(file->data, sector, digest);
    return memcmp(digest, block + DIGEST,
                  is_sha384 ? SHA384_DIGEST_LENGTH : SHA256_DIGEST_LENGTH) == 0;
}

static void read_rsa(const struct file_bytes *file, size_t sector, const uint8_t *block,
                     struct secure_boot_block *found)
{
    found->kind = "RSA-3072";
    SHA256(block + RSA_MODULUS, RSA_KEY_LENGTH, found->key_digest);
    if (!are_helpers_right(block))
        found->verdict = SECURE_BOOT_DAMAGED;
    else if (!is_of_image(file, sector, block, false))
        found->verdict = SECURE_BOOT_OTHER_IMAGE;
    else
        found->verdict = verify_rsa(block) ? SECURE_BOOT_GOOD : SECURE_BOOT_WRONG;
}

static void read_ec(const struct file_bytes *file, size_t sector, const uint8_t *block,
                    struct secure_boot_block *found)
{
    const struct curve *curve = find_curve(block);

    found->kind = curve ? curve->name : "ECDSA";
    found->verdict = SECURE_BOOT_DAMAGED;
    if (!curve)
        return;
    SHA256(block + curve->place, curve->key_length, found->key_digest);
    if (!is_of_image(file, sector, block, curve->is_sha384))
        found->verdict = SECURE_BOOT_OTHER_IMAGE;
    else if (!curve->group)
        found->verdict = SECURE_BOOT_NOT_VERIFIED;
    else
        found->verdict = verify_ec(block, curve) ? SECURE_BOOT_GOOD : SECURE_BOOT_WRONG;
}

static bool is_block(const uint8_t *block)
{
    return block[0] == BLOCK_MAGIC && (block[1] == VERSION_RSA || block[1] == VERSION_ECDSA);
}

void secure_boot_read(const struct file_bytes *file, size_t image_end, struct secure_boot *found)
{
    const size_t sector = (image_end + SECTOR - 1) / SECTOR * SECTOR;

    found->count = 0;
    if (file->length < SECTOR || sector > file->length - SECTOR)
        return;
    for (size_t i = 0; i < SECURE_BOOT_BLOCKS; i++) {
        const uint8_t *block = file->data + sector + i * BLOCK_SIZE;
        if (!is_block(block))
            return;
        struct secure_boot_block *row = &found->blocks[found->count++];
        *row = (struct secure_boot_block){0};
        if (block[1] == VERSION_RSA)
            read_rsa(file, sector, block, row);
        else
            read_ec(file, sector, block, row);
        if (crc32(0, block, BLOCK_CRC) != ud_get_u32(block + BLOCK_CRC))
            row->verdict = SECURE_BOOT_DAMAGED;
    }
}

/* ---- Whose ---- */

/* As a block has it: what the digest is taken over. */
static size_t write_rsa(const EVP_PKEY *pkey, uint8_t out[RSA_KEY_LENGTH])
{
    BIGNUM *modulus = NULL;
    BIGNUM *exponent = NULL;
    const bool is_written = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &modulus) &&
                            EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &exponent) &&
                            BN_bn2lebinpad(modulus, out, RSA_BYTES) > 0 &&
                            BN_bn2lebinpad(exponent, out + (RSA_EXPONENT - RSA_MODULUS), 4) > 0 &&
                            write_helpers(modulus, out);

    BN_free(modulus);
    BN_free(exponent);
    return is_written ? RSA_KEY_LENGTH : 0;
}

static size_t write_p256(const EVP_PKEY *pkey, uint8_t *out)
{
    const struct curve *curve = &curves[1];
    uint8_t point[1 + 2 * COORDINATE_MAX];
    size_t length;

    if (!EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                         &length) ||
        length != 1 + 2 * (size_t)curve->coordinate)
        return 0;
    out[0] = curve->id;
    reverse(out + 1, point + 1, curve->coordinate);
    reverse(out + 1 + curve->coordinate, point + 1 + curve->coordinate, curve->coordinate);
    return curve->key_length;
}

size_t secure_boot_find(const struct secure_boot *found, const struct key *key)
{
    uint8_t bytes[RSA_KEY_LENGTH];
    uint8_t digest[SECURE_BOOT_KEY_DIGEST];
    size_t length = 0;
    size_t i = 0;

    if (key->kind == KEY_P256)
        length = write_p256(key->pkey, bytes);
    else if (key->bits == 8 * RSA_BYTES)
        length = write_rsa(key->pkey, bytes);
    if (length == 0)
        return found->count;
    SHA256(bytes, length, digest);
    while (i < found->count && memcmp(found->blocks[i].key_digest, digest, sizeof digest) != 0)
        i++;
    return i;
}

const char *secure_boot_message(enum secure_boot_verdict verdict)
{
    static const char *const messages[] = {
        [SECURE_BOOT_GOOD] = "verified",
        [SECURE_BOOT_DAMAGED] = "the block is damaged",
        [SECURE_BOOT_OTHER_IMAGE] = "made for another image, or this one was changed",
        [SECURE_BOOT_WRONG] = "not made by the key that is with it",
        [SECURE_BOOT_NOT_VERIFIED] = "not verified here",
    };

    return messages[verdict];
}
