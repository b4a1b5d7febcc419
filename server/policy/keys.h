/* Key updates: which one a device gets, and what it will take once it has those that are
 * published. Only devices that tell their ring's number get any.
 */
#ifndef SERVER_POLICY_KEYS_H
#define SERVER_POLICY_KEYS_H

#include "server/policy/policy.h"

struct policy_keys policy_judge_keys(const struct policy_device *device,
                                     const struct policy_catalogue *catalogue);

/* As policy_judge_fit(). Where the device's keys alone speak against every form: is there
 * one for it when it has the key updates, RULE_KEYS_FIRST, or would there be if it took them,
 * RULE_KEYS_HELD? */
enum policy_rule policy_judge_fit_with_keys(const struct policy_device *device,
                                            const struct release *release,
                                            const struct policy_catalogue *catalogue,
                                            const struct release_file **file);

/* Some form of the release can run there, at the latest when it has the key updates. */
bool policy_fits_with_keys(const struct policy_device *device, const struct release *release,
                           const struct policy_catalogue *catalogue);

#endif
