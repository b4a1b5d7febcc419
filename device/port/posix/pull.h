/* Drives a pull engine over BSD sockets.
 *
 * For a poll loop that belongs to someone else, with any number of pulls in it:
 *
 *   ud_pull_init(&pull, &config);
 *   error = ud_pull_begin(&pull, url, now_ms);
 *   ud_posix_pull_begin(&driver, &pull, NULL);
 *   while (ud_posix_pull_service(&driver, now_ms)) {
 *       wait until ud_posix_pull_fd(&driver), if it is not -1, is ready for
 *       ud_posix_pull_events(&driver), or until ud_pull_deadline(&pull)
 *   }
 *   ud_posix_pull_end(&driver);
 *   look at ud_pull_result(&pull)
 *
 * or all of that at once, blocking: ud_posix_pull_run().
 *
 * Nothing here blocks but the look-up of a host name; an address in the URL
 * needs none. For https give a TLS, and set ud_pull_config.can_tls.
 */
#ifndef UPDRAFT_POSIX_PULL_H
#define UPDRAFT_POSIX_PULL_H

#include "updraft/pull.h"
#include "updraft/tls.h"

#include <stdbool.h>
#include <stdint.h>

struct addrinfo;

struct ud_posix_pull_config {
    void *ctx;
    /* Closes what else the application has open towards the network; null when
     * there is nothing. Called once, when the image starts to arrive. */
    void (*close_others)(void *ctx);
    const struct ud_tls *tls; /* for https, one connection at a time; null: there is none */
};

struct ud_posix_pull {
    struct ud_posix_pull_config config;
    struct ud_pull *pull;       /* the caller's; must outlive the driver */
    struct addrinfo *addresses; /* of the host, while connecting */
    struct addrinfo *candidate; /* the next one to try */
    int fd;                     /* -1: no connection */
    bool is_connecting;
    bool is_secure; /* TLS has begun on the connection */
    uint32_t connections;
};

/* Takes a pull that has begun. config may be null. Opens nothing yet: the first
 * service does. */
void ud_posix_pull_begin(struct ud_posix_pull *driver, struct ud_pull *pull,
                         const struct ud_posix_pull_config *config);

/* Does all that can be done without waiting, then tells the engine the time.
 * Takes at most 16 KiB of the answer at a time, to be fair to others in the
 * loop. False once the pull has finished. */
bool ud_posix_pull_service(struct ud_posix_pull *driver, uint32_t now_ms);

/* The socket to wait for, and what for (POLLIN, POLLOUT). Both may be others
 * after each service. */
int ud_posix_pull_fd(const struct ud_posix_pull *driver);
short ud_posix_pull_events(const struct ud_posix_pull *driver);

/* Counts the sockets opened: a new connection can have the number of the one
 * before, and epoll has then forgotten it. */
uint32_t ud_posix_pull_connections(const struct ud_posix_pull *driver);

/* Aborts the pull if it still runs, and closes the connection. */
void ud_posix_pull_end(struct ud_posix_pull *driver);

/* Milliseconds of the monotonic clock, wrapping at 2^32. */
uint32_t ud_posix_clock_ms(void);

/* Pulls `url` and returns when it is over; as ud_pull_begin() and the loop
 * above. The engine holds result and error, those of a bad URL too. */
enum ud_pull_result ud_posix_pull_run(struct ud_pull *pull, const char *url,
                                      const struct ud_posix_pull_config *config);

#endif
