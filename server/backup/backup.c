#include "server/backup/backup.h"

#include "server/model/clock.h"
#include "updraft/hex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE        0600u
#define END_BLOCKS  2u
#define COPY_BUFFER 65536u

/* What is read now: the list is file -1. Each is a header, its bytes, and padding. */
enum backup_phase { PHASE_HEADER, PHASE_CONTENT, PHASE_PADDING, PHASE_END };

struct backup {
    struct backup_manifest manifest;
    char *list; /* the manifest as JSON */
    char *token;
    int database;      /* descriptor of the copy */
    int blobs;         /* descriptor of the folder */
    int file;          /* descriptor of the blob that is read; -1 = none */
    ssize_t index;     /* of the file; -1: the list */
    uint64_t position; /* within the phase */
    enum backup_phase phase;
    uint8_t header[TAR_BLOCK];
    EVP_MD_CTX *digest; /* of the file, as it is read */
};

static bool fail(char error[BACKUP_ERROR_SIZE], const char *what, const char *why)
{
    snprintf(error, BACKUP_ERROR_SIZE, "%.120s: %.160s", what, why);
    return false;
}

/* --- beginning --- */

static bool digest_file(int file, EVP_MD_CTX *digest, struct backup_file *out)
{
    char buffer[COPY_BUFFER];
    ssize_t length;

    EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
    while ((length = pread(file, buffer, sizeof buffer, (off_t)out->size)) > 0) {
        EVP_DigestUpdate(digest, buffer, (size_t)length);
        out->size += (uint64_t)length;
    }
    EVP_DigestFinal_ex(digest, out->sha256, NULL);
    return length == 0;
}

static bool copy_database(struct backup *backup, const struct backup_source *source,
                          char error[BACKUP_ERROR_SIZE])
{
    struct backup_file file = {.name = BACKUP_DATABASE};
    char reason[STORE_ERROR_SIZE] = "";

    if (source->store->snapshot == NULL)
        return fail(error, "the database", "back it up with its own tools");
    unlink(source->scratch);
    const int result = source->store->snapshot(source->database, source->scratch, reason);
    backup->database = result == 0 ? open(source->scratch, O_RDONLY | O_CLOEXEC) : -1;
    const int reached = errno;
    unlink(source->scratch);
    if (result != 0)
        return fail(error, source->database, reason);
    if (backup->database < 0)
        return fail(error, source->scratch, strerror(reached));
    if (!digest_file(backup->database, backup->digest, &file))
        return fail(error, source->scratch, strerror(errno));
    return manifest_add(&backup->manifest, &file) || fail(error, "backup", "out of memory");
}

static bool add_token(struct backup *backup, const char *token, char error[BACKUP_ERROR_SIZE])
{
    struct backup_file file = {.name = BACKUP_TOKEN};

    if (asprintf(&backup->token, "%s\n", token) < 0) {
        backup->token = NULL;
        return fail(error, "backup", "out of memory");
    }
    file.size = strlen(backup->token);
    EVP_Digest(backup->token, file.size, file.sha256, NULL, EVP_sha256(), NULL);
    return manifest_add(&backup->manifest, &file) || fail(error, "backup", "out of memory");
}

/* Whatever has the name of a blob; of those no release has, the next server that
 * starts gets rid. */
static bool add_blob(struct backup *backup, const char *name, char error[BACKUP_ERROR_SIZE])
{
    struct backup_file file = {.size = 0};
    struct stat status;

    if (strlen(name) != 2 * UD_SHA256_SIZE ||
        ud_hex_decode(name, file.sha256, UD_SHA256_SIZE) != UD_OK ||
        fstatat(backup->blobs, name, &status, 0) != 0 || !S_ISREG(status.st_mode))
        return true;
    snprintf(file.name, sizeof file.name, BACKUP_BLOBS "%s", name);
    file.size = (uint64_t)status.st_size;
    return manifest_add(&backup->manifest, &file) || fail(error, "backup", "out of memory");
}

static bool add_blobs(struct backup *backup, const char *path, char error[BACKUP_ERROR_SIZE])
{
    const struct dirent *entry;
    bool is_done = true;

    backup->blobs = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int copy = backup->blobs >= 0 ? fcntl(backup->blobs, F_DUPFD_CLOEXEC, 0) : -1;
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    if (entries == NULL) {
        if (copy >= 0)
            close(copy);
        return fail(error, path, strerror(errno));
    }
    while (is_done && (entry = readdir(entries)) != NULL)
        is_done = add_blob(backup, entry->d_name, error);
    closedir(entries);
    return is_done;
}

static bool begin(struct backup *backup, const struct backup_source *source,
                  char error[BACKUP_ERROR_SIZE])
{
    backup->digest = EVP_MD_CTX_new();
    if (backup->digest == NULL)
        return fail(error, "backup", "out of memory");
    /* The database first: the files of all of its releases are there then. */
    if (!copy_database(backup, source, error) || !add_token(backup, source->token, error) ||
        !add_blobs(backup, source->blobs, error))
        return false;
    backup->list = manifest_encode(&backup->manifest);
    return backup->list != NULL || fail(error, "backup", "out of memory");
}

struct backup *backup_begin(const struct backup_source *source, char error[BACKUP_ERROR_SIZE])
{
    struct backup *backup = calloc(1, sizeof *backup);

    if (backup == NULL) {
        fail(error, "backup", "out of memory");
        return NULL;
    }
    backup->database = backup->blobs = backup->file = -1;
    backup->index = -1;
    backup->manifest.made_ms = clock_now_ms();
    if (begin(backup, source, error))
        return backup;
    backup_end(backup);
    return NULL;
}

static void close_file(int *file)
{
    if (*file >= 0)
        close(*file);
    *file = -1;
}

void backup_end(struct backup *backup)
{
    close_file(&backup->database);
    close_file(&backup->blobs);
    close_file(&backup->file);
    EVP_MD_CTX_free(backup->digest);
    manifest_free(&backup->manifest);
    free(backup->list);
    free(backup->token);
    free(backup);
}

const struct backup_manifest *backup_manifest(const struct backup *backup)
{
    return &backup->manifest;
}

static uint64_t entry_size(uint64_t size)
{
    return TAR_BLOCK + size + tar_padding(size);
}

uint64_t backup_size(const struct backup *backup)
{
    uint64_t size = entry_size(strlen(backup->list)) + END_BLOCKS * TAR_BLOCK;

    for (size_t i = 0; i < backup->manifest.count; i++)
        size += entry_size(backup->manifest.files[i].size);
    return size;
}

/* --- reading: one function a phase, each returns bytes, 0 when it is through --- */

static struct tar_entry current(const struct backup *backup)
{
    struct tar_entry entry = {.name = BACKUP_LIST};

    if (backup->index >= 0) {
        const struct backup_file *file = &backup->manifest.files[backup->index];
        memcpy(entry.name, file->name, sizeof entry.name);
        entry.size = file->size;
    } else {
        entry.size = strlen(backup->list);
    }
    return entry;
}

static ssize_t read_memory(struct backup *backup, const void *from, uint64_t length, char *buffer,
                           size_t size)
{
    const uint64_t left = length - backup->position;
    const size_t piece = left < size ? (size_t)left : size;

    memcpy(buffer, (const char *)from + backup->position, piece);
    return (ssize_t)piece;
}

static ssize_t read_header(struct backup *backup, char *buffer, size_t size,
                           char error[BACKUP_ERROR_SIZE])
{
    const struct tar_entry entry = current(backup);

    if (backup->position == 0 &&
        !tar_encode(&entry, MODE, backup->manifest.made_ms / 1000, backup->header)) {
        fail(error, entry.name, "too large for an archive");
        return -1;
    }
    return read_memory(backup, backup->header, TAR_BLOCK, buffer, size);
}

static ssize_t read_descriptor(struct backup *backup, const struct tar_entry *entry, int file,
                               char *buffer, size_t size, char error[BACKUP_ERROR_SIZE])
{
    const uint64_t left = entry->size - backup->position;

    if (file < 0) {
        fail(error, entry->name,
             errno == ENOENT ? "removed meanwhile: make the backup again" : strerror(errno));
        return -1;
    }
    if (left == 0)
        return 0;
    const ssize_t length =
        pread(file, buffer, left < size ? (size_t)left : size, (off_t)backup->position);
    if (length > 0)
        return length;
    fail(error, entry->name,
         length < 0 ? strerror(errno) : "shorter than it was: make the backup again");
    return -1;
}

/* Negative, and errno set, when it cannot be opened. */
static int open_content(struct backup *backup, const struct tar_entry *entry)
{
    if (strcmp(entry->name, BACKUP_DATABASE) == 0)
        return backup->database;
    if (backup->file < 0)
        backup->file =
            openat(backup->blobs, entry->name + strlen(BACKUP_BLOBS), O_RDONLY | O_CLOEXEC);
    return backup->file;
}

static bool is_as_listed(struct backup *backup, char error[BACKUP_ERROR_SIZE])
{
    uint8_t sha256[UD_SHA256_SIZE];

    EVP_DigestFinal_ex(backup->digest, sha256, NULL);
    if (backup->index < 0 ||
        memcmp(sha256, backup->manifest.files[backup->index].sha256, sizeof sha256) == 0)
        return true;
    return fail(error, backup->manifest.files[backup->index].name,
                "damaged on the disk: remove the file and publish its release again");
}

static ssize_t read_content(struct backup *backup, char *buffer, size_t size,
                            char error[BACKUP_ERROR_SIZE])
{
    const struct tar_entry entry = current(backup);
    ssize_t length;

    if (backup->position == 0)
        EVP_DigestInit_ex(backup->digest, EVP_sha256(), NULL);
    if (backup->index < 0)
        length = read_memory(backup, backup->list, entry.size, buffer, size);
    else if (strcmp(entry.name, BACKUP_TOKEN) == 0)
        length = read_memory(backup, backup->token, entry.size, buffer, size);
    else
        length = read_descriptor(backup, &entry, open_content(backup, &entry), buffer, size, error);
    if (length > 0)
        EVP_DigestUpdate(backup->digest, buffer, (size_t)length);
    else if (length == 0 && !is_as_listed(backup, error))
        length = -1;
    return length;
}

static ssize_t read_zeros(struct backup *backup, uint64_t total, char *buffer, size_t size)
{
    const uint64_t left = total - backup->position;
    const size_t piece = left < size ? (size_t)left : size;

    memset(buffer, 0, piece);
    return (ssize_t)piece;
}

static ssize_t read_phase(struct backup *backup, char *buffer, size_t size,
                          char error[BACKUP_ERROR_SIZE])
{
    switch (backup->phase) {
    case PHASE_HEADER:
        return read_header(backup, buffer, size, error);
    case PHASE_CONTENT:
        return read_content(backup, buffer, size, error);
    case PHASE_PADDING:
        return read_zeros(backup, tar_padding(current(backup).size), buffer, size);
    case PHASE_END:
    default:
        return read_zeros(backup, END_BLOCKS * TAR_BLOCK, buffer, size);
    }
}

static void next_phase(struct backup *backup)
{
    backup->position = 0;
    if (backup->phase != PHASE_PADDING) {
        backup->phase++;
        return;
    }
    close_file(&backup->file);
    backup->index++;
    backup->phase = (size_t)backup->index < backup->manifest.count ? PHASE_HEADER : PHASE_END;
}

ssize_t backup_read(struct backup *backup, char *buffer, size_t size, char error[BACKUP_ERROR_SIZE])
{
    for (;;) {
        const ssize_t length = read_phase(backup, buffer, size, error);
        if (length != 0) {
            backup->position += length > 0 ? (uint64_t)length : 0;
            return length;
        }
        if (backup->phase == PHASE_END)
            return 0;
        next_phase(backup);
    }
}
