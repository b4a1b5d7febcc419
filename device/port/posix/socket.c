#include "posix/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef SOCK_NONBLOCK

int ud_posix_socket(int family, int type)
{
    return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int ud_posix_accept(int listener)
{
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

#else

/* There are no programs to be started. */
static int without_blocking(int fd)
{
    if (fd < 0)
        return fd;
    const int flags = fcntl(fd, F_GETFL, 0);
    if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) >= 0)
        return fd;
    close(fd);
    return -1;
}

int ud_posix_socket(int family, int type)
{
    return without_blocking(socket(family, type, 0));
}

int ud_posix_accept(int listener)
{
    return without_blocking(accept(listener, NULL, NULL));
}

#endif
