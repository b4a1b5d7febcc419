/* What other servers have changed gets into memory, as the tables have it by now. */
#include "server/fleet/fleet_state.h"

#include "server/model/clock.h"

#include <stdlib.h>
#include <string.h>

/* Files that are there stay as they are: others may be reading them. */
static void merge_files(struct release *own, const struct release *stored)
{
    struct release_image *image = &own->image;

    for (; image->file_count < stored->image.file_count; image->file_count++)
        image->files[image->file_count] = stored->image.files[image->file_count];
    for (; image->fs_count < stored->image.fs_count; image->fs_count++)
        image->fs[image->fs_count] = stored->image.fs[image->fs_count];
    image->fs_first = stored->image.fs_first;
    image->digests = stored->image.digests;
}

static void merge_release(struct release *own, const struct release *stored)
{
    merge_files(own, stored);
    memcpy(own->channel, stored->channel, sizeof own->channel);
    own->state = stored->state;
    memcpy(own->requires, stored->requires, sizeof own->requires);
    memcpy(own->notes, stored->notes, sizeof own->notes);
    memcpy(own->reason, stored->reason, sizeof own->reason);
}

static int follow_release(void *ctx, const struct release *stored)
{
    struct fleet *fleet = ctx;
    struct release copy;

    pthread_mutex_lock(&fleet->lock);
    struct release *own = pair_map_get(&fleet->by_version, stored->product, stored->version);
    if (own != NULL)
        merge_release(own, stored);
    else
        own = fleet_add_release(fleet, stored);
    /* Of those that are missing fleet_note_file() is told when they are here, and not before. */
    if (own != NULL) {
        fleet_look_for_files(fleet, own);
        copy = *own;
    }
    fleet_mark_all_changed(fleet);
    pthread_mutex_unlock(&fleet->lock);
    if (own == NULL)
        return -1;
    fleet->config.released(fleet->config.ctx, &copy);
    return 0;
}

/* A release that is not known here yet comes with a later entry of the log. */
static int follow_newest(void *ctx, const char *product, const char *channel, uint32_t id)
{
    struct fleet *fleet = ctx;

    pthread_mutex_lock(&fleet->lock);
    struct release *release = fleet_release_of_id(fleet, id);
    const bool is_done = release == NULL || pair_map_set(&fleet->newest, product, channel, release);
    pthread_mutex_unlock(&fleet->lock);
    return is_done ? 0 : -1;
}

static int follow_group(void *ctx, const struct group *stored)
{
    struct fleet *fleet = ctx;

    pthread_mutex_lock(&fleet->lock);
    const int result = fleet_reader.group(fleet, stored);
    fleet_mark_all_changed(fleet);
    pthread_mutex_unlock(&fleet->lock);
    return result;
}

/* Its own release is the one in memory. */
static struct rollout *set_rollout(struct fleet *fleet, const struct rollout *stored)
{
    struct rollout *own = fleet_find_rollout(fleet, stored->id);

    if (own == NULL)
        return fleet_add_rollout(fleet, stored);
    const struct release *release = own->release;
    *own = *stored;
    own->release = release;
    return own;
}

static int follow_rollout(void *ctx, const struct rollout *stored)
{
    struct fleet *fleet = ctx;
    const struct fleet_config *config = &fleet->config;
    struct rollout copy;

    pthread_mutex_lock(&fleet->lock);
    const struct rollout *before = fleet_find_rollout(fleet, stored->id);
    const bool is_new = before == NULL || before->revision != stored->revision;
    const struct rollout *own = set_rollout(fleet, stored);
    if (own != NULL)
        copy = *own;
    if (is_new)
        fleet_mark_all_changed(fleet);
    pthread_mutex_unlock(&fleet->lock);
    if (own != NULL && is_new && config->rollout != NULL)
        config->rollout(config->ctx, &copy);
    return own != NULL ? 0 : -1;
}

static int follow_ring_update(void *ctx, const struct ring_update *stored)
{
    struct fleet *fleet = ctx;

    pthread_mutex_lock(&fleet->lock);
    const bool is_done = fleet_set_ring_update(fleet, stored);
    fleet_mark_all_changed(fleet);
    pthread_mutex_unlock(&fleet->lock);
    return is_done ? 0 : -1;
}

/* What the device told this server last may be newer than what is stored. Where that is not the
 * same, the row gets it: this server may have taken it for known when it was told. */
static bool merge_facts(struct fleet *fleet, struct device *device,
                        const struct stored_device *stored)
{
    if (device->first_seen_ms == 0 || stored->first_seen_ms < device->first_seen_ms)
        device->first_seen_ms =
            stored->first_seen_ms != 0 ? stored->first_seen_ms : device->first_seen_ms;
    if (stored->told_ms < device->told_ms) {
        if (!facts_are(&device->facts, stored->facts))
            fleet_mark_behind(fleet, device);
        return true;
    }
    device->told_ms = stored->told_ms;
    if (stored->told_ms > device->last_seen_ms)
        device->last_seen_ms = stored->told_ms;
    return stored->told_ms == 0 || facts_keep(&fleet->devices.facts, &device->facts, stored->facts);
}

static bool merge_device(struct fleet *fleet, struct device *device,
                         const struct stored_device *stored)
{
    const bool waited = fleet_waits_for_assignment(device);

    if (!merge_facts(fleet, device, stored))
        return false;
    /* It was heard of elsewhere after its download, or is sent another one there. */
    if (device->part.taken_ms != stored->part.taken_ms)
        device->on_its_way = stored->part.taken_ms != 0;
    device->offers = stored->offers;
    device->part = stored->part;
    device->files = stored->files;
    device->ring = stored->ring;
    fleet_set_assignment(fleet, device, &stored->assignment);
    fleet->unassigned -= waited;
    fleet->unassigned += fleet_waits_for_assignment(device);
    fleet_mark_changed(fleet, device);
    return device->assignment.group == NULL ||
           fleet_enter_group(fleet, device->assignment.group) != NULL;
}

/* While something of it is being written, the row is not what it will be. */
static int follow_device(void *ctx, const struct stored_device *stored)
{
    struct fleet *fleet = ctx;
    int result = STORE_LATER;

    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, stored->mac);
    if (device == NULL) {
        device = device_table_enter(&fleet->devices, stored->mac);
        fleet->unassigned += fleet_waits_for_assignment(device);
    }
    if (device == NULL)
        result = -1;
    else if (device->ahead == 0)
        result = merge_device(fleet, device, stored) ? 0 : -1;
    if (device != NULL)
        device->is_unread = false;
    pthread_mutex_unlock(&fleet->lock);
    return result;
}

static int follow_removed(void *ctx, mac_address mac)
{
    struct fleet *fleet = ctx;

    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, mac);
    fleet->unassigned -= fleet_waits_for_assignment(device);
    if (device != NULL)
        device_table_remove(&fleet->devices, mac);
    pthread_mutex_unlock(&fleet->lock);
    if (device != NULL)
        fleet->config.removed(fleet->config.ctx, mac);
    return 0;
}

static int follow_heard(void *ctx, mac_address mac, int64_t at_ms)
{
    struct fleet *fleet = ctx;

    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, mac);
    if (fleet_set_heard(device, at_ms))
        fleet_mark_changed(fleet, device);
    pthread_mutex_unlock(&fleet->lock);
    return 0;
}

const struct store_reader fleet_following = {.release = follow_release,
                                             .newest = follow_newest,
                                             .group = follow_group,
                                             .rollout = follow_rollout,
                                             .ring_update = follow_ring_update,
                                             .device = follow_device,
                                             .removed = follow_removed,
                                             .heard = follow_heard};

static int follow_all(struct fleet *fleet, char error[STORE_ERROR_SIZE])
{
    const struct fleet_config *config = &fleet->config;
    const int news = config->store->follow(fleet->store, &fleet_following, fleet, error);

    if (news < 0)
        return -1;
    fleet->unread |= (unsigned)news;
    if ((fleet->unread & STORE_RELOAD) != 0) {
        strcpy(error, "its tables cannot be read anew");
        if (fleet_reload(fleet) != 0)
            return -1;
        fleet->unread = STORE_ACCOUNTS | STORE_WEBHOOKS;
    }
    fleet->unread &= STORE_ACCOUNTS | STORE_WEBHOOKS;
    if (fleet->unread == 0 || config->reload == NULL)
        return 0;
    strcpy(error, "accounts and webhooks cannot be read anew");
    if (config->reload(config->ctx, fleet->store, fleet->unread) != 0)
        return -1;
    fleet->unread = 0;
    return 0;
}

int fleet_follow(void *ctx, char error[STORE_ERROR_SIZE])
{
    struct fleet *fleet = ctx;
    struct store_standing standing = {0};
    const int result = fleet->config.store->stand(fleet->store, &standing, error);

    pthread_mutex_lock(&fleet->lock);
    fleet->standing = standing;
    pthread_mutex_unlock(&fleet->lock);
    return follow_all(fleet, error) == 0 ? result : -1;
}

bool fleet_may_judge(struct fleet *fleet, uint64_t *lease)
{
    pthread_mutex_lock(&fleet->lock);
    const struct store_standing standing = fleet->standing;
    pthread_mutex_unlock(&fleet->lock);
    *lease = standing.lease;
    return fleet->config.store->stand == NULL ||
           (standing.lease != 0 && clock_monotonic_ms() < standing.lease_until_ms);
}

bool fleet_leads(struct fleet *fleet)
{
    uint64_t lease;

    return fleet_may_judge(fleet, &lease);
}
