/* What devices say of themselves, kept small: those with the same firmware on the same
 * board say mostly the same, and that is kept once.
 */
#ifndef SERVER_FLEET_FACTS_POOL_H
#define SERVER_FLEET_FACTS_POOL_H

#include "server/model/device.h"

#include <stddef.h>

struct shared_facts;

/* All zero is an empty pool. */
struct facts_pool {
    struct shared_facts **heads; /* of lists; capacity of them, a power of two */
    size_t capacity;
    size_t count;
};

/* A device's facts in a pool. All zero: it never said anything. */
struct kept_facts {
    const struct shared_facts *shared;
    mac_address ap_mac;
    uint32_t chip_id;
    uint32_t free_space;
    uint8_t address[16];
    bool has_chip_id;
    uint8_t mode; /* enum device_mode */
};

/* Replaces what is kept. False when memory is out: then it stays as it was. */
bool facts_keep(struct facts_pool *pool, struct kept_facts *kept, const struct device_facts *facts);

/* Is that what is kept? */
bool facts_are(const struct kept_facts *kept, const struct device_facts *facts);

/* All zero, of an unknown chip, when there are none. */
void facts_read(const struct kept_facts *kept, struct device_facts *facts);

/* What facts_keep() kept is not needed any more. */
void facts_drop(struct facts_pool *pool, struct kept_facts *kept);

/* The table itself; whoever has kept facts drops them before. */
void facts_pool_free(struct facts_pool *pool);

#endif
