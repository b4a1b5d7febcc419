/* As lwIP's: no flags in a socket's type. For compilers whose C library has no sockets. */
#ifndef STANDIN_NET_NETDB_H
#define STANDIN_NET_NETDB_H

#include <sys/socket.h>

struct addrinfo {
    int ai_flags;
    int ai_family;
    int ai_socktype;
    int ai_protocol;
    socklen_t ai_addrlen;
    struct sockaddr *ai_addr;
    char *ai_canonname;
    struct addrinfo *ai_next;
};

#define AI_NUMERICSERV 0x08

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result);
void freeaddrinfo(struct addrinfo *result);

#endif
