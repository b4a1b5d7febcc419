#include "server/blobs/blobs.h"

#include "host/file.h"
#include "server/blobs/seen.h"
#include "updraft/hex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INCOMING       "incoming"
#define BLOB_NAME_SIZE (2 * UD_SHA256_SIZE + 1)
#define TEMPORARY_SIZE 64
#define PIECE_SIZE     65536u /* bytes read at once */
#define DAY_S          86400u

/* Bytes of an upload that are written at once. Linux keeps a file in memory in pieces as large as
 * the writes it came in, and 400 KB in pages of 4 KB take 6 % more CPU to send. */
#define GATHERED_SIZE (256u * 1024)

struct blobs {
    int directory; /* descriptors */
    int incoming;
    struct seen_files *seen;
};

struct blob_upload {
    struct blobs *blobs;
    int file;
    int error; /* the first negative errno */
    uint64_t size;
    bool is_committed;
    char name[TEMPORARY_SIZE]; /* in incoming */
    size_t gathered_length;
    char gathered[GATHERED_SIZE]; /* not in the file yet */
};

/* Of those that may be removed. */
struct choice {
    unsigned keep_s;                                  /* those that were written since stay */
    bool (*is_unwanted)(void *ctx, const char *name); /* null: all are */
    void *ctx;
};

static bool is_to_go(int directory, const char *name, const struct choice *choice)
{
    struct stat status;

    if (name[0] == '.' || (choice->is_unwanted != NULL && !choice->is_unwanted(choice->ctx, name)))
        return false;
    return choice->keep_s == 0 || (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                                   time(NULL) - status.st_mtime >= (time_t)choice->keep_s);
}

/* Returns how many, or a negative errno. */
static int remove_files(int directory, const struct choice *choice)
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
    while ((entry = readdir(entries)) != NULL)
        if (is_to_go(directory, entry->d_name, choice))
            removed += unlinkat(directory, entry->d_name, 0) == 0;
    closedir(entries);
    return removed;
}

static int open_directories(struct blobs *blobs, const char *directory, unsigned keep_s)
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
    const int removed = remove_files(blobs->incoming, &(struct choice){.keep_s = keep_s});
    return removed < 0 ? removed : 0;
}

/* What was received for longer than keep_s is left over. */
static int open_folder(const char *directory, unsigned keep_s, struct blobs **out)
{
    struct blobs *blobs = malloc(sizeof *blobs);
    int error;

    if (blobs == NULL)
        return -ENOMEM;
    *blobs = (struct blobs){-1, -1, seen_files_new()};
    error = blobs->seen != NULL ? file_make_directories(directory, 0755) : -ENOMEM;
    if (error == 0)
        error = open_directories(blobs, directory, keep_s);
    if (error != 0) {
        blobs_close(blobs);
        return error;
    }
    *out = blobs;
    return 0;
}

int blobs_open(const char *directory, struct blobs **blobs)
{
    return open_folder(directory, 0, blobs);
}

int blobs_open_shared(const char *directory, struct blobs **blobs)
{
    return open_folder(directory, DAY_S, blobs);
}

void blobs_close(struct blobs *blobs)
{
    if (blobs->incoming >= 0)
        close(blobs->incoming);
    if (blobs->directory >= 0)
        close(blobs->directory);
    seen_files_free(blobs->seen);
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
    struct blob_upload *upload = malloc(sizeof *upload);

    if (upload == NULL)
        return -ENOMEM;
    upload->blobs = blobs;
    upload->error = 0;
    upload->size = 0;
    upload->is_committed = false;
    upload->gathered_length = 0;
    const int error = create_temporary(upload);
    if (error != 0) {
        free(upload);
        return error;
    }
    *out = upload;
    return 0;
}

int blob_upload_finish(struct blob_upload *upload)
{
    const char *left = upload->gathered;

    while (upload->gathered_length > 0 && upload->error == 0) {
        const ssize_t written = write(upload->file, left, upload->gathered_length);
        if (written < 0 && errno != EINTR)
            upload->error = -errno;
        if (written <= 0)
            continue;
        left += written;
        upload->gathered_length -= (size_t)written;
    }
    return upload->error;
}

int blob_upload_write(struct blob_upload *upload, const void *data, size_t length)
{
    const char *left = data;

    while (length > 0 && upload->error == 0) {
        const size_t room = GATHERED_SIZE - upload->gathered_length;
        const size_t taken = length < room ? length : room;
        memcpy(upload->gathered + upload->gathered_length, left, taken);
        upload->gathered_length += taken;
        upload->size += taken;
        left += taken;
        length -= taken;
        if (taken == room)
            blob_upload_finish(upload);
    }
    return upload->error;
}

int blob_upload_copy(struct blob_upload *upload, int file)
{
    char piece[PIECE_SIZE];
    off_t offset = 0;
    ssize_t length;

    while (upload->error == 0 && (length = pread(file, piece, sizeof piece, offset)) != 0) {
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            upload->error = -errno;
        else
            blob_upload_write(upload, piece, (size_t)length);
        offset += length;
    }
    return blob_upload_finish(upload);
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

    if (blob_upload_finish(upload) != 0)
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

static int open_file(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size,
                     struct stat *status)
{
    char name[BLOB_NAME_SIZE];

    ud_hex_encode(sha256, UD_SHA256_SIZE, name);
    const int file = openat(blobs->directory, name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -errno;
    if (fstat(file, status) == 0 && S_ISREG(status->st_mode) && (uint64_t)status->st_size == size)
        return file;
    close(file);
    return BLOB_DAMAGED;
}

int blob_find(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size)
{
    struct stat status;

    return open_file(blobs, sha256, size, &status);
}

static int add_file(EVP_MD_CTX *context, int file)
{
    char piece[PIECE_SIZE];
    off_t offset = 0;
    ssize_t length;

    while ((length = pread(file, piece, sizeof piece, offset)) != 0) {
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return -errno;
        if (EVP_DigestUpdate(context, piece, (size_t)length) != 1)
            return -ENOMEM;
        offset += length;
    }
    return 0;
}

int blob_digest(int file, uint8_t sha256[UD_SHA256_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int error = -ENOMEM;

    if (context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1)
        error = add_file(context, file);
    if (error == 0 && EVP_DigestFinal_ex(context, sha256, NULL) != 1)
        error = -ENOMEM;
    EVP_MD_CTX_free(context);
    return error;
}

/* status: the file's before it is read. */
static int compare(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE], int file,
                   const struct stat *status)
{
    uint8_t found[UD_SHA256_SIZE];
    const int error = blob_digest(file, found);

    if (error != 0)
        return error;
    if (memcmp(found, sha256, UD_SHA256_SIZE) != 0)
        return BLOB_DAMAGED;
    seen_files_add(blobs->seen, sha256, status);
    return 0;
}

int blob_open(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size)
{
    struct stat status;

    const int file = open_file(blobs, sha256, size, &status);
    if (file < 0 || seen_files_has(blobs->seen, sha256, &status))
        return file;
    const int error = compare(blobs, sha256, file, &status);
    if (error == 0)
        return file;
    close(file);
    return error;
}

int blob_check(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size)
{
    struct stat status;

    const int file = open_file(blobs, sha256, size, &status);
    if (file < 0)
        return file;
    const int error = compare(blobs, sha256, file, &status);
    close(file);
    return error;
}

bool blob_is_lost(int error)
{
    return error != -EMFILE && error != -ENFILE && error != -ENOMEM;
}

int blob_set_aside(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE])
{
    char name[BLOB_NAME_SIZE], aside[BLOB_NAME_SIZE + sizeof ".damaged"];

    ud_hex_encode(sha256, UD_SHA256_SIZE, name);
    snprintf(aside, sizeof aside, "%s.damaged", name);
    return renameat(blobs->directory, name, blobs->directory, aside) == 0 ? 0 : -errno;
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

int blobs_sweep(const struct blobs *blobs, unsigned keep_s,
                bool (*is_wanted)(void *ctx, const uint8_t sha256[UD_SHA256_SIZE]), void *ctx)
{
    struct sweep sweep = {is_wanted, ctx};

    return remove_files(blobs->directory, &(struct choice){keep_s, is_unwanted, &sweep});
}
