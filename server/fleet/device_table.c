#include "server/fleet/device_table.h"

#include <stdlib.h>

#define CAPACITY_FIRST 256

static size_t home_of(const struct device_table *table, mac_address mac)
{
    const uint64_t mixed = mac * 0x9e3779b97f4a7c15u;

    return (size_t)(mixed >> 20) & (table->capacity - 1);
}

/* The device's slot, or the empty one where it belongs. Needs room. */
static size_t find_slot(const struct device_table *table, mac_address mac)
{
    size_t slot = home_of(table, mac);

    while (table->slots[slot] != NULL && table->slots[slot]->mac != mac)
        slot = (slot + 1) & (table->capacity - 1);
    return slot;
}

struct device *device_table_find(const struct device_table *table, mac_address mac)
{
    return table->count > 0 ? table->slots[find_slot(table, mac)] : NULL;
}

void device_table_fetch(const struct device_table *table, const mac_address *macs, size_t count)
{
    for (size_t i = 0; i < count && table->count > 0; i++)
        __builtin_prefetch(&table->slots[home_of(table, macs[i])]);
    for (size_t i = 0; i < count && table->count > 0; i++)
        __builtin_prefetch(table->slots[home_of(table, macs[i])]);
}

static bool grow(struct device_table *table)
{
    struct device_table larger = {.capacity =
                                      table->capacity ? table->capacity * 2 : CAPACITY_FIRST,
                                  .count = table->count,
                                  .facts = table->facts};

    if (table->count * 4 < table->capacity * 3)
        return true;
    larger.slots = calloc(larger.capacity, sizeof(struct device *));
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i] != NULL)
            larger.slots[find_slot(&larger, table->slots[i]->mac)] = table->slots[i];
    free(table->slots);
    *table = larger;
    return true;
}

struct device *device_table_enter(struct device_table *table, mac_address mac)
{
    struct device *device = device_table_find(table, mac);

    if (device != NULL || !grow(table))
        return device;
    device = calloc(1, sizeof *device);
    if (device == NULL)
        return NULL;
    device->mac = mac;
    table->slots[find_slot(table, mac)] = device;
    table->count++;
    return device;
}

/* Moves back into the gap those that were pushed past it, so that no search
 * ends at a slot that was emptied. */
static void close_gap(struct device_table *table, size_t gap)
{
    const size_t mask = table->capacity - 1;

    for (size_t next = (gap + 1) & mask; table->slots[next] != NULL; next = (next + 1) & mask) {
        const size_t home = home_of(table, table->slots[next]->mac);
        if (((next - home) & mask) < ((next - gap) & mask))
            continue;
        table->slots[gap] = table->slots[next];
        table->slots[next] = NULL;
        gap = next;
    }
}

void device_table_remove(struct device_table *table, mac_address mac)
{
    if (table->count == 0)
        return;
    const size_t slot = find_slot(table, mac);
    if (table->slots[slot] == NULL)
        return;
    facts_drop(&table->facts, &table->slots[slot]->facts);
    free(table->slots[slot]);
    table->slots[slot] = NULL;
    table->count--;
    close_gap(table, slot);
}

void device_table_free(struct device_table *table)
{
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i] == NULL)
            continue;
        facts_drop(&table->facts, &table->slots[i]->facts);
        free(table->slots[i]);
    }
    free(table->slots);
    facts_pool_free(&table->facts);
    *table = (struct device_table){0};
}
