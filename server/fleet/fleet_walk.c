/* Over all devices, which may come, change and go meanwhile. */
#include "server/fleet/fleet_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fleet_list_devices(struct fleet *fleet, struct mac_list *list)
{
    bool is_complete = true;

    pthread_mutex_lock(&fleet->lock);
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

struct batch_walk {
    struct mac_list list;
    size_t next;                                 /* of the list */
    const struct device *found[DEVICES_FETCHED]; /* the latest, that are still there */
    size_t count;
};

/* Finds the next few, and leaves the fleet locked for them. False, and not locked, when there are
 * no more. */
static bool walk_on(struct fleet *fleet, struct batch_walk *walk)
{
    const mac_address *macs = walk->list.macs + walk->next;
    const size_t left = walk->list.count - walk->next;
    const size_t count = left < DEVICES_FETCHED ? left : DEVICES_FETCHED;

    if (count == 0)
        return false;
    walk->next += count;
    walk->count = 0;
    pthread_mutex_lock(&fleet->lock);
    device_table_fetch(&fleet->devices, macs, count);
    for (size_t i = 0; i < count; i++) {
        walk->found[walk->count] = device_table_find(&fleet->devices, macs[i]);
        walk->count += walk->found[walk->count] != NULL;
    }
    return true;
}

bool fleet_count_devices(struct fleet *fleet,
                         void (*visit)(void *ctx, const struct device_view *view), void *ctx)
{
    struct device_view views[DEVICES_FETCHED];
    struct batch_walk walk = {.next = 0};
    const bool is_complete = fleet_list_devices(fleet, &walk.list);

    while (is_complete && walk_on(fleet, &walk)) {
        for (size_t i = 0; i < walk.count; i++)
            fleet_view_device(fleet, walk.found[i], &views[i], false);
        pthread_mutex_unlock(&fleet->lock);
        for (size_t i = 0; i < walk.count; i++)
            visit(ctx, &views[i]);
    }
    free(walk.list.macs);
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
    struct batch_walk walk = {.next = 0};
    const bool is_complete = fleet_list_devices(fleet, &walk.list);

    while (is_complete && walk_on(fleet, &walk)) {
        for (size_t i = 0; i < walk.count; i++)
            take_brief(fleet, walk.found[i], &briefs[i]);
        pthread_mutex_unlock(&fleet->lock);
        for (size_t i = 0; i < walk.count; i++)
            visit(ctx, &briefs[i]);
    }
    free(walk.list.macs);
    return is_complete;
}
