#include "server/fleet/fleet_state.h"

#include <string.h>

/* The release of its product that the device runs, by what it says; 0 = unknown. */
static uint32_t running_release(const struct fleet *fleet, const struct device *device,
                                const char *product)
{
    struct device_facts facts;

    facts_read(&device->facts, &facts);
    for (size_t i = fleet->release_count; i > 0; i--) {
        const struct release *release = fleet->releases[i - 1];
        if (strcmp(release->product, product) == 0 && policy_runs(&facts, release))
            return release->id;
    }
    return 0;
}

/* It may have been offered more meanwhile. */
static void base_on_decision(struct change *change, const struct device *device,
                             const struct policy_decision *decision)
{
    if (device == NULL)
        return;
    fleet_base_on(change, device);
    if (change->seen.offers.release == decision->next->id)
        change->seen.offers.count = decision->offers;
}

struct change *fleet_offer(struct fleet *fleet, mac_address mac,
                           const struct policy_decision *decision)
{
    struct change *change = change_new(CHANGE_OFFER, mac);

    if (change == NULL)
        return NULL;
    change->as.offer.release = decision->next->id;
    fleet_note_offer(fleet, change, decision);
    pthread_mutex_lock(&fleet->lock);
    const struct device *device = device_table_find(&fleet->devices, mac);
    const struct rollout *rollout = decision->rollout;
    base_on_decision(change, device, decision);
    /* One that sends devices back is over: what it remembers of them stays. */
    if (device != NULL && rollout != NULL && decision->next == rollout->release) {
        change->as.offer.rollout = rollout->id;
        change->as.offer.before = running_release(fleet, device, decision->target->product);
    }
    pthread_mutex_unlock(&fleet->lock);
    return change;
}
