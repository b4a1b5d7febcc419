#include "server/http/shared_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct shared_file *find(struct shared_file *list, const struct stat *status)
{
    while (list != NULL && (list->device != status->st_dev || list->inode != status->st_ino))
        list = list->next;
    return list;
}

struct shared_file *shared_file_join(struct shared_file **list, int file)
{
    struct stat status;

    if (fstat(file, &status) != 0)
        return NULL;
    struct shared_file *shared = find(*list, &status);
    if (shared != NULL) {
        close(file);
        shared->users++;
        return shared;
    }
    shared = malloc(sizeof *shared);
    if (shared == NULL)
        return NULL;
    *shared = (struct shared_file){*list, status.st_dev, status.st_ino, file, 1};
    *list = shared;
    return shared;
}

void shared_file_leave(struct shared_file **list, struct shared_file *shared)
{
    if (--shared->users > 0)
        return;
    while (*list != shared)
        list = &(*list)->next;
    *list = shared->next;
    close(shared->file);
    free(shared);
}
