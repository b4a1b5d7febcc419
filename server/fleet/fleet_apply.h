/* What a change that is durable does to memory, by what it is about. The lock is held. */
#ifndef SERVER_FLEET_FLEET_APPLY_H
#define SERVER_FLEET_FLEET_APPLY_H

#include "server/fleet/fleet_state.h"

void fleet_apply_register(struct fleet *fleet, const struct change *change);
void fleet_apply_assign(struct fleet *fleet, const struct change *change);
void fleet_apply_remove(struct fleet *fleet, const struct change *change);
/* Offers of releases, and that they are forgotten. */
void fleet_apply_offers(struct fleet *fleet, const struct change *change);
void fleet_apply_fs_offer(struct fleet *fleet, const struct change *change);
void fleet_apply_group(struct fleet *fleet, const struct change *change);
/* A release, what became its channel's newest, a file or a file system of one. */
void fleet_apply_release(struct fleet *fleet, const struct change *change);
void fleet_apply_edit(struct fleet *fleet, const struct change *change);
/* Rollouts, and what becomes of them. */
void fleet_apply_rollout(struct fleet *fleet, const struct change *change);
/* Key updates, and offers of them. */
void fleet_apply_ring(struct fleet *fleet, const struct change *change);

/* Sets a name of a device or a group to `value`, if the settings hold a new one. */
void fleet_set_name(struct fleet *fleet, const struct settings *settings, enum setting setting,
                    const char *value, const char **name);

#endif
