/* Files for connections that end with them, apart from the library: it would keep a pool of
 * memory for each, and hand a file to the kernel in pieces. Here a fast download is two calls,
 * and a slow one takes a socket and the memory of its state.
 */
#ifndef SERVER_HTTP_SENDER_H
#define SERVER_HTTP_SENDER_H

#include "server/http/http.h"

struct sender;

struct sender_config {
    unsigned limit;    /* of files on their way */
    unsigned stall_ms; /* one must move stall_bytes in this time */
    unsigned stall_bytes;
};

/* Starts its thread. Null on failure. */
struct sender *sender_start(const struct sender_config *config);

/* Cuts what is still on its way and ends the thread. */
void sender_stop(struct sender *sender);

/* Files on their way. */
unsigned sender_count(struct sender *sender);

struct sender_answer {
    const char *head; /* all that comes before the file */
    size_t head_length;
    uint64_t acknowledged; /* bytes the other end has of earlier answers */
    struct http_file file;
};

/* Sends what the socket takes now; the rest goes on in the thread, over a descriptor of its own:
 * the caller closes the socket in any case, but must not shut it down. The file is taken over.
 * False: there are too many already, nothing was sent, and the file is still the caller's. */
bool sender_send(struct sender *sender, int socket, const struct sender_answer *answer);

#endif
