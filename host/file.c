#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_BUFFER 65536u

/* Regular files say how long they are; pipes do not. Enough for both, plus a
 * byte to notice the end. */
static size_t first_capacity(const struct stat *status, size_t limit)
{
    size_t size = FIRST_BUFFER;
    if (S_ISREG(status->st_mode) && (uint64_t)status->st_size < limit)
        size = (size_t)status->st_size;
    return (size < limit ? size : limit) + 1;
}

static int grow(struct file_bytes *bytes, size_t *capacity, size_t limit)
{
    const size_t wanted = *capacity > limit / 2 ? limit + 1 : *capacity * 2;
    uint8_t *data = realloc(bytes->data, wanted);
    if (!data)
        return -ENOMEM;
    bytes->data = data;
    *capacity = wanted;
    return 0;
}

/* bytes->data has *capacity bytes, never more than limit + 1. */
static int read_to_end(int fd, size_t capacity, size_t limit, struct file_bytes *bytes)
{
    for (;;) {
        const ssize_t got = read(fd, bytes->data + bytes->length, capacity - bytes->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return 0;
        bytes->length += (size_t)got;
        if (bytes->length > limit)
            return -EFBIG;
        const int error = bytes->length == capacity ? grow(bytes, &capacity, limit) : 0;
        if (error)
            return error;
    }
}

static int read_open(int fd, size_t limit, struct file_bytes *bytes)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    if (S_ISREG(status.st_mode) && (uint64_t)status.st_size > limit)
        return -EFBIG;
    const size_t capacity = first_capacity(&status, limit);
    bytes->data = malloc(capacity);
    if (!bytes->data)
        return -ENOMEM;
    return read_to_end(fd, capacity, limit, bytes);
}

int file_read(const char *path, size_t limit, struct file_bytes *bytes)
{
    *bytes = (struct file_bytes){0};
    if (limit == SIZE_MAX)
        limit--;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const int error = read_open(fd, limit, bytes);
    close(fd);
    if (error) {
        free(bytes->data);
        *bytes = (struct file_bytes){0};
    }
    return error;
}

static int write_all(int fd, const uint8_t *data, size_t length)
{
    while (length) {
        const ssize_t written = write(fd, data, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        data += written;
        length -= (size_t)written;
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

/* Renaming over a device node or a pipe would replace it; that is never meant. */
static int check_replaceable(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    return S_ISREG(status.st_mode) ? 0 : -ENOTSUP;
}

/* Opens the directory a path is in; *name is the rest of the path. */
static int open_directory(const char *path, const char **name)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!slash)
        return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const size_t length = (size_t)(slash - path);
    if (length >= sizeof directory) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(directory, path, length);
    directory[length] = '\0';
    return open(length ? directory : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Hidden, named after the file it will become: a crash may leave one behind.
 * Random, so that threads and processes never meet. */
static int temporary_name(const char *name, char out[NAME_MAX + 1])
{
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return -errno;
    const int printed = snprintf(out, NAME_MAX + 1, ".%s.%016" PRIx64, name, random);
    return printed > 0 && printed <= NAME_MAX ? 0 : -ENAMETOOLONG;
}

static int create_filled(int directory, const char *name, const void *data, size_t length,
                         unsigned mode)
{
    const int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    const int error = write_all(fd, data, length);
    if (close(fd) != 0 && !error)
        return -errno;
    return error;
}

static int replace(int directory, const char *temporary, const char *name)
{
    if (renameat(directory, temporary, directory, name) != 0)
        return -errno;
    return fsync(directory) == 0 ? 0 : -errno;
}

int file_write_atomic(const char *path, const void *data, size_t length, unsigned mode)
{
    const int refused = check_replaceable(path);
    if (refused)
        return refused;
    const char *name;
    const int directory = open_directory(path, &name);
    if (directory < 0)
        return -errno;
    char temporary[NAME_MAX + 1];
    int error = temporary_name(name, temporary);
    if (!error)
        error = create_filled(directory, temporary, data, length, mode);
    if (!error)
        error = replace(directory, temporary, name);
    if (error && error != -EEXIST)
        unlinkat(directory, temporary, 0);
    close(directory);
    return error;
}

static int make_directory(const char *path, unsigned mode)
{
    struct stat status;
    if (mkdir(path, mode) == 0)
        return 0;
    const int error = errno;
    if (error != EEXIST)
        return -error;
    if (stat(path, &status) != 0)
        return -errno;
    return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

int file_make_directories(const char *path, unsigned mode)
{
    char partial[PATH_MAX];
    const size_t length = strlen(path);
    if (length == 0)
        return -ENOENT;
    if (length >= sizeof partial)
        return -ENAMETOOLONG;
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        const int error = make_directory(partial, mode);
        if (error)
            return error;
    }
    return 0;
}
