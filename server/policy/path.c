#include "server/policy/path.h"

#include "server/model/version.h"
#include "server/policy/keys.h"
#include "server/policy/target.h"

#include <string.h>

struct policy_running policy_running(const struct policy_device *device,
                                     const struct policy_catalogue *catalogue)
{
    const struct device_facts *facts = device->facts;
    const char *product = policy_product(device);
    struct policy_running running = {NULL, NULL};

    if (facts == NULL || product == NULL)
        return running;
    if (facts->version[0] != '\0') {
        running.version = facts->version;
        running.release = catalogue->by_version(catalogue->ctx, product, facts->version);
        return running;
    }
    for (size_t i = 0; i < catalogue->release_count; i++) {
        const struct release *release = catalogue->releases[i];
        if (strcmp(release->product, product) == 0 &&
            policy_runs_image(facts, &release->image.digests) &&
            (running.release == NULL || release->id > running.release->id))
            running.release = release;
    }
    if (running.release != NULL)
        running.version = running.release->version;
    return running;
}

bool policy_is_downgrade(const struct policy_running *running, const struct release *release)
{
    const enum version_order order = running->version != NULL
                                         ? version_order(release->version, running->version)
                                         : VERSION_UNORDERED;

    if (order != VERSION_UNORDERED)
        return order == VERSION_OLDER;
    return running->release != NULL && release->id < running->release->id;
}

static bool is_new_enough(const char *version, const char *required)
{
    if (required[0] == '\0')
        return true;
    const enum version_order order =
        version != NULL ? version_order(version, required) : VERSION_UNORDERED;

    return order == VERSION_SAME || order == VERSION_NEWER;
}

bool policy_may_precede(const struct release *stone, const struct release *goal)
{
    return strcmp(stone->product, goal->product) == 0 &&
           version_order(stone->version, goal->version) == VERSION_OLDER &&
           is_new_enough(stone->version, goal->requires);
}

static bool is_on_its_way(const struct policy_device *device, const struct release *stone,
                          const struct release *goal)
{
    return strcmp(stone->channel, goal->channel) == 0 ||
           strcmp(stone->channel, policy_channel(device)) == 0 ||
           strcmp(stone->channel, CHANNEL_DEFAULT) == 0;
}

/* Can the release come before the goal, on this device? */
static bool is_stone(const struct policy_device *device, const struct policy_running *running,
                     const struct release *stone, const struct release *goal,
                     const struct policy_catalogue *catalogue)
{
    return stone->state == RELEASE_LIVE && policy_may_precede(stone, goal) &&
           is_on_its_way(device, stone, goal) && !policy_is_downgrade(running, stone) &&
           !policy_runs(device->facts, stone) && !policy_is_held(catalogue, stone) &&
           policy_fits_with_keys(device, stone, catalogue);
}

bool policy_is_newer(const struct release *release, const struct release *than)
{
    const enum version_order order = version_order(release->version, than->version);

    return order == VERSION_NEWER || (order != VERSION_OLDER && release->id > than->id);
}

static const struct release *find_stone(const struct policy_device *device,
                                        const struct policy_running *running,
                                        const struct release *goal,
                                        const struct policy_catalogue *catalogue)
{
    size_t count = catalogue->release_count;
    const struct release *const *stones =
        catalogue->before != NULL ? catalogue->before(catalogue->ctx, goal, &count) : NULL;
    const bool is_ordered = stones != NULL;
    const struct release *found = NULL;

    if (!is_ordered)
        stones = catalogue->releases;
    for (size_t i = 0; i < count && (found == NULL || !is_ordered); i++)
        if (is_stone(device, running, stones[i], goal, catalogue) &&
            (found == NULL || policy_is_newer(stones[i], found)))
            found = stones[i];
    return found;
}

struct policy_path policy_find_path(const struct policy_device *device,
                                    const struct release *target, bool may_downgrade,
                                    const struct policy_catalogue *catalogue)
{
    const struct policy_running running = policy_running(device, catalogue);
    const struct release *next = target;

    if (!may_downgrade && policy_is_downgrade(&running, target))
        return (struct policy_path){target, RULE_DOWNGRADE};
    /* Each is older than the one after it: this comes to an end. */
    while (next != NULL && !is_new_enough(running.version, next->requires))
        next = find_stone(device, &running, next, catalogue);
    if (next == NULL)
        return (struct policy_path){target, RULE_NO_STEP};
    return (struct policy_path){next, RULE_DUE};
}
