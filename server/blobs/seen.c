#include "server/blobs/seen.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Each digest has one place; of two that have the same, the last is kept, and the other
 * read again. */
#define PLACES 4096u

struct seen_file {
    uint8_t sha256[UD_SHA256_SIZE];
    dev_t device;
    ino_t number;
    off_t size; /* bytes */
    struct timespec written, changed;
};

struct seen_files {
    pthread_mutex_t lock;
    struct seen_file places[PLACES];
};

struct seen_files *seen_files_new(void)
{
    struct seen_files *files = calloc(1, sizeof *files);

    if (files != NULL)
        pthread_mutex_init(&files->lock, NULL);
    return files;
}

void seen_files_free(struct seen_files *files)
{
    if (files == NULL)
        return;
    pthread_mutex_destroy(&files->lock);
    free(files);
}

static struct seen_file *place_of(struct seen_files *files, const uint8_t sha256[UD_SHA256_SIZE])
{
    return &files->places[((unsigned)sha256[0] << 8 | sha256[1]) % PLACES];
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool seen_files_has(struct seen_files *files, const uint8_t sha256[UD_SHA256_SIZE],
                    const struct stat *status)
{
    pthread_mutex_lock(&files->lock);
    const struct seen_file *file = place_of(files, sha256);
    const bool has = memcmp(file->sha256, sha256, UD_SHA256_SIZE) == 0 &&
                     file->device == status->st_dev && file->number == status->st_ino &&
                     file->size == status->st_size &&
                     is_same_time(file->written, status->st_mtim) &&
                     is_same_time(file->changed, status->st_ctim);
    pthread_mutex_unlock(&files->lock);
    return has;
}

void seen_files_add(struct seen_files *files, const uint8_t sha256[UD_SHA256_SIZE],
                    const struct stat *status)
{
    struct seen_file file = {
        .device = status->st_dev,
        .number = status->st_ino,
        .size = status->st_size,
        .written = status->st_mtim,
        .changed = status->st_ctim,
    };

    memcpy(file.sha256, sha256, sizeof file.sha256);
    pthread_mutex_lock(&files->lock);
    *place_of(files, sha256) = file;
    pthread_mutex_unlock(&files->lock);
}
