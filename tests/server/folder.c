#include "folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

const char *folder_make(char path[FOLDER_PATH_SIZE])
{
    const char *parent = getenv("TMPDIR");

    snprintf(path, FOLDER_PATH_SIZE, "%s/updraft-test.XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(path) == NULL)
        abort();
    return path;
}

const char *folder_join(char out[FOLDER_PATH_SIZE], const char *folder, const char *name)
{
    if (snprintf(out, FOLDER_PATH_SIZE, "%s/%s", folder, name) >= FOLDER_PATH_SIZE)
        abort();
    return out;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void folder_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
