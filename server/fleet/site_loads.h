/* How many downloads go on at each site: devices of one /24 of IPv4, or one /64 of
 * IPv6, are taken to share a radio or an uplink.
 */
#ifndef SERVER_FLEET_SITE_LOADS_H
#define SERVER_FLEET_SITE_LOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site_load {
    uint64_t site;
    uint32_t downloads; /* at least 1 */
};

/* All zero: no downloads. */
struct site_loads {
    struct site_load *loads; /* of sites with downloads only; free() it */
    size_t count;
    size_t capacity;
};

/* Addresses are IPv6, or IPv4 mapped into it. */
uint32_t site_loads_at(const struct site_loads *loads, const uint8_t address[16]);

/* False when memory is out. */
bool site_loads_add(struct site_loads *loads, const uint8_t address[16]);
void site_loads_remove(struct site_loads *loads, const uint8_t address[16]);

#endif
