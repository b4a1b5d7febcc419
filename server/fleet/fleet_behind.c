/* What memory knows before the store does: what devices said last is written behind, and a
 * change that memory is ahead of is settled once it was tried. */
#include "server/fleet/fleet_state.h"

/* Takes those that are behind, by MAC: each page of the database is then written once. */
static void take_behind(struct fleet *fleet)
{
    const struct mac_list emptied = fleet->collecting;

    pthread_mutex_lock(&fleet->lock);
    fleet->collecting = fleet->behind;
    fleet->behind = emptied;
    pthread_mutex_unlock(&fleet->lock);
    mac_list_sort(&fleet->collecting);
}

struct change *fleet_collect(void *ctx)
{
    struct fleet *fleet = ctx;
    struct mac_list *list = &fleet->collecting;
    struct change *change = NULL;

    if (list->count == 0)
        take_behind(fleet);
    pthread_mutex_lock(&fleet->lock);
    while (change == NULL && list->count > 0) {
        const mac_address mac = list->macs[list->count - 1];
        struct device *device = device_table_find(&fleet->devices, mac);
        if (device != NULL) {
            change = change_new(CHANGE_SEEN, mac);
            if (change == NULL)
                break;
            change->as.seen.at_ms = device->told_ms;
            facts_read(&device->facts, &change->as.seen.facts);
            device->is_behind = false;
        }
        list->count--;
    }
    pthread_mutex_unlock(&fleet->lock);
    return change;
}

void fleet_uncollect(void *ctx, const struct change *change)
{
    struct fleet *fleet = ctx;

    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, change->device);
    if (device != NULL)
        fleet_mark_behind(fleet, device);
    pthread_mutex_unlock(&fleet->lock);
    if (change->kind == CHANGE_HEARD)
        fleet_hear_again(fleet, change->as.heard);
}

void fleet_settled(void *ctx, const struct change *change, enum change_result result)
{
    struct fleet *fleet = ctx;
    const struct store_class *class = fleet->config.store;

    /* What was decided by is not so: memory is to learn how it is. */
    if (change->is_conditional && result != CHANGE_DONE && class->reread != NULL)
        class->reread(fleet->store, change->device);
    if (change->kind == CHANGE_HEARD && result != CHANGE_DONE)
        fleet_hear_again(fleet, change->as.heard);
    if (!change->is_ahead)
        return;
    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, change->device);
    if (device != NULL && device->ahead > 0)
        device->ahead--;
    pthread_mutex_unlock(&fleet->lock);
}
