/* The way from what a device runs to what it should run: not back, unless that is asked
 * for, and by way of older releases where the target cannot be reached at once.
 */
#ifndef SERVER_POLICY_PATH_H
#define SERVER_POLICY_PATH_H

#include "server/policy/policy.h"

/* What a device runs, as far as it is known. */
struct policy_running {
    const char *version;           /* as it says, or of the release; null = unknown */
    const struct release *release; /* of its product; null = none that is known here */
};

struct policy_path {
    const struct release *next; /* the target, or the first of those that come before it */
    enum policy_rule obstacle;  /* RULE_DOWNGRADE, RULE_NO_STEP, or RULE_DUE for none */
};

struct policy_running policy_running(const struct policy_device *device,
                                     const struct policy_catalogue *catalogue);

/* Is the release older than what runs: by their versions, or where these have no order,
 * by when they were published? False when that cannot be told. */
bool policy_is_downgrade(const struct policy_running *running, const struct release *release);

/* Is it one of those that may come before the goal, on some device: older, and new enough for
 * it? Of these the newest that fits a device is the one for it. */
bool policy_may_precede(const struct release *stone, const struct release *goal);

/* By version; of equal ones, the latest. */
bool policy_is_newer(const struct release *release, const struct release *than);

/* The device does not run the target. Of the releases that are new enough for the
 * target, on its own, the device's or the default channel, the newest that fits comes
 * before it; and so on, until one can be reached from what runs. */
struct policy_path policy_find_path(const struct policy_device *device,
                                    const struct release *target, bool may_downgrade,
                                    const struct policy_catalogue *catalogue);

#endif
