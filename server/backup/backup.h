/* Making a backup of a data folder, while a server uses it or not: the database is
 * copied as of one instant, firmware files never change. What is read here, from the
 * beginning to its end, is the archive: manifest.h. */
#ifndef SERVER_BACKUP_BACKUP_H
#define SERVER_BACKUP_BACKUP_H

#include "server/backup/manifest.h"
#include "server/store/store.h"

#include <sys/types.h>

struct backup;

struct backup_source {
    const struct store_class *store;
    const char *database; /* what the store opens */
    const char *blobs;    /* folder */
    const char *token;    /* the operator's */
    const char *scratch;  /* path for the copy of the database; gone again on return */
};

/* Copies the database, looks which files there are. Takes as long as that takes. Null
 * with a line in error. */
struct backup *backup_begin(const struct backup_source *source, char error[BACKUP_ERROR_SIZE]);

const struct backup_manifest *backup_manifest(const struct backup *backup);
uint64_t backup_size(const struct backup *backup); /* bytes of the archive */

/* The next bytes; 0 at the end of all, -1 when a file is damaged or cannot be read: then
 * what was read so far is no backup, and error says why. */
ssize_t backup_read(struct backup *backup, char *buffer, size_t size,
                    char error[BACKUP_ERROR_SIZE]);

void backup_end(struct backup *backup);

#endif
