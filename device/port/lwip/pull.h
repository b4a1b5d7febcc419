/* Drives a pull engine over lwIP's raw interface, in a program without threads:
 *
 *   ud_pull_init(&pull, &config);
 *   error = ud_pull_begin(&pull, url, now_ms);
 *   ud_lwip_pull_begin(&driver, &pull, NULL);
 *   while (ud_lwip_pull_service(&driver, now_ms)) {
 *       let lwIP take what has arrived and look at its timers; sleep until something
 *       arrives, or until ud_pull_deadline(&pull) at the latest
 *   }
 *   ud_lwip_pull_end(&driver);
 *   look at ud_pull_result(&pull)
 *
 * For https give it a TLS, and set ud_pull_config.can_tls.
 */
#ifndef UPDRAFT_LWIP_PULL_H
#define UPDRAFT_LWIP_PULL_H

#include "lwip/stream.h"
#include "updraft/pull.h"
#include "updraft/tls.h"

#include <stdbool.h>
#include <stdint.h>

enum ud_lwip_name {
    UD_LWIP_NAME_NONE,
    UD_LWIP_NAME_ASKED,
    UD_LWIP_NAME_FOUND,
    UD_LWIP_NAME_UNKNOWN
};

/* State; private, public only for its size. */
struct ud_lwip_pull {
    struct ud_pull *pull; /* the caller's; must outlive the driver */
    struct ud_lwip_stream stream;
    struct ud_tls tls;      /* for https; without methods: there is none */
    bool is_secure;         /* TLS has begun on the connection */
    enum ud_lwip_name name; /* the host's: what is known of it */
    ip_addr_t address;      /* when it was FOUND */
};

/* Takes a pull that has begun. The driver must stay where it is for ever once it has
 * looked up a name: lwIP cannot be told to forget a look-up. It may begin again and
 * again. tls may be null. */
void ud_lwip_pull_begin(struct ud_lwip_pull *driver, struct ud_pull *pull,
                        const struct ud_tls *tls);

/* Does all that can be done without waiting, then tells the engine the time. False
 * once the pull has finished. */
bool ud_lwip_pull_service(struct ud_lwip_pull *driver, uint32_t now_ms);

/* Aborts the pull if it still runs, and closes the connection. */
void ud_lwip_pull_end(struct ud_lwip_pull *driver);

#endif
