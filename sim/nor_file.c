#include "sim/nor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERASED 0xff

static int write_erased(int fd, uint32_t size)
{
    uint8_t erased[4096];

    memset(erased, ERASED, sizeof erased);
    while (size > 0) {
        const ssize_t written = write(fd, erased, size < sizeof erased ? size : sizeof erased);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        size -= (uint32_t)written;
    }
    return 0;
}

/* Opens a new file beside path. Its number sets it apart from those that others are
 * writing, in this process too, and from those left by processes that died: no
 * process id does, they come back. */
static int open_temporary(char name[PATH_MAX], const char *path)
{
    for (unsigned number = 0;; number++) {
        const int length = snprintf(name, PATH_MAX, "%s.new.%u", path, number);
        if (length < 0 || length >= PATH_MAX)
            return -ENAMETOOLONG;
        const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd >= 0 ? fd : -errno;
    }
}

/* The file appears under its name only when it is whole, so that a process that
 * dies here leaves no chip of a wrong size. Somebody else may be first: then
 * theirs is the one. */
static int create_erased(const char *path, uint32_t size)
{
    char temporary[PATH_MAX];
    const int fd = open_temporary(temporary, path);

    if (fd < 0)
        return fd;
    int error = write_erased(fd, size);
    if (close(fd) != 0 && error == 0)
        error = -errno;
    if (error == 0 && link(temporary, path) != 0 && errno != EEXIST)
        error = -errno;
    unlink(temporary);
    return error;
}

static int open_or_create(const char *path, uint32_t size)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd >= 0 || errno != ENOENT)
        return fd >= 0 ? fd : -errno;
    const int error = create_erased(path, size);
    if (error != 0)
        return error;
    fd = open(path, O_RDWR | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

static int check_and_lock(int fd, uint32_t size, bool is_scratch)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    if (!S_ISREG(status.st_mode) || status.st_size != (off_t)size)
        return -ERANGE;
    if (is_scratch || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

static int map(struct nor_file *file, int flags)
{
    void *bytes = mmap(NULL, file->size, PROT_READ | PROT_WRITE, flags, file->fd, 0);

    if (bytes == MAP_FAILED)
        return -errno;
    file->bytes = bytes;
    return 0;
}

static int map_memory(struct nor_file *file)
{
    const int error = map(file, MAP_PRIVATE | MAP_ANONYMOUS);

    if (error == 0)
        memset(file->bytes, ERASED, file->size);
    return error;
}

int nor_file_open(struct nor_file *file, const char *path, uint32_t size, bool is_scratch)
{
    *file = (struct nor_file){.size = size, .fd = -1};
    if (path == NULL)
        return map_memory(file);
    if (is_scratch)
        file->fd = open(path, O_RDONLY | O_CLOEXEC);
    else
        file->fd = open_or_create(path, size);
    if (file->fd < 0)
        return is_scratch ? -errno : file->fd;
    int error = check_and_lock(file->fd, size, is_scratch);
    if (error == 0)
        error = map(file, is_scratch ? MAP_PRIVATE : MAP_SHARED);
    if (error != 0)
        nor_file_close(file);
    return error;
}

void nor_file_close(struct nor_file *file)
{
    if (file->bytes != NULL)
        munmap(file->bytes, file->size);
    if (file->fd >= 0)
        close(file->fd);
    *file = (struct nor_file){.fd = -1};
}
