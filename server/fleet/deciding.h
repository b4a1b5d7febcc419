/* The rollouts that have a say, picked out when one changes, so that no check-in goes through
 * years of finished ones: of each release the latest, unless a channel has taken over from it.
 */
#ifndef SERVER_FLEET_DECIDING_H
#define SERVER_FLEET_DECIDING_H

#include "server/rollout/rollout.h"

#include <stddef.h>

/* All zero: none. */
struct deciding {
    const struct rollout **rollouts; /* by age; room for as many as there are in all */
    size_t count;
};

/* A rollout of the release was added or has changed; `all` of them are by age. */
void deciding_update(struct deciding *deciding, const struct rollout *const *all, size_t count,
                     const struct release *release);

#endif
