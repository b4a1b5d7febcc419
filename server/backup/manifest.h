/* What is in a backup. A backup is a tar archive of this list, as JSON, and then of the
 * files it names, in its order:
 *
 *   updraft-backup.json    the list
 *   updraft.db             the database as of one instant
 *   operator.token
 *   blobs/<SHA-256>        the firmware files there were then
 */
#ifndef SERVER_BACKUP_MANIFEST_H
#define SERVER_BACKUP_MANIFEST_H

#include "server/backup/tar.h"
#include "updraft/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKUP_ERROR_SIZE 320

#define BACKUP_LIST     "updraft-backup.json"
#define BACKUP_DATABASE "updraft.db"
#define BACKUP_TOKEN    "operator.token"
#define BACKUP_BLOBS    "blobs/"

struct backup_file {
    char name[TAR_NAME_SIZE];
    uint64_t size; /* bytes */
    uint8_t sha256[UD_SHA256_SIZE];
};

/* All zero is an empty one. */
struct backup_manifest {
    int64_t made_ms; /* UTC, since 1970 */
    struct backup_file *files;
    size_t count;
};

/* The bytes of all files. */
uint64_t manifest_size(const struct backup_manifest *manifest);

/* False when memory is out. */
bool manifest_add(struct backup_manifest *manifest, const struct backup_file *file);
void manifest_free(struct backup_manifest *manifest);

/* JSON; free() it. Null when memory is out. */
char *manifest_encode(const struct backup_manifest *manifest);

/* False with a line in error; the manifest is to be freed all the same. Names that are
 * none of the above are refused: nothing can be written elsewhere. */
bool manifest_decode(const char *text, size_t length, struct backup_manifest *manifest,
                     char error[BACKUP_ERROR_SIZE]);

#endif
