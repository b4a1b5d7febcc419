/* As lwIP's: no flags in a socket's type. For compilers whose C library has no sockets. */
#ifndef STANDIN_NET_POLL_H
#define STANDIN_NET_POLL_H

typedef unsigned int nfds_t;

struct pollfd {
    int fd;
    short events;
    short revents;
};

#define POLLIN  1
#define POLLOUT 8
#define POLLERR 32
#define POLLHUP 128

int poll(struct pollfd *entries, nfds_t count, int timeout_ms);

#endif
