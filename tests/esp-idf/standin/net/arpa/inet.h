/* As lwIP's: no flags in a socket's type. For compilers whose C library has no sockets. */
#ifndef STANDIN_NET_INET_H
#define STANDIN_NET_INET_H

#include <netinet/in.h>

uint16_t htons(uint16_t value);
uint16_t ntohs(uint16_t value);
uint32_t htonl(uint32_t value);
uint32_t ntohl(uint32_t value);
int inet_pton(int family, const char *text, void *address);
const char *inet_ntop(int family, const void *address, char *text, socklen_t size);

#endif
