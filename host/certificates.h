/* TLS certificates in files. */
#ifndef HOST_CERTIFICATES_H
#define HOST_CERTIFICATES_H

#include "host/file.h"
#include "host/keys.h"

#include <stddef.h>

#define CERTIFICATES_ERROR_SIZE KEY_ERROR_SIZE

/* Reads the certificates of a PEM file, as DER, at most `limit` of them. 0, or -1 with
 * a line in error; there is at least one then. The caller frees each one's data. */
int certificates_read(const char *path, struct file_bytes *ders, size_t limit, size_t *count,
                      char error[CERTIFICATES_ERROR_SIZE]);

/* For whom, and for how long. */
struct certificate_order {
    const char *const *names; /* of hosts, or their addresses; at least one */
    size_t count;
    unsigned long days; /* from now on, and a day back for clocks that are late */
};

/* Writes a new PEM file with a certificate of the private key's that it signed itself.
 * 0, or -1 with a line in error. */
int certificate_write_own(const struct key *key, const struct certificate_order *order,
                          const char *path, char error[CERTIFICATES_ERROR_SIZE]);

#endif
