#include "server/fleet/fleet_state.h"

#include "server/model/clock.h"

uint32_t fleet_transfer_begin(struct fleet *fleet, mac_address mac, uint32_t size)
{
    uint32_t transfer = 0;

    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL) {
        transfer = ++device->transfer;
        device->on_its_way = true;
        device->transfer_sent = 0;
        device->transfer_size = size;
        device->transfer_began_ms = clock_monotonic_ms();
        fleet_mark_changed(fleet, device);
    }
    pthread_mutex_unlock(&fleet->lock);
    return transfer;
}

void fleet_transfer_progress(struct fleet *fleet, mac_address mac, uint32_t transfer, uint32_t sent)
{
    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL && device->transfer == transfer) {
        device->transfer_sent = sent;
        fleet_mark_changed(fleet, device);
    }
    pthread_mutex_unlock(&fleet->lock);
}

static void note_taken(struct fleet *fleet, struct device *device)
{
    struct change *change = change_new(CHANGE_TAKEN, device->mac);

    device->part.taken_ms = fleet_now(fleet);
    if (change != NULL)
        change->as.taken.at_ms = device->part.taken_ms;
    fleet_base_on(change, device);
    fleet_note_transfer(fleet, device, change, device->transfer_size, true);
    fleet_submit_ahead(fleet, device, change);
}

static void note_broken_off(struct fleet *fleet, const struct device *device)
{
    struct change *change = change_new(CHANGE_EVENT, device->mac);

    fleet_note_transfer(fleet, device, change, device->transfer_sent, false);
    writer_submit(fleet->writer, change, NULL, NULL);
}

void fleet_transfer_end(struct fleet *fleet, mac_address mac, uint32_t transfer, bool is_whole)
{
    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL && device->transfer == transfer) {
        device->on_its_way = is_whole;
        if (is_whole)
            note_taken(fleet, device);
        else
            note_broken_off(fleet, device);
        device->transfer_sent = device->transfer_size = 0;
        fleet_mark_changed(fleet, device);
    }
    pthread_mutex_unlock(&fleet->lock);
}
