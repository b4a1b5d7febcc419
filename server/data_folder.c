#include "server/data_folder.h"

#include "host/file.h"
#include "server/backup/restore.h"
#include "updraft/hex.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#define TOKEN_BYTES   32
#define TOKEN_LONGEST 4096 /* bytes of a token file somebody else wrote */

static bool join(char out[DATA_PATH_SIZE], const char *folder, const char *name)
{
    return snprintf(out, DATA_PATH_SIZE, "%s/%s", folder, name) < DATA_PATH_SIZE;
}

static int fail(char error[DATA_ERROR_SIZE], const char *path, const char *why)
{
    snprintf(error, DATA_ERROR_SIZE, "%.120s: %s", path, why);
    return -1;
}

/* The lock goes with the process, however it ends. */
static int take_lock(const char *path, struct data_folder *folder, char error[DATA_ERROR_SIZE])
{
    folder->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (folder->lock < 0)
        return fail(error, path, strerror(errno));
    if (flock(folder->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    const int reason = errno;
    close(folder->lock);
    return fail(error, path,
                reason == EWOULDBLOCK ? "another server uses this folder: stop it, or choose "
                                        "another folder with --data"
                                      : strerror(reason));
}

static int make_token(const char *path, char token[DATA_TOKEN_SIZE], char error[DATA_ERROR_SIZE])
{
    uint8_t random[TOKEN_BYTES];
    char line[DATA_TOKEN_SIZE + 1];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return fail(error, path, "no random bytes to make a token from");
    ud_hex_encode(random, sizeof random, token);
    snprintf(line, sizeof line, "%s\n", token);
    const int result = file_write_atomic(path, line, strlen(line), 0600);
    return result == 0 ? 0 : fail(error, path, strerror(-result));
}

static int read_token(const char *path, char token[DATA_TOKEN_SIZE], char error[DATA_ERROR_SIZE])
{
    struct file_bytes bytes;
    const int result = file_read(path, TOKEN_LONGEST, &bytes);

    if (result == -ENOENT)
        return make_token(path, token, error);
    if (result != 0)
        return fail(error, path, strerror(-result));
    size_t length = bytes.length;
    while (length > 0 && (bytes.data[length - 1] == '\n' || bytes.data[length - 1] == '\r'))
        length--;
    const bool is_sound = length >= 16 && length < DATA_TOKEN_SIZE;
    if (is_sound) {
        memcpy(token, bytes.data, length);
        token[length] = '\0';
    }
    free(bytes.data);
    return is_sound ? 0
                    : fail(error, path,
                           "not a token of 16 to 64 characters: delete it to get "
                           "a new one");
}

/* Where a restore did not come to its end, a server would begin anew on half of it. */
static bool is_restored_by_half(const char *path)
{
    char restoring[DATA_PATH_SIZE];

    return join(restoring, path, RESTORE_FOLDER) && access(restoring, F_OK) == 0;
}

static int set_paths(const char *path, struct data_folder *folder, char token[DATA_PATH_SIZE],
                     char error[DATA_ERROR_SIZE])
{
    if (!join(token, path, "operator.token") || !join(folder->database, path, "updraft.db") ||
        !join(folder->blobs, path, "blobs") || !join(folder->snapshot, path, "snapshot.db") ||
        !join(folder->trend, path, "trend.json"))
        return fail(error, path, "the path is too long");
    if (is_restored_by_half(path))
        return fail(error, path,
                    "a backup was being restored here: wait, or empty the folder and restore it "
                    "again");
    return 0;
}

int data_folder_peek(const char *path, struct data_folder *folder, char error[DATA_ERROR_SIZE])
{
    char token[DATA_PATH_SIZE];

    folder->lock = -1;
    if (set_paths(path, folder, token, error) != 0)
        return -1;
    if (access(folder->database, F_OK) != 0 || access(token, F_OK) != 0)
        return fail(error, path, "not the data folder of a server");
    return read_token(token, folder->token, error);
}

int data_folder_open(const char *path, struct data_folder *folder, char error[DATA_ERROR_SIZE])
{
    char lock[DATA_PATH_SIZE], token[DATA_PATH_SIZE];

    if (!join(lock, path, "lock"))
        return fail(error, path, "the path is too long");
    if (set_paths(path, folder, token, error) != 0)
        return -1;
    const int result = file_make_directories(path, 0755);
    if (result != 0)
        return fail(error, path, strerror(-result));
    if (take_lock(lock, folder, error) != 0)
        return -1;
    unlink(folder->snapshot); /* of a backup that was cut off */
    if (read_token(token, folder->token, error) == 0)
        return 0;
    close(folder->lock);
    return -1;
}

void data_folder_close(struct data_folder *folder)
{
    if (folder->lock >= 0)
        close(folder->lock);
}
