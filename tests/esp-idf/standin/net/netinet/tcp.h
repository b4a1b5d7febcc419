/* As lwIP's: no flags in a socket's type. For compilers whose C library has no sockets. */
#ifndef STANDIN_NET_TCP_H
#define STANDIN_NET_TCP_H

#define TCP_NODELAY 0x01

#endif
