#include "host/keys.h"

#include "updraft/hex.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_FILE_LIMIT  65536u
#define RSA_MIN_BITS    1024
#define RSA_MAX_BITS    4096 /* UD_SIGNATURE_MAX, in bits */
#define P256_RAW_LENGTH 64u

const struct key_type key_types[] = {
    {"rsa2048", KEY_RSA, 2048},
    {"rsa3072", KEY_RSA, 3072},
    {"p256", KEY_P256, 256},
    {NULL, KEY_RSA, 0},
};

static int fail(char error[KEY_ERROR_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fail(char error[KEY_ERROR_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, KEY_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return -1;
}

int key_generate(const struct key_type *type, struct key *key, char error[KEY_ERROR_SIZE])
{
    EVP_PKEY *pkey = type->kind == KEY_RSA
                         ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)type->bits)
                         : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (!pkey)
        return fail(error, "no key could be made: OpenSSL has no randomness or no memory");
    *key = (struct key){
        .pkey = pkey,
        .kind = type->kind,
        .bits = type->bits,
        .signature_length = type->kind == KEY_RSA ? type->bits / 8 : P256_RAW_LENGTH,
        .is_private = true,
    };
    return 0;
}

void key_free(struct key *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}

const char *key_name(const struct key *key, char name[KEY_NAME_SIZE])
{
    if (key->kind == KEY_RSA)
        snprintf(name, KEY_NAME_SIZE, "RSA-%u", key->bits);
    else
        snprintf(name, KEY_NAME_SIZE, "P-256");
    return name;
}

/* --- as it travels --- */

int key_der(const struct key *key, struct file_bytes *der, char error[KEY_ERROR_SIZE])
{
    unsigned char *encoded = NULL;
    const int length = i2d_PUBKEY(key->pkey, &encoded);
    *der = (struct file_bytes){length > 0 ? malloc((size_t)length) : NULL, 0};
    if (der->data) {
        der->length = (size_t)length;
        memcpy(der->data, encoded, der->length);
    }
    OPENSSL_free(encoded);
    return der->data ? 0 : fail(error, "OpenSSL cannot put this key into DER");
}

int key_id(const struct key *key, uint8_t id[KEY_ID_SIZE], char error[KEY_ERROR_SIZE])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    struct file_bytes der;
    if (key_der(key, &der, error) != 0)
        return -1;
    const bool done = EVP_Digest(der.data, der.length, digest, NULL, EVP_sha256(), NULL) == 1;
    free(der.data);
    if (!done)
        return fail(error, "OpenSSL has no SHA-256");
    memcpy(id, digest, KEY_ID_SIZE);
    return 0;
}

const char *key_id_text(const struct key *key, char text[KEY_ID_TEXT])
{
    char error[KEY_ERROR_SIZE];
    uint8_t id[KEY_ID_SIZE];
    strcpy(text, "?");
    if (key_id(key, id, error) == 0)
        ud_hex_encode(id, sizeof id, text);
    return text;
}

/* --- reading --- */

/* OpenSSL asks for the password of an encrypted key; what came of that. */
struct password {
    bool may_be_asked;
    bool was_asked;
    bool is_known; /* somebody gave one */
};

static int give_password(char *out, int size, int for_writing, void *ctx)
{
    struct password *password = ctx;
    const char *known = getenv("UPDRAFT_KEY_PASSWORD");
    password->was_asked = true;
    if (!password->may_be_asked)
        return -1;
    if (known) {
        const size_t length = strlen(known);
        password->is_known = true;
        if (length > (size_t)size)
            return -1;
        memcpy(out, known, length);
        return (int)length;
    }
    if (!isatty(STDIN_FILENO))
        return -1;
    const int length = PEM_def_callback(out, size, for_writing, NULL);
    password->is_known = length > 0;
    return length;
}

static bool has_number(const EVP_PKEY *pkey, const char *name)
{
    BIGNUM *number = NULL;
    const bool has = EVP_PKEY_get_bn_param(pkey, name, &number) == 1;
    BN_clear_free(number);
    return has;
}

/* Decodes what comes next, if it can. */
static EVP_PKEY *decode_one(const unsigned char **data, size_t *left, struct password *password)
{
    EVP_PKEY *pkey = NULL;
    OSSL_DECODER_CTX *decoder =
        OSSL_DECODER_CTX_new_for_pkey(&pkey, NULL, NULL, NULL, 0, NULL, NULL);
    if (decoder && OSSL_DECODER_CTX_set_pem_password_cb(decoder, give_password, password) == 1)
        OSSL_DECODER_from_data(decoder, data, left);
    OSSL_DECODER_CTX_free(decoder);
    return pkey;
}

/* `openssl ecparam -genkey` writes the curve as a block of its own before the key. */
static bool is_curve_alone(const EVP_PKEY *pkey)
{
    return EVP_PKEY_is_a(pkey, "EC") && !has_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X);
}

static EVP_PKEY *decode(const struct file_bytes *bytes, struct password *password)
{
    const unsigned char *data = bytes->data;
    size_t left = bytes->length;
    EVP_PKEY *pkey = decode_one(&data, &left, password);
    if (!pkey || !is_curve_alone(pkey))
        return pkey;
    EVP_PKEY_free(pkey);
    return decode_one(&data, &left, password);
}

static bool is_p256(const EVP_PKEY *pkey)
{
    char group[32] = "";
    EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL);
    return strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* Devices read points in full, and a key has one id however its file spells it. */
static bool spell_point_out(EVP_PKEY *pkey)
{
    return EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                          OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1;
}

static int classify_rsa(const char *path, struct key *key, char error[KEY_ERROR_SIZE])
{
    key->kind = KEY_RSA;
    key->signature_length = (size_t)EVP_PKEY_get_size(key->pkey);
    key->is_private = has_number(key->pkey, OSSL_PKEY_PARAM_RSA_D);
    if (key->bits < RSA_MIN_BITS)
        return fail(error, "%.120s is RSA-%u, which is easily forged: make one with updraft keygen",
                    path, key->bits);
    if (key->bits > RSA_MAX_BITS)
        return fail(error, "%.120s is RSA-%u, and devices verify no more than RSA-%u", path,
                    key->bits, RSA_MAX_BITS);
    return 0;
}

static int classify(const char *path, struct key *key, char error[KEY_ERROR_SIZE])
{
    key->bits = (unsigned)EVP_PKEY_get_bits(key->pkey);
    if (EVP_PKEY_is_a(key->pkey, "RSA"))
        return classify_rsa(path, key, error);
    if (!EVP_PKEY_is_a(key->pkey, "EC"))
        return fail(error, "%.120s is of a kind devices do not verify: they take RSA and P-256",
                    path);
    if (!is_p256(key->pkey))
        return fail(error, "%.120s is on another curve than P-256, which devices do not verify",
                    path);
    if (!spell_point_out(key->pkey))
        return fail(error, "%.120s: OpenSSL cannot work with this key", path);
    key->kind = KEY_P256;
    key->signature_length = P256_RAW_LENGTH;
    key->is_private = has_number(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY);
    return 0;
}

static int explain_unreadable(const char *path, const struct password *password,
                              char error[KEY_ERROR_SIZE])
{
    if (!password->was_asked)
        return fail(error, "%.120s holds no key that can be read: it takes PEM or DER", path);
    if (!password->is_known)
        return fail(error, "%.120s is encrypted: set UPDRAFT_KEY_PASSWORD", path);
    return fail(error, "%.120s is encrypted, and %s does not open it", path,
                getenv("UPDRAFT_KEY_PASSWORD") ? "UPDRAFT_KEY_PASSWORD" : "this password");
}

static int parse_key(const struct file_bytes *bytes, const char *name, struct password *password,
                     struct key *key, char error[KEY_ERROR_SIZE])
{
    *key = (struct key){.pkey = decode(bytes, password)};
    if (!key->pkey)
        return explain_unreadable(name, password, error);
    if (classify(name, key, error) == 0)
        return 0;
    key_free(key);
    return -1;
}

static int read_key(const char *path, struct key *key, char error[KEY_ERROR_SIZE])
{
    struct file_bytes bytes;
    struct password password = {.may_be_asked = true};
    int result = file_read(path, KEY_FILE_LIMIT, &bytes);
    if (result)
        return fail(error, "%.120s: %s%s", path, strerror(-result),
                    result == -ENOENT ? "; updraft keygen makes a pair of keys" : "");
    result = parse_key(&bytes, path, &password, key, error);
    OPENSSL_cleanse(bytes.data, bytes.length);
    free(bytes.data);
    return result;
}

int key_parse_public(const struct file_bytes *bytes, const char *name, struct key *key,
                     char error[KEY_ERROR_SIZE])
{
    struct password password = {.may_be_asked = false};
    return parse_key(bytes, name, &password, key, error);
}

int key_read_public(const char *path, struct key *key, char error[KEY_ERROR_SIZE])
{
    return read_key(path, key, error);
}

int key_read_private(const char *path, struct key *key, char error[KEY_ERROR_SIZE])
{
    if (read_key(path, key, error) != 0)
        return -1;
    if (key->is_private)
        return 0;
    key_free(key);
    return fail(error, "%.120s holds a public key: signing needs the private one", path);
}

/* --- writing --- */

static int write_bytes(int fd, const char *data, size_t length)
{
    while (length > 0) {
        const ssize_t written = write(fd, data, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        data += written;
        length -= (size_t)written;
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

/* Never over a file that is there, and never half a file. */
static int write_new(const char *path, unsigned mode, BIO *pem, char error[KEY_ERROR_SIZE])
{
    char *data;
    const long length = BIO_get_mem_data(pem, &data);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST)
        return fail(error, "%.120s is there already and is left as it is: name another file", path);
    if (fd < 0)
        return fail(error, "%.120s: %s", path, strerror(errno));
    int result = write_bytes(fd, data, (size_t)length);
    if (close(fd) != 0 && result == 0)
        result = -errno;
    if (result == 0)
        return 0;
    unlink(path);
    return fail(error, "%.120s: %s", path, strerror(-result));
}

int key_write_private(const struct key *key, const char *path, char error[KEY_ERROR_SIZE])
{
    BIO *pem = BIO_new(BIO_s_secmem());
    int result = -1;
    if (pem && PEM_write_bio_PKCS8PrivateKey(pem, key->pkey, NULL, NULL, 0, NULL, NULL) == 1)
        result = write_new(path, 0600, pem, error);
    else
        fail(error, "%.120s: the key cannot be put into PEM", path);
    BIO_free(pem);
    return result;
}

int key_write_public(const struct key *key, const char *path, char error[KEY_ERROR_SIZE])
{
    BIO *pem = BIO_new(BIO_s_mem());
    int result = -1;
    if (pem && PEM_write_bio_PUBKEY(pem, key->pkey) == 1)
        result = write_new(path, 0644, pem, error);
    else
        fail(error, "%.120s: the key cannot be put into PEM", path);
    BIO_free(pem);
    return result;
}
