/* Gzip files, small, and with room for a record in their header (RFC 1952). */
#ifndef HOST_GZIP_H
#define HOST_GZIP_H

#include "host/file.h"

#include <stdbool.h>
#include <stdint.h>

/* Compresses as small as it gets, which takes seconds: one member without name
 * and time, so that the same content makes the same file. 0 with gzip->data for
 * the caller to free, or -ENOMEM. */
int gzip_smallest(const struct file_bytes *content, struct file_bytes *gzip);

/* A subfield of the header's extra field. */
struct gzip_subfield {
    char id[2];
    const uint8_t *data;
    uint16_t length; /* bytes */
};

/* Copies a member with the subfield first in its extra field; a header CRC is
 * left out. 0 with out->data for the caller to free, -EINVAL when the file is no
 * gzip member or has such a subfield already, -ENOSPC when it does not fit, -ENOMEM. */
int gzip_add_subfield(const struct file_bytes *member, const struct gzip_subfield *subfield,
                      struct file_bytes *out);

bool gzip_is(const struct file_bytes *file);

#endif
