/* Announces the device by mDNS, if its settings let it: its name, its uploads, its page. */
#ifndef FIRMWARE_NET_ANNOUNCER_H
#define FIRMWARE_NET_ANNOUNCER_H

#include "firmware/settings.h"
#include "lwip/mdns.h"
#include "updraft/mdns.h"

#include <stdint.h>

struct netif;

struct announcer {
    const struct netif *netif; /* null: it announces nothing */
    uint32_t address;          /* announced, as lwIP has it; 0: none */
    struct ud_mdns mdns;
    struct ud_lwip_mdns driver;
};

/* name: the device's. Both it and settings must outlive the announcer. One that
 * was not started stays silent. */
void announcer_start(struct announcer *announcer, const struct settings *settings, const char *name,
                     struct netif *netif);

/* Does what can be done without waiting. */
void announcer_service(struct announcer *announcer, uint32_t now_ms);

/* Says good-bye: before a restart. */
void announcer_leave(struct announcer *announcer, uint32_t now_ms);

#endif
