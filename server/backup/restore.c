#include "server/backup/restore.h"

#include "host/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE  1200
#define LIST_MAX   (64u * 1024 * 1024) /* bytes of the list of files */
#define COPY_SIZE  65536u
#define CUT_OFF    "the backup ends before its end: it is only a part of one"
#define NO_BACKUP  "this is no backup of an Updraft server"
#define BLOBS_NAME "blobs"

struct restore {
    FILE *in;
    const char *folder;
    char inside[PATH_SIZE]; /* folder/restoring */
    struct backup_manifest manifest;
    EVP_MD_CTX *digest;
    char *error;
};

static bool fail(struct restore *restore, const char *what, const char *why)
{
    snprintf(restore->error, BACKUP_ERROR_SIZE, "%.140s%s%.160s", what, what[0] != '\0' ? ": " : "",
             why);
    return false;
}

static void join(char path[PATH_SIZE], const char *folder, const char *name)
{
    snprintf(path, PATH_SIZE, "%.1000s/%.150s", folder, name);
}

/* --- reading --- */

static bool read_exactly(struct restore *restore, void *data, size_t size)
{
    if (fread(data, 1, size, restore->in) == size)
        return true;
    return fail(restore, "", ferror(restore->in) ? strerror(errno) : CUT_OFF);
}

static bool read_header(struct restore *restore, const char *name, uint64_t *size)
{
    uint8_t block[TAR_BLOCK];
    struct tar_entry entry;

    if (!read_exactly(restore, block, sizeof block))
        return false;
    const enum tar_result result = tar_decode(block, &entry);
    if (result == TAR_END)
        return fail(restore, "", CUT_OFF);
    if (result != TAR_ENTRY || strcmp(entry.name, name) != 0)
        return fail(restore, strcmp(name, BACKUP_LIST) == 0 ? "" : name,
                    strcmp(name, BACKUP_LIST) == 0 ? NO_BACKUP : "not where it should be");
    *size = entry.size;
    return true;
}

static bool read_padding(struct restore *restore, uint64_t size)
{
    uint8_t zeros[TAR_BLOCK];

    return read_exactly(restore, zeros, tar_padding(size));
}

static bool read_list(struct restore *restore)
{
    uint64_t size;

    if (!read_header(restore, BACKUP_LIST, &size))
        return false;
    char *text = size <= LIST_MAX ? malloc((size_t)size + 1) : NULL;
    if (text == NULL)
        return fail(restore, "", size <= LIST_MAX ? "out of memory" : NO_BACKUP);
    const bool is_sound = read_exactly(restore, text, (size_t)size) &&
                          read_padding(restore, size) &&
                          manifest_decode(text, (size_t)size, &restore->manifest, restore->error);
    free(text);
    return is_sound;
}

static bool read_end(struct restore *restore)
{
    uint8_t block[TAR_BLOCK];
    struct tar_entry entry;

    for (int i = 0; i < 2; i++) {
        if (!read_exactly(restore, block, sizeof block))
            return false;
        if (tar_decode(block, &entry) != TAR_END)
            return fail(restore, "", "there is more in it than it lists");
    }
    return true;
}

/* --- writing --- */

static bool write_all(int file, const char *data, size_t length)
{
    while (length > 0) {
        const ssize_t written = write(file, data, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
    return true;
}

static bool copy_content(struct restore *restore, const struct backup_file *expected, int file)
{
    char buffer[COPY_SIZE];
    uint8_t sha256[UD_SHA256_SIZE];

    EVP_DigestInit_ex(restore->digest, EVP_sha256(), NULL);
    for (uint64_t left = expected->size; left > 0;) {
        const size_t piece = left < sizeof buffer ? (size_t)left : sizeof buffer;
        if (!read_exactly(restore, buffer, piece))
            return false;
        if (!write_all(file, buffer, piece))
            return fail(restore, expected->name, strerror(errno));
        EVP_DigestUpdate(restore->digest, buffer, piece);
        left -= piece;
    }
    EVP_DigestFinal_ex(restore->digest, sha256, NULL);
    if (memcmp(sha256, expected->sha256, sizeof sha256) != 0)
        return fail(restore, expected->name, "damaged: its SHA-256 is another");
    return fsync(file) == 0 || fail(restore, expected->name, strerror(errno));
}

static bool take_file(struct restore *restore, const struct backup_file *expected)
{
    char path[PATH_SIZE];
    uint64_t size;

    if (!read_header(restore, expected->name, &size))
        return false;
    if (size != expected->size)
        return fail(restore, expected->name, "not as long as the backup's list says");
    join(path, restore->inside, expected->name);
    const bool is_blob = strncmp(expected->name, BACKUP_BLOBS, strlen(BACKUP_BLOBS)) == 0;
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, is_blob ? 0644 : 0600);
    if (file < 0)
        return fail(restore, path, strerror(errno));
    const bool is_taken = copy_content(restore, expected, file) && read_padding(restore, size);
    close(file);
    return is_taken;
}

static bool check_database(struct restore *restore, const struct store_class *store)
{
    char path[PATH_SIZE], reason[STORE_ERROR_SIZE] = "";

    join(path, restore->inside, BACKUP_DATABASE);
    return store->check(path, reason) == 0 || fail(restore, "the database", reason);
}

static bool sync_folder(struct restore *restore, const char *path)
{
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_synced = folder >= 0 && fsync(folder) == 0;

    if (!is_synced)
        fail(restore, path, strerror(errno));
    if (folder >= 0)
        close(folder);
    return is_synced;
}

/* --- the folder --- */

/* Null, or why nothing may be put there. */
static const char *occupied(const char *path)
{
    DIR *entries = opendir(path);
    const struct dirent *entry;
    bool is_found = false;

    if (entries == NULL)
        return strerror(errno);
    while (!is_found && (entry = readdir(entries)) != NULL)
        is_found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(entries);
    return is_found ? "not empty: restore into another folder" : NULL;
}

static bool prepare_folder(struct restore *restore)
{
    char blobs[PATH_SIZE];

    const int made = file_make_directories(restore->folder, 0755);
    if (made != 0)
        return fail(restore, restore->folder, strerror(-made));
    join(restore->inside, restore->folder, RESTORE_FOLDER);
    if (access(restore->inside, F_OK) == 0)
        return fail(restore, restore->folder,
                    "holds what is left of a restore that was interrupted: empty it first");
    const char *reason = occupied(restore->folder);
    if (reason != NULL)
        return fail(restore, restore->folder, reason);
    join(blobs, restore->inside, BLOBS_NAME);
    if (mkdir(restore->inside, 0700) != 0 || mkdir(blobs, 0755) != 0)
        return fail(restore, restore->inside, strerror(errno));
    return true;
}

static void remove_inside(struct restore *restore)
{
    char path[PATH_SIZE];

    for (size_t i = 0; i < restore->manifest.count; i++) {
        join(path, restore->inside, restore->manifest.files[i].name);
        unlink(path);
    }
    join(path, restore->inside, BLOBS_NAME);
    rmdir(path);
    rmdir(restore->inside);
}

static bool move_out(struct restore *restore, const char *name)
{
    char from[PATH_SIZE], to[PATH_SIZE];

    join(from, restore->inside, name);
    join(to, restore->folder, name);
    if (rename(from, to) == 0 || errno == ENOENT)
        return true;
    return fail(restore, to, strerror(errno));
}

/* The database is the last to come, and only then may a server start here. */
static bool put_in_place(struct restore *restore)
{
    char blobs[PATH_SIZE];

    join(blobs, restore->inside, BLOBS_NAME);
    if (!sync_folder(restore, blobs) || !sync_folder(restore, restore->inside) ||
        !move_out(restore, BLOBS_NAME) || !move_out(restore, BACKUP_TOKEN) ||
        !move_out(restore, BACKUP_DATABASE) || !sync_folder(restore, restore->folder))
        return false;
    if (rmdir(restore->inside) != 0)
        return fail(restore, restore->inside, strerror(errno));
    return sync_folder(restore, restore->folder);
}

static bool take_files(struct restore *restore, const struct store_class *store)
{
    for (size_t i = 0; i < restore->manifest.count; i++)
        if (!take_file(restore, &restore->manifest.files[i]))
            return false;
    return read_end(restore) && check_database(restore, store);
}

static bool run(struct restore *restore, const struct store_class *store)
{
    if (!read_list(restore) || !prepare_folder(restore))
        return false;
    if (!take_files(restore, store)) {
        remove_inside(restore);
        return false;
    }
    return put_in_place(restore);
}

bool restore_run(FILE *in, const char *folder, const struct store_class *store,
                 struct restore_result *result, char error[BACKUP_ERROR_SIZE])
{
    struct restore restore = {
        .in = in, .folder = folder, .digest = EVP_MD_CTX_new(), .error = error};

    if (restore.digest == NULL || strlen(folder) > PATH_SIZE - 200)
        return fail(&restore, "",
                    restore.digest == NULL ? "out of memory" : "the folder's path is too long");
    const bool is_done = run(&restore, store);
    *result = (struct restore_result){.made_ms = restore.manifest.made_ms,
                                      .size = manifest_size(&restore.manifest)};
    for (size_t i = 0; i < restore.manifest.count; i++)
        result->blobs += restore.manifest.files[i].name[0] == BACKUP_BLOBS[0];
    EVP_MD_CTX_free(restore.digest);
    manifest_free(&restore.manifest);
    return is_done;
}
