#include "server/fleet/fleet_state.h"

static void base_on_files(struct change *change, const struct device *device)
{
    if (change == NULL)
        return;
    change->is_conditional = true;
    change->seen.offers = (struct device_offers){device->files.offered, device->files.offers};
}

struct change *fleet_offer_files(struct fleet *fleet, mac_address mac,
                                 const struct policy_files *files)
{
    struct change *change = change_new(CHANGE_FS_OFFER, mac);

    if (change == NULL)
        return NULL;
    change->as.offer.release = files->release->id;
    pthread_mutex_lock(&fleet->lock);
    const struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL)
        base_on_files(change, device);
    pthread_mutex_unlock(&fleet->lock);
    return change;
}

void fleet_note_files_told(struct fleet *fleet, struct device *device)
{
    struct device_files *files = &device->files;

    if (files->taken_ms == 0)
        return;
    files->release = files->offered;
    files->offers = 0;
    files->taken_ms = 0;
    struct change *change = change_new(CHANGE_FS_ARRIVED, device->mac);
    base_on_files(change, device);
    fleet_submit_ahead(fleet, device, change);
}

void fleet_files_taken(struct fleet *fleet, mac_address mac, uint32_t bytes)
{
    struct change *change = change_new(CHANGE_FS_TAKEN, mac);

    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL) {
        device->files.taken_ms = fleet_now(fleet);
        if (change != NULL)
            change->as.taken.at_ms = device->files.taken_ms;
        base_on_files(change, device);
        fleet_note_files(fleet, device, change, bytes);
        fleet_submit_ahead(fleet, device, change);
    } else
        change_free(change);
    pthread_mutex_unlock(&fleet->lock);
}
