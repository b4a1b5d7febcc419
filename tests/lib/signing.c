#include "signing.h"

#include "updraft/endian.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdlib.h>

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "signing: %s\n", what);
    abort();
}

FILE *signing_open(const char *name)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/signing/%s", TEST_VECTORS, name);
    FILE *file = fopen(path, "rb");
    require(file != NULL, path);
    return file;
}

static uint32_t read_number(EVP_PKEY *key, const char *name, uint8_t *bytes)
{
    BIGNUM *number = NULL;

    require(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
    const uint32_t length = (uint32_t)BN_bn2bin(number, bytes);
    BN_free(number);
    return length;
}

void signing_load(struct signing_key *key, const char *name)
{
    FILE *file = signing_open(name);
    EVP_PKEY *public_key = PEM_read_PUBKEY(file, NULL, NULL, NULL);

    require(public_key != NULL, name);
    fclose(file);
    key->key.modulus = key->modulus;
    key->key.modulus_length = read_number(public_key, OSSL_PKEY_PARAM_RSA_N, key->modulus);
    key->key.exponent = key->exponent;
    key->key.exponent_length = read_number(public_key, OSSL_PKEY_PARAM_RSA_E, key->exponent);
    EVP_PKEY_free(public_key);
    require(ud_rsa_verifier_init(&key->verifier, &key->key) == UD_OK, name);
}

uint32_t signing_trailer(const char *name, const void *data, uint32_t length, uint8_t *trailer)
{
    FILE *file = signing_open(name);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signature_length = UD_SIGNATURE_MAX;

    require(key != NULL && context != NULL, name);
    fclose(file);
    require(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(context, trailer, &signature_length, data, length) == 1,
            "signing failed");
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ud_put_u32(trailer + signature_length, (uint32_t)signature_length);
    return (uint32_t)signature_length + UD_SIGNATURE_LENGTH_WORD;
}
