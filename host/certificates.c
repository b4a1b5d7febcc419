#include "host/certificates.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_LIMIT    (256u * 1024)
#define SERIAL_BYTES  16
#define DAY_S         (24l * 60 * 60)
#define NAME_MAX_CHAR 64 /* of a common name */

static int fail(char error[CERTIFICATES_ERROR_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fail(char error[CERTIFICATES_ERROR_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, CERTIFICATES_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return -1;
}

/* ---- Reading ---- */

/* False at the end, or where nothing that can be used follows. */
static bool read_next(BIO *bio, struct file_bytes *der)
{
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    unsigned char *bytes = NULL;

    if (certificate == NULL)
        return false;
    const int length = i2d_X509(certificate, &bytes);
    X509_free(certificate);
    der->data = length > 0 ? malloc((size_t)length) : NULL;
    if (der->data != NULL) {
        memcpy(der->data, bytes, (size_t)length);
        der->length = (size_t)length;
    }
    OPENSSL_free(bytes);
    return der->data != NULL;
}

int certificates_read(const char *path, struct file_bytes *ders, size_t limit, size_t *count,
                      char error[CERTIFICATES_ERROR_SIZE])
{
    struct file_bytes file;
    const int result = file_read(path, FILE_LIMIT, &file);

    *count = 0;
    if (result != 0)
        return fail(error, "%s: %s", path, strerror(-result));
    BIO *bio = BIO_new_mem_buf(file.data, (int)file.length);
    while (bio != NULL && *count < limit && read_next(bio, &ders[*count]))
        ++*count;
    BIO_free(bio);
    free(file.data);
    ERR_clear_error(); /* the end of the file is one */
    return *count > 0 ? 0 : fail(error, "%s holds no PEM certificate", path);
}

/* ---- Making ---- */

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    const bool is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

/* BearSSL compares an address as if it were a name, others as what it is. */
static bool is_address(const char *name)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static bool add_names(X509 *certificate, const struct certificate_order *order)
{
    char *value = NULL;
    size_t size = 0;
    FILE *text = open_memstream(&value, &size);

    if (text == NULL)
        return false;
    for (size_t i = 0; i < order->count; i++) {
        const char *name = order->names[i];
        fprintf(text, "%sDNS:%s", i > 0 ? "," : "", name);
        if (is_address(name))
            fprintf(text, ",IP:%s", name);
    }
    const bool is_added =
        fclose(text) == 0 && add_extension(certificate, NID_subject_alt_name, value);
    free(value);
    return is_added;
}

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    bool is_set = false;

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] &= 0x7f; /* positive */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    if (number != NULL)
        is_set = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return is_set;
}

static bool fill_in(X509 *certificate, const struct key *key, const struct certificate_order *order)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    const unsigned char *name = (const unsigned char *)order->names[0];

    return X509_set_version(certificate, 2) == 1 && set_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), (long)order->days * DAY_S) != NULL &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 &&
           X509_set_pubkey(certificate, key->pkey) == 1 && add_names(certificate, order) &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           X509_sign(certificate, key->pkey, EVP_sha256()) > 0;
}

static int write_new(X509 *certificate, const char *path, char error[CERTIFICATES_ERROR_SIZE])
{
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (descriptor < 0)
        return fail(error, "%s: %s", path, strerror(errno));
    FILE *file = fdopen(descriptor, "w");
    if (file == NULL) {
        close(descriptor);
        return fail(error, "%s: %s", path, strerror(errno));
    }
    const bool is_written = PEM_write_X509(file, certificate) == 1;
    if (fclose(file) == 0 && is_written)
        return 0;
    unlink(path);
    return fail(error, "%s could not be written", path);
}

int certificate_write_own(const struct key *key, const struct certificate_order *order,
                          const char *path, char error[CERTIFICATES_ERROR_SIZE])
{
    for (size_t i = 0; i < order->count; i++)
        if (order->names[i][0] == '\0' || strpbrk(order->names[i], ", \t:@/") != NULL ||
            strlen(order->names[i]) > NAME_MAX_CHAR)
            return fail(error, "%s is no host's name or IPv4 address", order->names[i]);
    X509 *certificate = X509_new();
    const int result = certificate != NULL && fill_in(certificate, key, order)
                           ? write_new(certificate, path, error)
                           : fail(error, "no certificate could be made of these names");
    X509_free(certificate);
    ERR_clear_error();
    return result;
}
