#include "server/blobs/blobs.h"

#include "host/file.h"
#include "updraft/hex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INCOMING       "incoming"
#define BLOB_NAME_SIZE (2 * UD_SHA256_SIZE + 1)
#define TEMPORARY_SIZE 40

struct blobs {
    int directory; /* descriptors */
    int incoming;
};

struct blob_upload {
    struct blobs *blobs;
    int file;
    int error; /* the first negative errno */
    uint64_t size;
    bool is_committed;
    char name[TEMPORARY_SIZE]; /* in incoming */
};

/* Unlinks the regular files in a directory that `choose` wants gone (null: all). */
static int remove_files(int directory, bool (*choose)(void *ctx, const char *name), void *ctx)
{
    const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;
    int removed = 0;

    if (entries == NULL) {
        const int error = -errno;
        if (copy >= 0)
            close(copy);
        return error;
    }
    while ((entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] == '.' || (choose != NULL && !choose(ctx, entry->d_name)))
            continue;
        removed += unlinkat(directory, entry->d_name, 0) == 0;
    }
    closedir(entries);
    return removed;
}

static int open_directories(struct blobs *blobs, const char *directory)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

    blobs->directory = open(directory, flags);
    if (blobs->directory < 0)
        return -errno;
    if (mkdirat(blobs->directory, INCOMING, 0700) != 0 && errno != EEXIST)
        return -errno;
    blobs->incoming = openat(blobs->directory, INCOMING, flags);
    if (blobs->incoming < 0)
        return -errno;
    const int removed = remove_files(blobs->incoming, NULL, NULL);
    return removed < 0 ? removed : 0;
}

int blobs_open(const char *directory, struct blobs **out)
{
    struct blobs *blobs = malloc(sizeof *blobs);
    int error;

    if (blobs == NULL)
        return -ENOMEM;
    *blobs = (struct blobs){-1, -1};
    error = file_make_directories(directory, 0755);
    if (error == 0)
        error = open_directories(blobs, directory);
    if (error != 0) {
        blobs_close(blobs);
        return error;
    }
    *out = blobs;
    return 0;
}

void blobs_close(struct blobs *blobs)
{
    if (blobs->incoming >= 0)
        close(blobs->incoming);
    if (blobs->directory >= 0)
        close(blobs->directory);
    free(blobs);
}

/* Creates a file under a name nobody else has. */
static int create_temporary(struct blob_upload *upload)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;

    for (unsigned number = 0; number < UINT_MAX; number++) {
        snprintf(upload->name, sizeof upload->name, "upload-%u", number);
        upload->file = openat(upload->blobs->incoming, upload->name, flags, 0644);
        if (upload->file >= 0 || errno != EEXIST)
            break;
    }
    return upload->file >= 0 ? 0 : -errno;
}

int blob_upload_begin(struct blobs *blobs, struct blob_upload **out)
{
    struct blob_upload *upload = calloc(1, sizeof *upload);

    if (upload == NULL)
        return -ENOMEM;
    upload->blobs = blobs;
    const int error = create_temporary(upload);
    if (error != 0) {
        free(upload);
        return error;
    }
    *out = upload;
    return 0;
}

int blob_upload_write(struct blob_upload *upload, const void *data, size_t length)
{
    const char *left = data;

    while (length > 0 && upload->error == 0) {
        const ssize_t written = write(upload->file, left, length);
        if (written < 0 && errno != EINTR)
            upload->error = -errno;
        if (written <= 0)
            continue;
        left += written;
        length -= (size_t)written;
        upload->size += (uint64_t)written;
    }
    return upload->error;
}

int blob_upload_file(const struct blob_upload *upload)
{
    return upload->file;
}

uint64_t blob_upload_size(const struct blob_upload *upload)
{
    return upload->size;
}

int blob_upload_commit(struct blob_upload *upload, const uint8_t sha256[UD_SHA256_SIZE])
{
    const struct blobs *blobs = upload->blobs;
    char name[BLOB_NAME_SIZE];

    if (upload->error != 0)
        return upload->error;
    ud_hex_encode(sha256, UD_SHA256_SIZE, name);
    if (fsync(upload->file) != 0 ||
        renameat(blobs->incoming, upload->name, blobs->directory, name) != 0)
        return -errno;
    upload->is_committed = true;
    return fsync(blobs->directory) == 0 ? 0 : -errno;
}

void blob_upload_end(struct blob_upload *upload)
{
    if (!upload->is_committed)
        unlinkat(upload->blobs->incoming, upload->name, 0);
    close(upload->file);
    free(upload);
}

int blob_open(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size)
{
    char name[BLOB_NAME_SIZE];
    struct stat status;

    ud_hex_encode(sha256, UD_SHA256_SIZE, name);
    const int file = openat(blobs->directory, name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -errno;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size == size)
        return file;
    close(file);
    return -EIO;
}

struct sweep {
    bool (*is_wanted)(void *ctx, const uint8_t sha256[UD_SHA256_SIZE]);
    void *ctx;
};

static bool is_unwanted(void *ctx, const char *name)
{
    const struct sweep *sweep = ctx;
    uint8_t sha256[UD_SHA256_SIZE];

    if (strlen(name) != BLOB_NAME_SIZE - 1 || ud_hex_decode(name, sha256, UD_SHA256_SIZE) != UD_OK)
        return false;
    return !sweep->is_wanted(sweep->ctx, sha256);
}

int blobs_sweep(const struct blobs *blobs,
                bool (*is_wanted)(void *ctx, const uint8_t sha256[UD_SHA256_SIZE]), void *ctx)
{
    struct sweep sweep = {is_wanted, ctx};

    return remove_files(blobs->directory, is_unwanted, &sweep);
}
