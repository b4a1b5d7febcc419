/* Changes to rollouts. */
#include "server/fleet/fleet_apply.h"

#include "server/fleet/pointers.h"

#include <stdio.h>
#include <stdlib.h>

struct rollout *fleet_find_rollout(const struct fleet *fleet, uint32_t id)
{
    for (size_t i = fleet->rollout_count; i > 0; i--)
        if (fleet->rollouts[i - 1]->id == id)
            return fleet->rollouts[i - 1];
    return NULL;
}

/* It was added or has changed. */
static void update_deciding(struct fleet *fleet, const struct rollout *rollout)
{
    deciding_update(&fleet->deciding, (const struct rollout *const *)fleet->rollouts,
                    fleet->rollout_count, rollout->release);
}

struct rollout *fleet_add_rollout(struct fleet *fleet, const struct rollout *rollout)
{
    const struct release *release = fleet_release_of_id(fleet, rollout->release_id);
    struct rollout **rollouts = pointers_make_room(fleet->rollouts, fleet->rollout_count);
    const struct rollout **deciding =
        pointers_make_room(fleet->deciding.rollouts, fleet->rollout_count);
    struct rollout *copy = malloc(sizeof *copy);

    if (rollouts != NULL)
        fleet->rollouts = rollouts;
    if (deciding != NULL)
        fleet->deciding.rollouts = deciding;
    if (rollouts == NULL || deciding == NULL || copy == NULL || release == NULL) {
        free(copy);
        return NULL;
    }
    *copy = *rollout;
    copy->release = release;
    fleet->rollouts[fleet->rollout_count++] = copy;
    if (copy->id > fleet->last_rollout)
        fleet->last_rollout = copy->id;
    update_deciding(fleet, copy);
    return copy;
}

/* The release of a rollout, to be changed. */
static struct release *own_release(const struct fleet *fleet, const struct rollout *rollout)
{
    const struct release *release = rollout->release;

    return pair_map_get(&fleet->by_version, release->product, release->version);
}

static void promote(struct fleet *fleet, const struct rollout *rollout)
{
    struct release *own = own_release(fleet, rollout);

    if (own == NULL)
        return;
    snprintf(own->channel, sizeof own->channel, "%s", rollout->channel);
    pair_map_set(&fleet->newest, own->product, own->channel, own);
}

void fleet_apply_rollout(struct fleet *fleet, const struct change *change)
{
    struct rollout *own = fleet_find_rollout(fleet, change->as.rollout->id);

    if (own != NULL)
        *own = *change->as.rollout;
    else
        own = fleet_add_rollout(fleet, change->as.rollout);
    if (own == NULL)
        return;
    update_deciding(fleet, own);
    struct release *release = own_release(fleet, own);
    if (change->kind == CHANGE_ROLLOUT && release != NULL && release->state == RELEASE_DRAFT)
        release->state = RELEASE_LIVE;
    if (own->state == ROLLOUT_FINISHED && own->channel[0] != '\0')
        promote(fleet, own);
    fleet_mark_all_changed(fleet);
}
