/* Changes that are durable get into memory, and those who asked to be told are told. */
#include "server/fleet/fleet_apply.h"

typedef void apply_change(struct fleet *fleet, const struct change *change);

/* Null where memory has it already, or has nothing to do with it. */
static apply_change *find_apply(enum change_kind kind)
{
    switch (kind) {
    case CHANGE_REGISTER:
        return fleet_apply_register;
    case CHANGE_OFFER:
    case CHANGE_FORGET_OFFERS:
    case CHANGE_RETRY:
        return fleet_apply_offers;
    case CHANGE_ASSIGN:
        return fleet_apply_assign;
    case CHANGE_REMOVE:
        return fleet_apply_remove;
    case CHANGE_GROUP:
        return fleet_apply_group;
    case CHANGE_RELEASE:
    case CHANGE_NEWEST:
    case CHANGE_FILE:
    case CHANGE_FS_FILE:
        return fleet_apply_release;
    case CHANGE_FS_OFFER:
        return fleet_apply_fs_offer;
    case CHANGE_RING_UPDATE:
    case CHANGE_RING_WITHDRAWN:
    case CHANGE_RING_OFFER:
        return fleet_apply_ring;
    case CHANGE_EDIT:
        return fleet_apply_edit;
    case CHANGE_ROLLOUT:
    case CHANGE_PROGRESS:
        return fleet_apply_rollout;
    case CHANGE_SEEN: /* these came from memory */
    case CHANGE_HEARD:
    case CHANGE_TAKEN:
    case CHANGE_ARRIVED:
    case CHANGE_CAME_BACK:
    case CHANGE_FS_TAKEN:
    case CHANGE_FS_ARRIVED:
    case CHANGE_RING_ARRIVED:
    case CHANGE_EVENT: /* others' */
    case CHANGE_ACCOUNT:
    case CHANGE_WEBHOOK:
    default:
        return NULL;
    }
}

static void apply(struct fleet *fleet, const struct change *change)
{
    apply_change *const apply_kind = find_apply(change->kind);
    const bool waited =
        fleet_waits_for_assignment(device_table_find(&fleet->devices, change->device));

    if (apply_kind != NULL)
        apply_kind(fleet, change);
    fleet->unassigned -= waited;
    fleet->unassigned +=
        fleet_waits_for_assignment(device_table_find(&fleet->devices, change->device));
}

void fleet_announce(void *ctx, struct change *change)
{
    const struct fleet *fleet = ctx;

    if (fleet->config.announce != NULL)
        fleet->config.announce(fleet->config.ctx, change);
}

void fleet_committed(void *ctx, const struct change *change)
{
    struct fleet *fleet = ctx;
    const struct fleet_config *config = &fleet->config;

    pthread_mutex_lock(&fleet->lock);
    apply(fleet, change);
    pthread_mutex_unlock(&fleet->lock);
    if (change_has_release(change))
        config->released(config->ctx, change->as.release);
    else if (change->kind == CHANGE_REMOVE)
        config->removed(config->ctx, change->device);
    else if (change_has_rollout(change) && config->rollout != NULL)
        config->rollout(config->ctx, change->as.rollout);
    else if (change->kind == CHANGE_ACCOUNT && config->account != NULL)
        config->account(config->ctx, change->as.account);
    if (config->committed != NULL)
        config->committed(config->ctx, change);
}
