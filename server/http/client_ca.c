#include "server/http/client_ca.h"

#include "host/file.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1u << 20)

static bool has_certificate(const struct file_bytes *file)
{
    const gnutls_datum_t pem = {file->data, (unsigned)file->length};
    gnutls_x509_crt_t *certificates = NULL;
    unsigned count = 0;

    if (gnutls_x509_crt_list_import2(&certificates, &count, &pem, GNUTLS_X509_FMT_PEM, 0) < 0)
        return false;
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(certificates[i]);
    gnutls_free(certificates);
    return count > 0;
}

char *client_ca_read(const char *path, char *error, size_t error_size)
{
    struct file_bytes file;
    const int status = file_read(path, FILE_MAX, &file);

    if (status != 0) {
        snprintf(error, error_size, "%.200s: %s", path, strerror(-status));
        return NULL;
    }
    char *text = NULL;
    if (has_certificate(&file))
        text = calloc(1, file.length + 1);
    if (text != NULL)
        memcpy(text, file.data, file.length);
    else
        snprintf(error, error_size, "%.200s: no PEM certificate", path);
    free(file.data);
    return text;
}
