/* How many downloads go on at each site, and until when its share of the bandwidth is taken:
 * devices of one /24 of IPv4, or one /64 of IPv6, are taken to share a radio or an uplink.
 */
#ifndef SERVER_FLEET_SITE_LOADS_H
#define SERVER_FLEET_SITE_LOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site_load {
    uint64_t site;
    uint32_t downloads;
    int64_t busy_until_ms; /* monotonic; the bytes of the downloads so far last until then */
};

/* All zero: no downloads. */
struct site_loads {
    struct site_load *loads; /* of busy sites; free() it */
    size_t count;
    size_t capacity;
};

/* Addresses are IPv6, or IPv4 mapped into it. */
struct site_load site_loads_at(const struct site_loads *loads, const uint8_t address[16]);

/* One more download, that keeps the site busy until then. False when memory is out. */
bool site_loads_add(struct site_loads *loads, const uint8_t address[16], int64_t busy_until_ms,
                    int64_t now_ms);
void site_loads_remove(struct site_loads *loads, const uint8_t address[16], int64_t now_ms);

#endif
