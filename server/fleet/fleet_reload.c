/* All tables are read anew, while devices and operators are answered: memory is then what the
 * tables have, and no more. A copy of them that took over may lack what came last. */
#include "server/fleet/fleet_state.h"

#include "server/fleet/pointers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct fleet *fleet;
    const void **found; /* in memory, of all but devices: what the tables have */
    size_t found_count;
    struct pair_map newest; /* as in struct fleet */
    bool is_swept;          /* memory has no more than that */
};

/* --- what is in memory alone; the lock is held --- */

/* Others may be reading it: it is freed with the fleet. */
static bool bury(struct fleet *fleet, void *what)
{
    void **buried = pointers_make_room(fleet->buried, fleet->buried_count);

    if (buried == NULL)
        return false;
    fleet->buried = buried;
    fleet->buried[fleet->buried_count++] = what;
    return true;
}

static void tell(const struct fleet *fleet, const char *kind, const char *name, const char *version)
{
    char what[2 * NAME_SIZE + VERSION_SIZE];

    snprintf(what, sizeof what, "%s %s%s%s", kind, name, version[0] != '\0' ? " " : "", version);
    if (fleet->config.lost != NULL)
        fleet->config.lost(fleet->config.ctx, what);
}

static bool drop_release(struct fleet *fleet, struct release *release)
{
    if (!bury(fleet, release))
        return false;
    pointers_remove(fleet->releases, &fleet->release_count, release);
    stones_forget(fleet->stones);
    pair_map_forget(&fleet->by_version, release);
    pair_map_forget(&fleet->newest, release);
    tell(fleet, "release", release->product, release->version);
    return true;
}

static bool drop_group(struct fleet *fleet, struct group *group)
{
    if (!bury(fleet, group))
        return false;
    pointers_remove(fleet->groups, &fleet->group_count, group);
    pair_map_forget(&fleet->group_names, group);
    tell(fleet, "group", group->name, "");
    return true;
}

static bool drop_rollout(struct fleet *fleet, struct rollout *rollout)
{
    char number[12];

    if (!bury(fleet, rollout))
        return false;
    pointers_remove(fleet->rollouts, &fleet->rollout_count, rollout);
    deciding_update(&fleet->deciding, (const struct rollout *const *)fleet->rollouts,
                    fleet->rollout_count, rollout->release);
    snprintf(number, sizeof number, "%u", rollout->id);
    tell(fleet, "rollout", number, "");
    return true;
}

static bool drop_ring_update(struct fleet *fleet, struct ring_update *update)
{
    char number[12];

    if (!bury(fleet, update))
        return false;
    pointers_remove(fleet->ring_updates, &fleet->ring_update_count, update);
    snprintf(number, sizeof number, "%u", update->number);
    tell(fleet, "key update", update->product, number);
    return true;
}

static int compare_addresses(const void *left, const void *right)
{
    const void *const *a = left, *const *b = right;

    return (*a > *b) - (*a < *b);
}

static bool is_found(const struct reading *reading, const void *what)
{
    return reading->found_count > 0 && bsearch(&what, reading->found, reading->found_count,
                                               sizeof *reading->found, compare_addresses) != NULL;
}

static bool sweep_releases(struct reading *reading)
{
    struct fleet *fleet = reading->fleet;

    for (size_t i = fleet->release_count; i > 0; i--)
        if (!is_found(reading, fleet->releases[i - 1]) &&
            !drop_release(fleet, fleet->releases[i - 1]))
            return false;
    return true;
}

static bool sweep_groups(struct reading *reading)
{
    struct fleet *fleet = reading->fleet;

    for (size_t i = fleet->group_count; i > 0; i--)
        if (!is_found(reading, fleet->groups[i - 1]) && !drop_group(fleet, fleet->groups[i - 1]))
            return false;
    return true;
}

static bool sweep_rollouts(struct reading *reading)
{
    struct fleet *fleet = reading->fleet;

    for (size_t i = fleet->rollout_count; i > 0; i--)
        if (!is_found(reading, fleet->rollouts[i - 1]) &&
            !drop_rollout(fleet, fleet->rollouts[i - 1]))
            return false;
    return true;
}

static bool sweep_ring_updates(struct reading *reading)
{
    struct fleet *fleet = reading->fleet;

    for (size_t i = fleet->ring_update_count; i > 0; i--)
        if (!is_found(reading, fleet->ring_updates[i - 1]) &&
            !drop_ring_update(fleet, fleet->ring_updates[i - 1]))
            return false;
    return true;
}

/* Once all but the devices are read. */
static bool sweep(struct reading *reading)
{
    struct fleet *fleet = reading->fleet;

    if (reading->is_swept)
        return true;
    if (reading->found_count > 0)
        qsort(reading->found, reading->found_count, sizeof *reading->found, compare_addresses);
    pthread_mutex_lock(&fleet->lock);
    const struct pair_map newest = fleet->newest;
    fleet->newest = reading->newest;
    reading->newest = newest;
    /* Rollouts before their releases. */
    reading->is_swept = sweep_rollouts(reading) && sweep_releases(reading) &&
                        sweep_groups(reading) && sweep_ring_updates(reading);
    fleet_mark_all_changed(fleet);
    pthread_mutex_unlock(&fleet->lock);
    return reading->is_swept;
}

/* --- reading --- */

static int note(struct reading *reading, const void *own)
{
    const void **found = pointers_make_room(reading->found, reading->found_count);

    if (found == NULL || own == NULL)
        return -1;
    reading->found = found;
    reading->found[reading->found_count++] = own;
    return 0;
}

static bool is_same_release(const struct release *own, const struct release *stored)
{
    return own->id == stored->id &&
           memcmp(own->image.files[0].sha256, stored->image.files[0].sha256, UD_SHA256_SIZE) == 0;
}

static int read_release(void *ctx, const struct release *stored)
{
    struct reading *reading = ctx;
    struct fleet *fleet = reading->fleet;

    pthread_mutex_lock(&fleet->lock);
    struct release *own = pair_map_get(&fleet->by_version, stored->product, stored->version);
    const bool is_ready = own == NULL || is_same_release(own, stored) || drop_release(fleet, own);
    pthread_mutex_unlock(&fleet->lock);
    if (!is_ready || fleet_following.release(fleet, stored) != 0)
        return -1;
    return note(reading, fleet_release(fleet, stored->product, stored->version));
}

static int read_newest(void *ctx, const char *product, const char *channel, uint32_t id)
{
    struct reading *reading = ctx;

    pthread_mutex_lock(&reading->fleet->lock);
    struct release *release = fleet_release_of_id(reading->fleet, id);
    pthread_mutex_unlock(&reading->fleet->lock);
    return release != NULL && pair_map_set(&reading->newest, product, channel, release) ? 0 : -1;
}

static int read_group(void *ctx, const struct group *stored)
{
    struct reading *reading = ctx;

    if (fleet_following.group(reading->fleet, stored) != 0)
        return -1;
    return note(reading, pair_map_get(&reading->fleet->group_names, stored->name, ""));
}

/* Of the same release, as that is by now. */
static int read_rollout(void *ctx, const struct rollout *stored)
{
    struct reading *reading = ctx;
    struct fleet *fleet = reading->fleet;

    pthread_mutex_lock(&fleet->lock);
    struct rollout *own = fleet_find_rollout(fleet, stored->id);
    const bool is_ready = own == NULL ||
                          own->release == fleet_release_of_id(fleet, stored->release_id) ||
                          drop_rollout(fleet, own);
    pthread_mutex_unlock(&fleet->lock);
    if (!is_ready || fleet_following.rollout(fleet, stored) != 0)
        return -1;
    return note(reading, fleet_find_rollout(fleet, stored->id));
}

static int read_ring_update(void *ctx, const struct ring_update *stored)
{
    struct reading *reading = ctx;
    struct fleet *fleet = reading->fleet;

    pthread_mutex_lock(&fleet->lock);
    struct ring_update *own = fleet_find_ring_update(fleet, stored->id);
    const bool is_ready = own == NULL || memcmp(own->sha256, stored->sha256, UD_SHA256_SIZE) == 0 ||
                          drop_ring_update(fleet, own);
    pthread_mutex_unlock(&fleet->lock);
    if (!is_ready || fleet_following.ring_update(fleet, stored) != 0)
        return -1;
    return note(reading, fleet_find_ring_update(fleet, stored->id));
}

static int read_device(void *ctx, const struct stored_device *stored)
{
    struct reading *reading = ctx;

    return sweep(reading) ? fleet_following.device(reading->fleet, stored) : -1;
}

static int read_heard(void *ctx, mac_address mac, int64_t at_ms)
{
    const struct reading *reading = ctx;

    return fleet_following.heard(reading->fleet, mac, at_ms);
}

static const struct store_reader reader = {.release = read_release,
                                           .newest = read_newest,
                                           .group = read_group,
                                           .rollout = read_rollout,
                                           .ring_update = read_ring_update,
                                           .device = read_device,
                                           .heard = read_heard};

/* --- devices --- */

static void mark_unread(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    for (size_t i = 0; i < fleet->devices.capacity; i++)
        if (fleet->devices.slots[i] != NULL)
            fleet->devices.slots[i]->is_unread = true;
    pthread_mutex_unlock(&fleet->lock);
}

static int remove_unread(struct fleet *fleet)
{
    struct mac_list list = {0};

    if (!fleet_list_devices(fleet, &list))
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        pthread_mutex_lock(&fleet->lock);
        const struct device *device = device_table_find(&fleet->devices, list.macs[i]);
        const bool is_gone = device != NULL && device->is_unread;
        pthread_mutex_unlock(&fleet->lock);
        if (is_gone)
            fleet_following.removed(fleet, list.macs[i]);
    }
    free(list.macs);
    return 0;
}

int fleet_reload(struct fleet *fleet)
{
    struct reading reading = {.fleet = fleet};

    mark_unread(fleet);
    const bool is_done =
        fleet->config.store->load(fleet->store, &reader, &reading) == 0 && sweep(&reading);
    pair_map_free(&reading.newest);
    free(reading.found);
    return is_done ? remove_unread(fleet) : -1;
}
