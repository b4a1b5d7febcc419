/* Over all devices, which may come, change and go meanwhile. */
#include "server/fleet/fleet_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fleet_list_devices(struct fleet *fleet, struct mac_list *list)
{
    pthread_mutex_lock(&fleet->lock);
    bool is_complete = mac_list_reserve(list, fleet->devices.count);
    for (size_t i = 0; i < fleet->devices.capacity && is_complete; i++)
        if (fleet->devices.slots[i] != NULL)
            is_complete = mac_list_add(list, fleet->devices.slots[i]->mac);
    pthread_mutex_unlock(&fleet->lock);
    return is_complete;
}

struct fleet_walk {
    struct fleet *fleet;
    struct mac_list left; /* a heap */
};

static void drop_below(struct mac_list *list, mac_address from)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (list->macs[i] >= from)
            list->macs[kept++] = list->macs[i];
    list->count = kept;
}

struct fleet_walk *fleet_walk_begin(struct fleet *fleet, mac_address from)
{
    struct fleet_walk *walk = calloc(1, sizeof *walk);

    if (walk == NULL)
        return NULL;
    walk->fleet = fleet;
    if (!fleet_list_devices(fleet, &walk->left)) {
        fleet_walk_end(walk);
        return NULL;
    }
    drop_below(&walk->left, from);
    mac_list_make_heap(&walk->left);
    return walk;
}

bool fleet_walk_next(struct fleet_walk *walk, struct device_view *view)
{
    while (walk->left.count > 0)
        if (fleet_view(walk->fleet, mac_list_pop(&walk->left), view))
            return true;
    return false;
}

void fleet_walk_end(struct fleet_walk *walk)
{
    free(walk->left.macs);
    free(walk);
}

bool fleet_next_batch(struct fleet *fleet, struct device_batches *batches)
{
    const mac_address *macs = batches->list.macs + batches->next;
    const size_t left = batches->list.count - batches->next;
    const size_t count = left < DEVICES_FETCHED ? left : DEVICES_FETCHED;

    if (count == 0)
        return false;
    batches->next += count;
    batches->count = 0;
    pthread_mutex_lock(&fleet->lock);
    device_table_fetch(&fleet->devices, macs, count);
    for (size_t i = 0; i < count; i++) {
        batches->found[batches->count] = device_table_find(&fleet->devices, macs[i]);
        batches->count += batches->found[batches->count] != NULL;
    }
    return true;
}

bool fleet_count_devices(struct fleet *fleet,
                         void (*visit)(void *ctx, const struct device_view *view), void *ctx)
{
    struct device_view views[DEVICES_FETCHED];
    struct device_batches batches = {.next = 0};
    const bool is_complete = fleet_list_devices(fleet, &batches.list);

    while (is_complete && fleet_next_batch(fleet, &batches)) {
        for (size_t i = 0; i < batches.count; i++)
            fleet_view_device(fleet, batches.found[i], &views[i], false);
        pthread_mutex_unlock(&fleet->lock);
        for (size_t i = 0; i < batches.count; i++)
            visit(ctx, &views[i]);
    }
    free(batches.list.macs);
    return is_complete;
}

static const char *product_of(const struct fleet *fleet, const struct assignment *assignment)
{
    const struct group *group =
        assignment->group != NULL ? pair_map_get(&fleet->group_names, assignment->group, "") : NULL;
    const struct policy_device subject = {.assignment = *assignment, .group = group};

    return policy_product(&subject);
}

static void take_brief(const struct fleet *fleet, const struct device *device,
                       struct device_brief *brief)
{
    struct device_facts facts;
    struct device_view view;

    facts_read(&device->facts, &facts);
    brief->last_seen_ms = device->last_seen_ms;
    brief->is_decommissioned = device->assignment.is_decommissioned;
    brief->product = product_of(fleet, &device->assignment);
    memcpy(brief->version, facts.version, sizeof brief->version);
    if (facts.version[0] != '\0')
        return;
    fleet_view_device(fleet, device, &view,
                      false); /* which decides, and so knows it by its digest */
    if (view.version != NULL)
        snprintf(brief->version, sizeof brief->version, "%s", view.version);
}

bool fleet_each_brief(struct fleet *fleet,
                      void (*visit)(void *ctx, const struct device_brief *brief), void *ctx)
{
    struct device_brief briefs[DEVICES_FETCHED];
    struct device_batches batches = {.next = 0};
    const bool is_complete = fleet_list_devices(fleet, &batches.list);

    while (is_complete && fleet_next_batch(fleet, &batches)) {
        for (size_t i = 0; i < batches.count; i++)
            take_brief(fleet, batches.found[i], &briefs[i]);
        pthread_mutex_unlock(&fleet->lock);
        for (size_t i = 0; i < batches.count; i++)
            visit(ctx, &briefs[i]);
    }
    free(batches.list.macs);
    return is_complete;
}
