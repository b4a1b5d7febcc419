/* A TCP connection to a host, for programs that wait. */
#ifndef HOST_TCP_H
#define HOST_TCP_H

/* A blocking socket whose reads, writes and connecting give up after so many seconds;
 * or -1 with a text in *why. */
int tcp_connect(const char *host, unsigned port, unsigned seconds, const char **why);

#endif
