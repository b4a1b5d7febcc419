/* What HTTP needs from sockets beyond what the library does. */
#ifndef SERVER_HTTP_SOCKET_H
#define SERVER_HTTP_SOCKET_H

#include "server/http/http.h"

/* Listens on "ADDR:PORT" and writes the address that came of it. A descriptor,
 * or -1 with a line in error. */
int socket_listen(const char *address, char actual[HTTP_ADDRESS_SIZE], char error[HTTP_ERROR_SIZE],
                  bool *is_usage);

/* Bounds what the kernel keeps of an answer; untuned it takes in whole files. is_counted:
 * somebody is told how far it has got. */
void socket_limit_send_buffer(int socket, bool is_counted);

/* From now on a segment that has room left waits for more, 200 ms at most, or for the end of the
 * connection: the head goes with the file's first bytes, and the end with its last ones. */
void socket_fill_segments(int socket);

struct socket_counters {
    uint64_t acknowledged; /* bytes sent that the other end has, since it connected */
    uint64_t received;
};

/* False when the kernel does not say. */
bool socket_count(int socket, struct socket_counters *counters);

#endif
