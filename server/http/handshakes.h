/* Connections in the middle of a TLS handshake. The library goes round and round at full speed
 * as long as one of its connections is (0.9.75 takes what it could not read for still to be
 * read), so they are suspended until there is something to read.
 */
#ifndef SERVER_HTTP_HANDSHAKES_H
#define SERVER_HTTP_HANDSHAKES_H

struct handshakes;
struct http_client;

/* Starts its thread. Null on failure. */
struct handshakes *handshakes_start(void);

/* Nobody may be waiting any more. */
void handshakes_stop(struct handshakes *handshakes);

/* Suspends a connection until its other end has sent something, or has gone. On the
 * connection's own thread. */
void handshakes_wait(struct handshakes *handshakes, struct http_client *client);

#endif
