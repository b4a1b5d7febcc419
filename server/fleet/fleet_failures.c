/* Whom a rollout has failed on, and why. */
#include "server/fleet/fleet_state.h"

#include <stdio.h>
#include <stdlib.h>

static void explain_unfit(const struct policy_device *subject, const struct rollout *rollout,
                          const struct policy_catalogue *catalogue, struct fleet_failure *failure)
{
    const struct release *next;
    const char *words = policy_obstacle_words(policy_obstacle(subject, rollout, catalogue, &next));

    snprintf(failure->reason, sizeof failure->reason, "%s",
             words != NULL ? words : "cannot take it");
}

/* False when nothing is wrong there; the lock is held. */
static bool explain(const struct fleet *fleet, const struct device *device,
                    const struct rollout *rollout, struct fleet_failure *failure)
{
    struct device_facts room;
    const struct policy_device subject = fleet_policy_device(fleet, device, &room);
    const struct policy_catalogue catalogue = fleet_catalogue(fleet);

    failure->mac = device->mac;
    failure->standing = policy_standing(&subject, rollout, &catalogue);
    if (failure->standing == STANDING_UNFIT)
        explain_unfit(&subject, rollout, &catalogue, failure);
    else if (failure->standing == STANDING_SILENT)
        snprintf(failure->reason, sizeof failure->reason, "silent since the download");
    else if (failure->standing == STANDING_FAILED && device->part.comebacks == 0)
        snprintf(failure->reason, sizeof failure->reason, "never had all of the download");
    else if (failure->standing == STANDING_FAILED)
        snprintf(failure->reason, sizeof failure->reason, "came back with %s",
                 room.version[0] != '\0' ? room.version : "another sketch");
    else
        return false;
    return true;
}

bool fleet_each_failure(struct fleet *fleet, const struct rollout *rollout,
                        void (*visit)(void *ctx, const struct fleet_failure *failure), void *ctx)
{
    struct mac_list list = {0};
    struct fleet_failure failure;
    const bool is_complete = fleet_list_devices(fleet, &list);

    mac_list_sort(&list);
    for (size_t i = 0; i < list.count && is_complete; i++) {
        pthread_mutex_lock(&fleet->lock);
        const struct device *device = device_table_find(&fleet->devices, list.macs[i]);
        const bool is_failure = device != NULL && explain(fleet, device, rollout, &failure);
        pthread_mutex_unlock(&fleet->lock);
        if (is_failure)
            visit(ctx, &failure);
    }
    free(list.macs);
    return is_complete;
}

struct fleet_results fleet_results(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    const struct fleet_results results = fleet->results;
    pthread_mutex_unlock(&fleet->lock);
    return results;
}
