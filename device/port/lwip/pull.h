/* Drives a pull engine over lwIP's raw interface, in a program without threads:
 *
 *   ud_pull_init(&pull, &config);
 *   error = ud_pull_begin(&pull, url, now_ms);
 *   ud_lwip_pull_begin(&driver, &pull);
 *   while (ud_lwip_pull_service(&driver, now_ms)) {
 *       let lwIP take what has arrived and look at its timers; sleep until something
 *       arrives, or until ud_pull_deadline(&pull) at the latest
 *   }
 *   ud_lwip_pull_end(&driver);
 *   look at ud_pull_result(&pull)
 *
 * What lwIP calls back with is only noted; the engine is told in service. So a flash
 * operation never runs inside lwIP, and what is not taken yet keeps the window closed.
 * There is no TLS: leave ud_pull_config.can_tls false.
 */
#ifndef UPDRAFT_LWIP_PULL_H
#define UPDRAFT_LWIP_PULL_H

#include "updraft/pull.h"

#include "lwip/ip_addr.h"

#include <stdbool.h>
#include <stdint.h>

struct pbuf;
struct tcp_pcb;

enum ud_lwip_phase {
    UD_LWIP_CLOSED,
    UD_LWIP_LOOKING_UP,
    UD_LWIP_FOUND, /* the host's address is in `address` */
    UD_LWIP_CONNECTING,
    UD_LWIP_CONNECTED,
    UD_LWIP_LOST, /* no address, no connection, or one that broke */
};

/* State; private, public only for its size. */
struct ud_lwip_pull {
    struct ud_pull *pull; /* the caller's; must outlive the driver */
    struct tcp_pcb *pcb;
    struct pbuf *received; /* not handed over yet */
    enum ud_lwip_phase phase;
    bool peer_closed; /* what is in `received` is the rest */
    ip_addr_t address;
};

/* Takes a pull that has begun. The driver must stay where it is for ever once it has
 * looked up a name: lwIP cannot be told to forget a look-up. It may begin again and
 * again. */
void ud_lwip_pull_begin(struct ud_lwip_pull *driver, struct ud_pull *pull);

/* Does all that can be done without waiting, then tells the engine the time. False
 * once the pull has finished. */
bool ud_lwip_pull_service(struct ud_lwip_pull *driver, uint32_t now_ms);

/* Aborts the pull if it still runs, and closes the connection. */
void ud_lwip_pull_end(struct ud_lwip_pull *driver);

#endif
