/* The headers of a tar archive (ustar, POSIX.1-1988), for regular files only. */
#ifndef SERVER_BACKUP_TAR_H
#define SERVER_BACKUP_TAR_H

#include <stdbool.h>
#include <stdint.h>

#define TAR_BLOCK     512u
#define TAR_NAME_SIZE 101 /* 100 characters and a NUL */

/* The largest file there can be: eleven octal digits. */
#define TAR_FILE_MAX ((UINT64_C(1) << 33) - 1)

struct tar_entry {
    char name[TAR_NAME_SIZE];
    uint64_t size; /* bytes; what follows is padded to whole blocks */
};

/* False when the name or the size does not fit. mode: 0600 and the like. */
bool tar_encode(const struct tar_entry *entry, unsigned mode, int64_t time_s,
                uint8_t block[TAR_BLOCK]);

enum tar_result { TAR_ENTRY, TAR_END, TAR_BAD };

/* TAR_END for a block of zeros, of which there are two at the end. */
enum tar_result tar_decode(const uint8_t block[TAR_BLOCK], struct tar_entry *entry);

/* Zeros between a file of this size and the next header. */
unsigned tar_padding(uint64_t size);

#endif
