/* Whole files: read into memory, written so that readers see all or nothing. */
#ifndef HOST_FILE_H
#define HOST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_bytes {
    uint8_t *data; /* malloc'd; free() it */
    size_t length;
};

/* Reads at most `limit` bytes. Returns 0, or a negative errno; -EFBIG beyond
 * limit, -EISDIR for a directory. */
int file_read(const char *path, size_t limit, struct file_bytes *bytes);

/* Writes through a temporary file in the same directory, fsyncs file and
 * directory, renames into place. 0 or a negative errno; on error path is as it was. */
int file_write_atomic(const char *path, const void *data, size_t length, unsigned mode);

/* mkdir -p. 0 or a negative errno. */
int file_make_directories(const char *path, unsigned mode);

#endif
