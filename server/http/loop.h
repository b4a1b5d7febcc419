/* A loop: a thread that serves connections with an instance of the library of its own. All loops
 * wait for the same listener, and the kernel wakes one of them for whoever connects; the
 * library's own threads (0.9.75) are all woken for each.
 */
#ifndef SERVER_HTTP_LOOP_H
#define SERVER_HTTP_LOOP_H

#include <microhttpd.h>
#include <stdbool.h>

struct loop;

/* What a loop waits for. */
struct loop_source {
    void (*ready)(struct loop *loop, struct loop_source *source); /* on the loop's thread */
};

/* One that will accept from the listener, a socket that does not block and outlives the loop, as
 * long as there are fewer connections than the limit. Null on failure. */
struct loop *loop_new(int listener, unsigned limit);

/* Starts the thread. The library was started to be run from outside, with epoll and without a
 * listener; it is the loop's in any case. False on failure. */
bool loop_start(struct loop *loop, struct MHD_Daemon *library);

/* Ends the thread once no connection is suspended any more, and the library with all connections.
 * Null: nothing to do. */
void loop_free(struct loop *loop);

/* Lets a connection wait without the library; on the loop's thread. */
void loop_suspend(struct loop *loop, struct MHD_Connection *connection);

/* Ends that, from any thread; the connection may be gone on return. Run from outside, the library
 * (0.9.75) does not tell that it has something to do then: the loop is woken. */
void loop_resume(struct loop *loop, struct MHD_Connection *connection);

/* The source is told, once, when there is something to read from the socket or its other end has
 * gone. *is_known: the loop has waited for this socket before; set here. On the loop's thread. */
bool loop_await(struct loop *loop, int socket, struct loop_source *source, bool *is_known);

#endif
