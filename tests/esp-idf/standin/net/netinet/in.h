/* As lwIP's: no flags in a socket's type. For compilers whose C library has no sockets. */
#ifndef STANDIN_NET_IN_H
#define STANDIN_NET_IN_H

#include <sys/socket.h>

typedef uint32_t in_addr_t;
typedef uint16_t in_port_t;

struct in_addr {
    in_addr_t s_addr;
};

struct sockaddr_in {
    uint8_t sin_len;
    sa_family_t sin_family;
    in_port_t sin_port;
    struct in_addr sin_addr;
    char sin_zero[8];
};

#define IPPROTO_TCP 6
#define INADDR_ANY  ((in_addr_t)0)

#endif
