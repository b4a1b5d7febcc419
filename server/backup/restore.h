/* Making a data folder of a backup. Nothing of it is there under its name before all of
 * it was checked: an interrupted restore leaves a folder that no server starts in. */
#ifndef SERVER_BACKUP_RESTORE_H
#define SERVER_BACKUP_RESTORE_H

#include "server/backup/manifest.h"
#include "server/store/store.h"

#include <stdio.h>

/* What a restore that goes on keeps things in, within the data folder. */
#define RESTORE_FOLDER "restoring"

struct restore_result {
    int64_t made_ms; /* when the backup was made */
    size_t blobs;
    uint64_t size; /* bytes of all files */
};

/* Reads a backup to its end, verifies every file's digest, and that the store can open
 * the database. `folder` must be empty or not be there. False with a line in error; what
 * it wrote is gone again then. */
bool restore_run(FILE *in, const char *folder, const struct store_class *store,
                 struct restore_result *result, char error[BACKUP_ERROR_SIZE]);

#endif
