/* A bad disk and a wrong clock, preloaded into a server: what the file named by
 * FAULTS_FILE says at that moment goes wrong.
 *   full      nothing can be written to files any more
 *   fsync     what was written cannot be made to stay
 *   readonly  no file can be opened for writing
 *   clock N   the time of day is N seconds later, or earlier
 * Sockets, and so clients, notice nothing by themselves. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define FAULT_SIZE 32

/* By plain system calls: what stands below would call itself. */
static const char *fault(char text[FAULT_SIZE])
{
    const char *path = getenv("FAULTS_FILE");
    const int saved = errno;
    long length = 0;

    const long file = path != NULL ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        length = syscall(SYS_read, file, text, FAULT_SIZE - 1);
        syscall(SYS_close, file);
    }
    text[length > 0 ? length : 0] = '\0';
    errno = saved;
    return text;
}

static bool is_now(const char *kind)
{
    char text[FAULT_SIZE];

    return strncmp(fault(text), kind, strlen(kind)) == 0;
}

static bool is_file(int descriptor)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

static bool is_full(int descriptor)
{
    if (!is_now("full") || !is_file(descriptor))
        return false;
    errno = ENOSPC;
    return true;
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    return is_full(descriptor) ? -1 : syscall(SYS_write, descriptor, data, size);
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
    return is_full(descriptor) ? -1 : syscall(SYS_pwrite64, descriptor, data, size, offset);
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t offset)
{
    return pwrite(descriptor, data, size, offset);
}

static int sync_by(long call, int descriptor)
{
    if (!is_now("fsync"))
        return (int)syscall(call, descriptor);
    errno = EIO;
    return -1;
}

int fsync(int descriptor)
{
    return sync_by(SYS_fsync, descriptor);
}

int fdatasync(int descriptor)
{
    return sync_by(SYS_fdatasync, descriptor);
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) == 0 || !is_now("readonly"))
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    errno = EROFS;
    return -1;
}

#define OPENS(name, folder, ...)                                                                   \
    int name(__VA_ARGS__, int flags, ...)                                                          \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;              \
        va_end(rest);                                                                              \
        return open_at(folder, path, flags, mode);                                                 \
    }

OPENS(open, AT_FDCWD, const char *path)
OPENS(open64, AT_FDCWD, const char *path)
OPENS(openat, at, int at, const char *path)
OPENS(openat64, at, int at, const char *path)

int clock_gettime(clockid_t clock, struct timespec *time)
{
    char text[FAULT_SIZE];
    const long result = syscall(SYS_clock_gettime, clock, time);

    if (result == 0 && clock == CLOCK_REALTIME && strncmp(fault(text), "clock ", 6) == 0)
        time->tv_sec += strtol(text + 6, NULL, 10);
    return (int)result;
}
