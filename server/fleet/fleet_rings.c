/* Key updates, and what devices have of them. */
#include "server/fleet/fleet_apply.h"

#include "server/fleet/pointers.h"

#include <stdlib.h>
#include <string.h>

struct ring_update *fleet_add_ring_update(struct fleet *fleet, const struct ring_update *update)
{
    struct ring_update **updates =
        pointers_make_room(fleet->ring_updates, fleet->ring_update_count);
    struct ring_update *copy = malloc(sizeof *copy);

    if (updates != NULL)
        fleet->ring_updates = updates;
    if (updates == NULL || copy == NULL) {
        free(copy);
        return NULL;
    }
    *copy = *update;
    fleet->ring_updates[fleet->ring_update_count++] = copy;
    if (copy->id > fleet->last_ring_update)
        fleet->last_ring_update = copy->id;
    return copy;
}

struct ring_update *fleet_find_ring_update(const struct fleet *fleet, uint32_t id)
{
    for (size_t i = fleet->ring_update_count; i > 0; i--)
        if (fleet->ring_updates[i - 1]->id == id)
            return fleet->ring_updates[i - 1];
    return NULL;
}

bool fleet_set_ring_update(struct fleet *fleet, const struct ring_update *update)
{
    struct ring_update *own = fleet_find_ring_update(fleet, update->id);

    if (own == NULL)
        return fleet_add_ring_update(fleet, update) != NULL;
    own->is_withdrawn = update->is_withdrawn;
    return true;
}

static void apply_to_updates(struct fleet *fleet, const struct change *change)
{
    struct ring_update *own = fleet_find_ring_update(fleet, change->as.ring_update->id);

    if (change->kind == CHANGE_RING_UPDATE && own == NULL)
        fleet_add_ring_update(fleet, change->as.ring_update);
    else if (change->kind == CHANGE_RING_WITHDRAWN && own != NULL)
        own->is_withdrawn = true;
    fleet_mark_all_changed(fleet);
}

void fleet_apply_ring(struct fleet *fleet, const struct change *change)
{
    struct device *device = device_table_find(&fleet->devices, change->device);

    if (change_has_ring_update(change)) {
        apply_to_updates(fleet, change);
        return;
    }
    if (device == NULL || change->kind != CHANGE_RING_OFFER) /* arrivals came from memory */
        return;
    struct device_ring *ring = &device->ring;
    ring->offers = ring->offered == change->as.offer.release ? ring->offers + 1 : 1;
    ring->offered = change->as.offer.release;
    fleet_mark_changed(fleet, device);
}

static void base_on_ring(struct change *change, const struct device *device)
{
    if (change == NULL || device == NULL)
        return;
    change->is_conditional = true;
    change->seen.offers = (struct device_offers){device->ring.offered, device->ring.offers};
}

void fleet_note_ring_told(struct fleet *fleet, struct device *device,
                          const struct device_facts *facts)
{
    const struct ring_update *offered = fleet_find_ring_update(fleet, device->ring.offered);

    if (offered == NULL || !facts->abilities.has_ring || facts->abilities.ring < offered->number)
        return;
    struct change *change = change_new(CHANGE_RING_ARRIVED, device->mac);
    base_on_ring(change, device);
    fleet_note_ring(fleet, change, offered, EVENT_ARRIVED);
    device->ring = (struct device_ring){0, 0};
    fleet_submit_ahead(fleet, device, change);
}

struct change *fleet_offer_keys(struct fleet *fleet, mac_address mac,
                                const struct policy_keys *keys)
{
    struct change *change = change_new(CHANGE_RING_OFFER, mac);

    if (change == NULL)
        return NULL;
    change->as.offer.release = keys->update->id;
    fleet_note_ring(fleet, change, keys->update, EVENT_OFFERED);
    pthread_mutex_lock(&fleet->lock);
    base_on_ring(change, device_table_find(&fleet->devices, mac));
    pthread_mutex_unlock(&fleet->lock);
    return change;
}

uint32_t fleet_next_ring_update(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    const uint32_t id = ++fleet->last_ring_update;
    pthread_mutex_unlock(&fleet->lock);
    return id;
}

struct ring_update *fleet_copy_ring_updates(struct fleet *fleet, size_t *count)
{
    pthread_mutex_lock(&fleet->lock);
    const size_t total = fleet->ring_update_count;
    struct ring_update *copies = malloc((total + 1) * sizeof *copies);
    for (size_t i = 0; i < total && copies != NULL; i++)
        copies[i] = *fleet->ring_updates[total - 1 - i];
    pthread_mutex_unlock(&fleet->lock);
    *count = copies != NULL ? total : 0;
    return copies;
}
