#include "server/http/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096

/* Bytes of an answer that the kernel takes ahead of what the other end's window has room
 * for: about 20 KB are accounted for a download that stands still, instead of 300 to 400.
 * Two segments at least, as the kernel holds back what is less than one. With the large segments
 * of loopback twelve take a third less CPU, in one call; but what was taken counts as sent, and
 * then a whole image would be on its way at once. So they are for what nobody counts. */
#define AHEAD                    (16 * 1024)
#define AHEAD_SEGMENTS           2
#define AHEAD_SEGMENTS_UNCOUNTED 12

/* Splits "ADDR:PORT" or "[ADDR]:PORT"; false when it is neither. */
static bool split_address(const char *text, char *host, size_t host_size, const char **port)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : 0;

    if (length == 0 || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    if (text[0] == '[') {
        if (text[length - 1] != ']')
            return false;
        text++;
        length -= 2;
    } else if (memchr(text, ':', length) != NULL) {
        return false;
    }
    if (length == 0 || length >= host_size)
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    *port = colon + 1;
    return strlen(*port) <= 5 && strtoul(*port, NULL, 10) <= 65535;
}

static void format_address(int socket, char actual[HTTP_ADDRESS_SIZE])
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[NI_MAXHOST], port[8];

    if (getsockname(socket, (struct sockaddr *)&address, &length) != 0 ||
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        actual[0] = '\0';
        return;
    }
    snprintf(actual, HTTP_ADDRESS_SIZE, address.ss_family == AF_INET6 ? "[%.48s]:%s" : "%.48s:%s",
             host, port);
}

static int listen_on(const struct addrinfo *address)
{
    const int one = 1;
    const int listener = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (listener < 0)
        return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(listener, BACKLOG) == 0)
        return listener;
    const int error = errno;
    close(listener);
    errno = error;
    return -1;
}

int socket_listen(const char *address, char actual[HTTP_ADDRESS_SIZE], char error[HTTP_ERROR_SIZE],
                  bool *is_usage)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    const char *port;
    char host[256];

    *is_usage = true;
    if (!split_address(address, host, sizeof host, &port)) {
        snprintf(error, HTTP_ERROR_SIZE, "%.80s is not ADDR:PORT, like 0.0.0.0:8266", address);
        return -1;
    }
    const int status = getaddrinfo(host, port, &hints, &found);
    if (status != 0) {
        snprintf(error, HTTP_ERROR_SIZE, "no address for %.80s: %s", host, gai_strerror(status));
        return -1;
    }
    *is_usage = false;
    const int listener = listen_on(found);
    freeaddrinfo(found);
    if (listener < 0)
        snprintf(error, HTTP_ERROR_SIZE, "cannot listen on %.80s: %s", address, strerror(errno));
    else
        format_address(listener, actual);
    return listener;
}

void socket_limit_send_buffer(int socket, bool is_counted)
{
    const int segments = is_counted ? AHEAD_SEGMENTS : AHEAD_SEGMENTS_UNCOUNTED;
    int segment = 0;
    socklen_t length = sizeof segment;

    if (getsockopt(socket, IPPROTO_TCP, TCP_MAXSEG, &segment, &length) != 0)
        return;
    const int size = segments * segment > AHEAD ? segments * segment : AHEAD;
    setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &size, sizeof size);
}

void socket_fill_segments(int socket)
{
    const int one = 1;

    setsockopt(socket, IPPROTO_TCP, TCP_CORK, &one, sizeof one);
}

bool socket_count(int socket, struct socket_counters *counters)
{
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t length = sizeof info;

    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
        length < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return false;
    counters->acknowledged = info.tcpi_bytes_acked;
    counters->received = info.tcpi_bytes_received;
    return true;
}
