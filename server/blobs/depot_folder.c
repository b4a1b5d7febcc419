#include "server/blobs/depot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct depot_folder {
    struct depot base;
    struct blobs *blobs;
};

static struct blobs *blobs_of(struct depot *depot)
{
    return ((struct depot_folder *)depot)->blobs;
}

/* `code`: a negative errno, or 0 and more for success. */
static int result_of(int code, char error[DEPOT_ERROR_SIZE])
{
    if (code >= 0)
        return code;
    snprintf(error, DEPOT_ERROR_SIZE, "%s",
             code == BLOB_DAMAGED ? "its file has another size" : strerror(-code));
    return -1;
}

/* One that is damaged is as good as none: it is to be put anew. */
static int has(struct depot *depot, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size,
               char error[DEPOT_ERROR_SIZE])
{
    const int file = blob_find(blobs_of(depot), sha256, size);

    if (file >= 0)
        close(file);
    return file == -ENOENT || file == BLOB_DAMAGED ? 0 : result_of(file < 0 ? file : 1, error);
}

static int put(struct depot *depot, const uint8_t sha256[UD_SHA256_SIZE], int file, uint64_t size,
               char error[DEPOT_ERROR_SIZE])
{
    struct blob_upload *upload;
    int code = blob_upload_begin(blobs_of(depot), &upload);

    if (code != 0)
        return result_of(code, error);
    code = blob_upload_copy(upload, file);
    if (code == 0)
        code = blob_upload_size(upload) == size ? blob_upload_commit(upload, sha256) : BLOB_DAMAGED;
    blob_upload_end(upload);
    return result_of(code, error);
}

static int get(struct depot *depot, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size,
               struct blob_upload *into, char error[DEPOT_ERROR_SIZE])
{
    const int file = blob_find(blobs_of(depot), sha256, size);

    if (file < 0)
        return result_of(file, error);
    const int code = blob_upload_copy(into, file);
    close(file);
    return result_of(code, error);
}

static int sweep(struct depot *depot,
                 bool (*is_wanted)(void *ctx, const uint8_t sha256[UD_SHA256_SIZE]), void *ctx,
                 char error[DEPOT_ERROR_SIZE])
{
    return result_of(blobs_sweep(blobs_of(depot), DEPOT_KEEP_MS / 1000, is_wanted, ctx), error);
}

static void close_folder(struct depot *depot)
{
    blobs_close(blobs_of(depot));
    free(depot);
}

static const struct depot_class folder = {
    "the shared folder", has, put, get, sweep, close_folder,
};

struct depot *depot_folder_open(const char *path, char error[DEPOT_ERROR_SIZE])
{
    struct depot_folder *depot = malloc(sizeof *depot);
    const int code = depot != NULL ? blobs_open_shared(path, &depot->blobs) : -ENOMEM;

    if (code != 0) {
        snprintf(error, DEPOT_ERROR_SIZE, "%s", strerror(-code));
        free(depot);
        return NULL;
    }
    depot->base.class = &folder;
    return &depot->base;
}
