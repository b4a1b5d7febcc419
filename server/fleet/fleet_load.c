/* How the store's rows get into memory at the start. */
#include "server/fleet/fleet_state.h"

static int read_release(void *ctx, const struct release *release)
{
    return fleet_add_release(ctx, release) != NULL ? 0 : -1;
}

static int read_newest(void *ctx, const char *product, const char *channel, uint32_t id)
{
    struct fleet *fleet = ctx;
    struct release *release = fleet_release_of_id(fleet, id);

    return release != NULL && pair_map_set(&fleet->newest, product, channel, release) ? 0 : -1;
}

static int read_group(void *ctx, const struct group *stored)
{
    struct fleet *fleet = ctx;
    struct group *group = fleet_enter_group(fleet, stored->name);

    if (group == NULL)
        return -1;
    group->product = pair_map_intern(&fleet->names, stored->product);
    group->channel = pair_map_intern(&fleet->names, stored->channel);
    group->pin = pair_map_intern(&fleet->names, stored->pin);
    group->downgrade = stored->downgrade;
    group->offset = stored->offset;
    group->accept = pair_map_intern(&fleet->names, stored->accept);
    return 0;
}

/* It was there to hear it, then. */
static void note_last_heard(struct fleet *fleet, int64_t at_ms)
{
    if (at_ms > fleet->judged_ms && at_ms <= fleet_now(fleet))
        fleet->judged_ms = at_ms;
}

static int read_device(void *ctx, const struct stored_device *stored)
{
    struct fleet *fleet = ctx;
    struct device *device = device_table_enter(&fleet->devices, stored->mac);

    if (device == NULL || !facts_keep(&fleet->devices.facts, &device->facts, stored->facts))
        return -1;
    device->first_seen_ms = stored->first_seen_ms;
    device->last_seen_ms = device->told_ms = stored->told_ms;
    note_last_heard(fleet, stored->told_ms);
    device->offers = stored->offers;
    device->part = stored->part;
    device->files = stored->files;
    device->ring = stored->ring;
    fleet_set_assignment(fleet, device, &stored->assignment);
    if (device->assignment.group != NULL &&
        fleet_enter_group(fleet, device->assignment.group) == NULL)
        return -1;
    fleet->unassigned += fleet_waits_for_assignment(device);
    return 0;
}

static int read_heard(void *ctx, mac_address mac, int64_t at_ms)
{
    struct fleet *fleet = ctx;

    if (fleet_set_heard(device_table_find(&fleet->devices, mac), at_ms))
        note_last_heard(fleet, at_ms);
    return 0;
}

static int read_rollout(void *ctx, const struct rollout *rollout)
{
    return fleet_add_rollout(ctx, rollout) != NULL ? 0 : -1;
}

static int read_ring_update(void *ctx, const struct ring_update *update)
{
    return fleet_add_ring_update(ctx, update) != NULL ? 0 : -1;
}

const struct store_reader fleet_reader = {.release = read_release,
                                          .newest = read_newest,
                                          .group = read_group,
                                          .rollout = read_rollout,
                                          .ring_update = read_ring_update,
                                          .device = read_device,
                                          .heard = read_heard};
