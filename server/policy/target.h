/* Which release a device should run: the part of the policy that weighs pins,
 * rollouts and channels.
 */
#ifndef SERVER_POLICY_TARGET_H
#define SERVER_POLICY_TARGET_H

#include "server/policy/policy.h"

struct policy_target {
    const struct release *release; /* null = none */
    const struct rollout *rollout; /* that leads to it; null = none */
    const struct rollout *later;   /* that does not reach the device now; null = none */
    enum policy_rule obstacle;     /* why it may not have it now; RULE_DUE = nothing */
    bool is_pinned;
    bool may_downgrade; /* asked for: the release may be older than what runs */
};

/* First match: its own pin, its group's; the newest rollout that reaches it, unless
 * its channel has a newer release; the channel's newest. A release that has a
 * rollout is not given out by its channel. What was withdrawn, or is a draft, is a target
 * only where it is pinned. */
struct policy_target policy_find_target(const struct policy_device *device,
                                        const struct policy_catalogue *catalogue);

/* The channel the device follows. */
const char *policy_channel(const struct policy_device *device);

/* Is it tied to a version of its product? */
bool policy_is_pinned(const struct policy_device *device);

/* Does a rollout have the say about who gets the release? */
bool policy_is_held(const struct policy_catalogue *catalogue, const struct release *release);

/* Was it tried often enough? rollout may be null. */
bool policy_has_failed(const struct policy_device *device, const struct release *release,
                       const struct rollout *rollout);

#endif
