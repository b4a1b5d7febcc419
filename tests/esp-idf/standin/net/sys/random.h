/* As lwIP's: no flags in a socket's type. For compilers whose C library has no sockets. */
#ifndef STANDIN_NET_RANDOM_H
#define STANDIN_NET_RANDOM_H

#include <stddef.h>
#include <sys/types.h>

ssize_t getrandom(void *buffer, size_t length, unsigned int flags);

#endif
