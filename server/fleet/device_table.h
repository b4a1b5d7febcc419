/* All devices in memory, by MAC. */
#ifndef SERVER_FLEET_DEVICE_TABLE_H
#define SERVER_FLEET_DEVICE_TABLE_H

#include "server/fleet/facts_pool.h"
#include "server/model/device.h"
#include "server/rollout/rollout.h"

#include <stddef.h>

/* What many devices are looked at for comes first: it is one line of the processor's cache. */
struct device {
    mac_address mac;
    bool on_its_way;
    bool is_behind;        /* listed for the writer to write its facts */
    bool is_heard;         /* the same, for when it was last heard of */
    bool is_changed;       /* listed for those who watch */
    bool is_unread;        /* all tables are being read anew, and it has not come up */
    uint16_t ahead;        /* changes that memory has, and the store does not have yet */
    int64_t first_seen_ms; /* 0 = never */
    int64_t last_seen_ms;
    int64_t told_ms;         /* it told its facts, here or to another server */
    struct kept_facts facts; /* in the table's pool */
    struct assignment assignment;
    struct device_offers offers;
    struct rollout_part part;
    struct device_files files;
    struct device_ring ring;
    uint32_t transfer;      /* number of the latest */
    uint32_t transfer_sent; /* bytes, of transfer_size; 0 of 0 = none going on */
    uint32_t transfer_size;
    int64_t transfer_began_ms; /* monotonic */
};

/* All zero is an empty table. Devices stay where they are until removed. */
struct device_table {
    struct device **slots; /* capacity of them, a power of two */
    size_t capacity;
    size_t count;
    struct facts_pool facts; /* of those in the table */
};

/* Null when it is not there. */
struct device *device_table_find(const struct device_table *table, mac_address mac);

/* Asks for the memory of devices that will be found next, up to DEVICES_FETCHED of them, so
 * that the wait for it, most of what a search in a large table takes, is one for all. */
#define DEVICES_FETCHED 12u /* as many as a processor has under way at once */
void device_table_fetch(const struct device_table *table, const mac_address *macs, size_t count);

/* The device, zeroed but for its MAC when it is new. Null when memory is out. */
struct device *device_table_enter(struct device_table *table, mac_address mac);

void device_table_remove(struct device_table *table, mac_address mac);
void device_table_free(struct device_table *table);

#endif
