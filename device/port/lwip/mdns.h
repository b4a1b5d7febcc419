/* Drives a multicast DNS responder over lwIP's raw interface: UDP port 5353, in the group
 * 224.0.0.251 on one interface. Needs LWIP_IGMP, and an interface with NETIF_FLAG_IGMP.
 *
 *   ud_mdns_init(&mdns, &config);
 *   is_open = ud_lwip_mdns_open(&driver, &mdns, &netif);
 *   ud_mdns_begin() when the interface has an address
 *   for (;;) {
 *       let lwIP take what has arrived and look at its timers
 *       ud_lwip_mdns_service(&driver, now_ms);
 *       sleep until something arrives, not longer than ud_mdns_wait_ms()
 *   }
 */
#ifndef UPDRAFT_LWIP_MDNS_H
#define UPDRAFT_LWIP_MDNS_H

#include "updraft/mdns.h"

#include <stdbool.h>
#include <stdint.h>

struct netif;
struct udp_pcb;

/* State; private, public only for its size. All zero: not open. */
struct ud_lwip_mdns {
    struct ud_mdns *mdns; /* the caller's; must outlive the driver */
    struct netif *netif;
    struct udp_pcb *udp;
    uint32_t now_ms; /* when it was last served */
};

/* Opens the port, for ever. False when lwIP has no memory or the port is in use. */
bool ud_lwip_mdns_open(struct ud_lwip_mdns *driver, struct ud_mdns *mdns, struct netif *netif);

/* Says what there is to say. One that is not open is fine. */
void ud_lwip_mdns_service(struct ud_lwip_mdns *driver, uint32_t now_ms);

#endif
