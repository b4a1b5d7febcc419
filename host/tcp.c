#include "host/tcp.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int try_address(const struct addrinfo *address, unsigned seconds)
{
    const struct timeval limit = {.tv_sec = (time_t)seconds};
    const int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(descriptor, address->ai_addr, address->ai_addrlen) == 0)
        return descriptor;
    const int error = errno == EINPROGRESS ? ETIMEDOUT : errno;
    close(descriptor);
    errno = error;
    return -1;
}

int tcp_connect(const char *host, unsigned port, unsigned seconds, const char **why)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses;
    char service[8];
    int descriptor = -1;

    snprintf(service, sizeof service, "%u", port);
    const int status = getaddrinfo(host, service, &hints, &addresses);
    if (status != 0) {
        *why = gai_strerror(status);
        return -1;
    }
    for (const struct addrinfo *address = addresses; address != NULL && descriptor < 0;
         address = address->ai_next)
        descriptor = try_address(address, seconds);
    if (descriptor < 0)
        *why = strerror(errno);
    freeaddrinfo(addresses);
    return descriptor;
}
