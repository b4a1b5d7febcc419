/* Load: many connections at once that ask a server over and over, from one thread.
 *
 * What they ask is the caller's. An answer is over with the bytes its Content-Length
 * says, or none for 304 and 204; without one, with the connection. Latency is from
 * the start of the connection, or of the request on one that is kept, to the answer's
 * end.
 */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_REQUEST_MAX 1024u
#define LOAD_BUCKETS     256u /* eight to an octave of microseconds */

struct load_config {
    struct sockaddr_in server;
    unsigned connections; /* at once */
    bool keeps_alive;     /* else one request each */
    unsigned status;      /* of a good answer */
    uint32_t duration_ms;
    uint32_t pause_bytes_s; /* reads no faster than that on each; 0: as fast as it comes */
    void *ctx;
    /* Writes the next request, at most LOAD_REQUEST_MAX bytes; returns its length. */
    size_t (*request)(void *ctx, char *text);
};

struct load_result {
    uint64_t answers;  /* good ones */
    uint64_t refusals; /* other statuses */
    uint64_t failures; /* no connection, or no whole answer */
    uint64_t bytes;    /* received */
    uint64_t wall_ns;
    uint64_t cpu_ns; /* spent here: near wall_ns, it is this side that limits */
    unsigned open;   /* connections that had an answer under way in the end */
    uint64_t buckets[LOAD_BUCKETS];
};

/* Runs for duration_ms. 0, or a negative errno when nothing can be set up. */
int load_run(const struct load_config *config, struct load_result *result);

/* The latency in microseconds that this share of the answers (0 to 1) does not exceed. */
double load_latency(const struct load_result *result, double share);

#endif
