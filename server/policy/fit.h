/* Whether a release can run on a device, and which of its forms the device gets. */
#ifndef SERVER_POLICY_FIT_H
#define SERVER_POLICY_FIT_H

#include "server/policy/policy.h"

/* RULE_DUE and the form for the device; or why no form of the release will do, and one
 * to show for it. */
enum policy_rule policy_judge_fit(const struct device_facts *facts, const struct release *release,
                                  const struct release_file **file);

/* Some form of the release can run there, its files taken as stored: of a device it says whether
 * it can take the release. */
bool policy_would_fit(const struct device_facts *facts, const struct release *release);

/* The form of the release's file system for the device, and RULE_DUE; or why there is none. */
enum policy_rule policy_judge_files(const struct device_facts *facts, const struct release *release,
                                    const struct release_file **file);

#endif
