/* Files whose bytes were read and found to be those of their digest. Reading one costs
 * milliseconds, so it is done again only once the file is another one, or was touched.
 * Threads may share one. */
#ifndef SERVER_BLOBS_SEEN_H
#define SERVER_BLOBS_SEEN_H

#include "updraft/digest.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct seen_files;

/* Null when memory is out. */
struct seen_files *seen_files_new(void);
void seen_files_free(struct seen_files *files);

/* status: what the file is now. */
bool seen_files_has(struct seen_files *files, const uint8_t sha256[UD_SHA256_SIZE],
                    const struct stat *status);
void seen_files_add(struct seen_files *files, const uint8_t sha256[UD_SHA256_SIZE],
                    const struct stat *status);

#endif
