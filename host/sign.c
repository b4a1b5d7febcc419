#include "host/sign.h"

#include "updraft/endian.h"

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHA256_SIZE       32u
#define P256_NUMBER       32u /* bytes of r, and of s */
#define SIGNATURE_LONGEST 512u

/* DER of two P-256 numbers: 8 with both of one byte, 72 with both padded. */
#define DER_SHORTEST 8u
#define DER_LONGEST  72u

static bool digest_content(const struct file_bytes *content, uint8_t digest[SHA256_SIZE])
{
    return EVP_Digest(content->data, content->length, digest, NULL, EVP_sha256(), NULL) == 1;
}

/* How to sign or verify a digest: with the hash named, or in the legacy form by
 * leaving it out. Null when that does not go. */
static EVP_PKEY_CTX *start(const struct key *key, enum sign_form form,
                           int (*init)(EVP_PKEY_CTX *context))
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);
    bool is_ready = context && init(context) == 1;
    if (is_ready && key->kind == KEY_RSA)
        is_ready = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    if (is_ready && form == SIGN_STANDARD)
        is_ready = EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1;
    if (is_ready)
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

/* --- signing --- */

/* As OpenSSL makes it: for P-256, DER. Returns its length, 0 on failure. */
static size_t make_signature(const struct key *key, enum sign_form form,
                             const uint8_t digest[SHA256_SIZE], uint8_t out[SIGNATURE_LONGEST])
{
    EVP_PKEY_CTX *context = start(key, form, EVP_PKEY_sign_init);
    size_t length = SIGNATURE_LONGEST;
    if (!context)
        return 0;
    if (EVP_PKEY_sign(context, out, &length, digest, SHA256_SIZE) != 1)
        length = 0;
    EVP_PKEY_CTX_free(context);
    return length;
}

static bool der_to_raw(const uint8_t *der, size_t length, uint8_t raw[2 * P256_NUMBER])
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)length);
    const bool fits =
        signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, P256_NUMBER) >= 0 &&
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + P256_NUMBER, P256_NUMBER) >= 0;
    ECDSA_SIG_free(signature);
    return fits;
}

/* key->signature_length bytes. */
static bool sign_digest(const struct key *key, enum sign_form form,
                        const uint8_t digest[SHA256_SIZE], uint8_t *signature)
{
    uint8_t made[SIGNATURE_LONGEST];
    const size_t length = make_signature(key, form, digest, made);
    if (length == 0)
        return false;
    if (key->kind == KEY_P256)
        return der_to_raw(made, length, signature);
    memcpy(signature, made, length);
    return length == key->signature_length;
}

static int fail(char error[KEY_ERROR_SIZE], const char *why)
{
    snprintf(error, KEY_ERROR_SIZE, "%s", why);
    return -1;
}

int sign_content(const struct key *key, enum sign_form form, const struct file_bytes *content,
                 struct file_bytes *signed_file, char error[KEY_ERROR_SIZE])
{
    const size_t trailer = key->signature_length + SIGN_LENGTH_WORD;
    uint8_t digest[SHA256_SIZE];
    if (form == SIGN_LEGACY && key->kind != KEY_RSA)
        return fail(error, "the legacy form is for RSA keys only");
    if (content->length == 0)
        return fail(error, "there is nothing to sign");
    uint8_t *data = malloc(content->length + trailer);
    if (!data)
        return fail(error, "out of memory");
    memcpy(data, content->data, content->length);
    if (!digest_content(content, digest) ||
        !sign_digest(key, form, digest, data + content->length)) {
        free(data);
        return fail(error, "OpenSSL could not sign with this key");
    }
    ud_put_u32(data + content->length + key->signature_length, (uint32_t)key->signature_length);
    *signed_file = (struct file_bytes){data, content->length + trailer};
    return 0;
}

/* --- verifying --- */

size_t sign_announced_length(const struct file_bytes *file)
{
    if (file->length <= SIGN_LENGTH_WORD)
        return 0;
    const uint32_t length = ud_get_u32(file->data + file->length - SIGN_LENGTH_WORD);
    if (length < DER_SHORTEST || length > SIGNATURE_LONGEST)
        return 0;
    return length < file->length - SIGN_LENGTH_WORD ? length : 0;
}

/* signature is as OpenSSL takes it: for P-256, DER. */
static bool verify_digest(const struct key *key, enum sign_form form,
                          const uint8_t digest[SHA256_SIZE], const uint8_t *signature,
                          size_t length)
{
    EVP_PKEY_CTX *context = start(key, form, EVP_PKEY_verify_init);
    const bool is_good =
        context && EVP_PKEY_verify(context, signature, length, digest, SHA256_SIZE) == 1;
    EVP_PKEY_CTX_free(context);
    return is_good;
}

/* Returns the length of the DER, 0 on failure. */
static size_t raw_to_der(const uint8_t raw[2 * P256_NUMBER], uint8_t der[DER_LONGEST])
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, P256_NUMBER, NULL);
    BIGNUM *s = BN_bin2bn(raw + P256_NUMBER, P256_NUMBER, NULL);
    if (!signature || !r || !s || ECDSA_SIG_set0(signature, r, s) != 1) {
        ECDSA_SIG_free(signature);
        BN_free(r);
        BN_free(s);
        return 0;
    }
    const int length = i2d_ECDSA_SIG(signature, &der);
    ECDSA_SIG_free(signature);
    return length > 0 ? (size_t)length : 0;
}

static enum sign_verdict check_rsa(const struct key *key, const uint8_t digest[SHA256_SIZE],
                                   const uint8_t *signature, size_t length)
{
    if (verify_digest(key, SIGN_STANDARD, digest, signature, length))
        return SIGN_GOOD;
    return verify_digest(key, SIGN_LEGACY, digest, signature, length) ? SIGN_GOOD_LEGACY
                                                                      : SIGN_WRONG;
}

static enum sign_verdict check_p256(const struct key *key, const uint8_t digest[SHA256_SIZE],
                                    const uint8_t *signature, size_t length)
{
    uint8_t der[DER_LONGEST];
    if (length == key->signature_length) {
        const size_t der_length = raw_to_der(signature, der);
        if (der_length > 0 && verify_digest(key, SIGN_STANDARD, digest, der, der_length))
            return SIGN_GOOD;
    }
    return verify_digest(key, SIGN_STANDARD, digest, signature, length) ? SIGN_GOOD_DER
                                                                        : SIGN_WRONG;
}

static bool is_fit_for(const struct key *key, size_t length)
{
    if (length == key->signature_length)
        return true;
    return key->kind == KEY_P256 && length >= DER_SHORTEST && length <= DER_LONGEST;
}

enum sign_verdict sign_check(const struct key *key, const struct file_bytes *signed_file,
                             size_t *content_length)
{
    const size_t length = sign_announced_length(signed_file);
    uint8_t digest[SHA256_SIZE];
    *content_length = signed_file->length;
    if (length == 0 || !is_fit_for(key, length))
        return SIGN_ABSENT;
    *content_length -= length + SIGN_LENGTH_WORD;
    const struct file_bytes content = {signed_file->data, *content_length};
    if (!digest_content(&content, digest))
        return SIGN_WRONG;
    const uint8_t *signature = signed_file->data + *content_length;
    return key->kind == KEY_RSA ? check_rsa(key, digest, signature, length)
                                : check_p256(key, digest, signature, length);
}
