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
    struct device_batches batches = {.next = 0};
    struct fleet_failure failures[DEVICES_FETCHED];
    const bool is_complete = fleet_list_devices(fleet, &batches.list);

    mac_list_sort(&batches.list);
    while (is_complete && fleet_next_batch(fleet, &batches)) {
        size_t count = 0;
        for (size_t i = 0; i < batches.count; i++)
            count += explain(fleet, batches.found[i], rollout, &failures[count]);
        pthread_mutex_unlock(&fleet->lock);
        for (size_t i = 0; i < count; i++)
            visit(ctx, &failures[i]);
    }
    free(batches.list.macs);
    return is_complete;
}

struct fleet_results fleet_results(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    const struct fleet_results results = fleet->results;
    pthread_mutex_unlock(&fleet->lock);
    return results;
}
