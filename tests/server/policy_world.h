/* Two releases of a product, of which 2.0 is newest on every channel, and a device that runs 1.0:
 * what tests of decisions begin with.
 */
#ifndef TESTS_SERVER_POLICY_WORLD_H
#define TESTS_SERVER_POLICY_WORLD_H

#include "server/policy/policy.h"

#define MB (1024u * 1024u)

struct policy_world {
    struct release old, new;
    const struct release *by_age[2];
    struct device_facts facts;
    struct policy_device device;
    struct policy_catalogue catalogue; /* points into the rest, which is not to be moved */
};

void policy_world_init(struct policy_world *world, const char *product);

#endif
