/* Who would take a release, who cannot, and why: what a dry run says. */
#include "server/policy/keys.h"
#include "server/policy/path.h"
#include "server/policy/policy.h"
#include "server/policy/target.h"

#include <string.h>

static const struct {
    const char *name, *words;
} obstacles[RULE_COUNT] = {
    [RULE_DOWNGRADE] = {"newer", "run something newer"},
    [RULE_NO_STEP] = {"no-step", "run something too old, and no release is in between"},
    [RULE_FILE_MISSING] = {"file-missing", "would get a file that is missing on the server"},
    [RULE_OTHER_CHIP] = {"other-chip", "have another chip"},
    [RULE_FLASH_TOO_SMALL] = {"small-flash", "have less flash than it is built for"},
    [RULE_NO_SPACE] = {"no-space", "have no space for the file"},
    [RULE_NO_ROOM_TO_INFLATE] = {"no-room-to-inflate", "have no room to unpack it"},
    [RULE_KEYS_HELD] = {"key-update", "do not take the key update that it needs first"},
    [RULE_NO_FORM] = {"no-form", "take no form of it that was published: compression, signature"},
};

const char *policy_obstacle_name(enum policy_rule rule)
{
    return (unsigned)rule < RULE_COUNT ? obstacles[rule].name : NULL;
}

const char *policy_obstacle_words(enum policy_rule rule)
{
    return (unsigned)rule < RULE_COUNT ? obstacles[rule].words : NULL;
}

static void survey_others(struct policy_survey *survey, const struct policy_device *device)
{
    if (device->assignment.is_decommissioned)
        survey->decommissioned++;
    else if (device->facts == NULL)
        survey->never_seen++;
    else if (policy_is_pinned(device))
        survey->pinned++;
    else
        survey->others++;
}

enum policy_rule policy_obstacle(const struct policy_device *device, const struct rollout *rollout,
                                 const struct policy_catalogue *catalogue,
                                 const struct release **next)
{
    const struct policy_path path =
        policy_find_path(device, rollout->release, rollout->downgrade, catalogue);
    const struct release_file *file;

    *next = path.next;
    if (path.obstacle != RULE_DUE)
        return path.obstacle;
    const enum policy_rule rule = policy_judge_fit_with_keys(device, path.next, catalogue, &file);
    return rule == RULE_KEYS_FIRST ? RULE_DUE : rule;
}

void policy_survey(struct policy_survey *survey, const struct policy_device *device,
                   const struct rollout *rollout, const struct policy_catalogue *catalogue)
{
    const enum policy_standing standing = policy_standing(device, rollout, catalogue);
    const char *product = policy_product(device);
    const struct release *next;

    if (product == NULL || strcmp(product, rollout->release->product) != 0)
        return;
    if (standing == STANDING_OUTSIDE)
        survey_others(survey, device);
    if (standing == STANDING_OUTSIDE || standing == STANDING_ARRIVED)
        return;
    const enum policy_rule rule = policy_obstacle(device, rollout, catalogue, &next);
    if (rule != RULE_DUE)
        survey->cannot[rule]++;
    else if (next != rollout->release)
        survey->by_steps++;
}
