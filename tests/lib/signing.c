#include "signing.h"

#include "device/port/bearssl/digest.h"
#include "device/port/bearssl/keys.h"
#include "updraft/endian.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "signing: %s\n", what);
    abort();
}

static FILE *open_vector(const char *folder, const char *name)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/%s%s", TEST_VECTORS, folder, name);
    FILE *file = fopen(path, "rb");
    require(file != NULL, path);
    return file;
}

FILE *signing_open(const char *name)
{
    return open_vector("signing/", name);
}

uint32_t signing_vector(const char *path, uint8_t *bytes, uint32_t room)
{
    FILE *file = open_vector("", path);
    const uint32_t length = (uint32_t)fread(bytes, 1, room, file);

    require(fgetc(file) == EOF, path);
    fclose(file);
    return length;
}

uint32_t signing_der(const char *name, uint8_t bytes[UD_KEY_DER_MAX])
{
    FILE *file = signing_open(name);
    EVP_PKEY *key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
    uint8_t *end = bytes;

    require(key != NULL && i2d_PUBKEY(key, NULL) <= (int)UD_KEY_DER_MAX, name);
    fclose(file);
    const int length = i2d_PUBKEY(key, &end);
    EVP_PKEY_free(key);
    require(length > 0, name);
    return (uint32_t)length;
}

void signing_load(struct signing_key *key, const char *name)
{
    key->der = (struct ud_key_der){key->bytes, signing_der(name, key->bytes)};
    const struct ud_keys_config config = {
        .built_in = &key->der,
        .built_in_count = 1,
        .sha256 = &ud_sha256,
        .rsa = ud_bearssl_rsa,
        .p256 = ud_bearssl_p256,
    };
    require(ud_keys_init(&key->keys, &config) == UD_OK, name);
    key->verifier = ud_keys_verifier(&key->keys);
}

/* r and s of a DER signature, 32 bytes each. */
static uint32_t make_raw(uint8_t *signature, size_t length)
{
    const uint8_t *der = signature;
    ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &der, (long)length);

    require(numbers != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature + 32, 32) == 32,
            "no ECDSA signature");
    ECDSA_SIG_free(numbers);
    return 64;
}

static EVP_PKEY *load_private(const char *name)
{
    FILE *file = signing_open(name);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);

    require(key != NULL, name);
    fclose(file);
    return key;
}

uint32_t signing_trailer(const char *name, const void *data, uint32_t length, uint8_t *trailer)
{
    EVP_PKEY *key = load_private(name);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signature_length = UD_SIGNATURE_MAX;

    require(context != NULL, name);
    require(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(context, trailer, &signature_length, data, length) == 1,
            "signing failed");
    uint32_t length_word = (uint32_t)signature_length;
    if (EVP_PKEY_is_a(key, "EC"))
        length_word = make_raw(trailer, signature_length);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ud_put_u32(trailer + length_word, length_word);
    return length_word + UD_SIGNATURE_LENGTH_WORD;
}

/* Without a digest's name in the context, OpenSSL pads what it is given. */
uint32_t signing_legacy_trailer(const char *name, const void *data, uint32_t length,
                                uint8_t *trailer)
{
    EVP_PKEY *key = load_private(name);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    size_t signature_length = UD_SIGNATURE_MAX;
    uint8_t digest[UD_SHA256_SIZE];

    require(context != NULL && EVP_Digest(data, length, digest, NULL, EVP_sha256(), NULL) == 1 &&
                EVP_PKEY_sign_init(context) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_sign(context, trailer, &signature_length, digest, sizeof digest) == 1,
            name);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ud_put_u32(trailer + signature_length, (uint32_t)signature_length);
    return (uint32_t)signature_length + UD_SIGNATURE_LENGTH_WORD;
}
