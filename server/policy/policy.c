#include "server/policy/keys.h"
#include "server/policy/path.h"
#include "server/policy/target.h"

#include <string.h>

/* A state for each rule, and whether the release is sent. */
static const struct {
    enum device_state state;
    bool offer;
} outcomes[RULE_COUNT] = {
    [RULE_DECOMMISSIONED] = {STATE_DECOMMISSIONED, false},
    [RULE_NEVER_SEEN] = {STATE_NEVER_SEEN, false},
    [RULE_NO_PRODUCT] = {STATE_UNASSIGNED, false},
    [RULE_NO_SUCH_PIN] = {STATE_NO_RELEASE, false},
    [RULE_PIN_NOT_LIVE] = {STATE_NO_RELEASE, false},
    [RULE_NO_RELEASE] = {STATE_NO_RELEASE, false},
    [RULE_SAME_VERSION] = {STATE_CURRENT, false},
    [RULE_SAME_DIGEST] = {STATE_CURRENT, false},
    [RULE_DOWNGRADE] = {STATE_AHEAD, false},
    [RULE_NO_STEP] = {STATE_UNFIT, false},
    [RULE_FILE_MISSING] = {STATE_UNFIT, false},
    [RULE_OTHER_CHIP] = {STATE_UNFIT, false},
    [RULE_FLASH_TOO_SMALL] = {STATE_UNFIT, false},
    [RULE_NO_SPACE] = {STATE_UNFIT, false},
    [RULE_NO_ROOM_TO_INFLATE] = {STATE_UNFIT, false},
    [RULE_NO_FORM] = {STATE_UNFIT, false},
    [RULE_HELD_BACK] = {STATE_FAILING, false},
    [RULE_NOT_IN_ROLLOUT] = {STATE_WAITING, false},
    [RULE_STAGE_TO_COME] = {STATE_WAITING, false},
    [RULE_ROLLOUT_STOPPED] = {STATE_WAITING, false},
    [RULE_OUTSIDE_WINDOW] = {STATE_WAITING, false},
    [RULE_BUSY] = {STATE_WAITING, false},
    [RULE_FILES_FIRST] = {STATE_WAITING, false},
    [RULE_KEYS_FIRST] = {STATE_WAITING, false},
    [RULE_KEYS_HELD] = {STATE_FAILING, false},
    [RULE_ON_ITS_WAY] = {STATE_UPDATING, true},
    [RULE_DUE] = {STATE_DUE, true},
};

static const char *const state_names[STATE_COUNT] = {
    [STATE_UNASSIGNED] = "unassigned",
    [STATE_NEVER_SEEN] = "never-seen",
    [STATE_NO_RELEASE] = "no-release",
    [STATE_CURRENT] = "current",
    [STATE_DUE] = "due",
    [STATE_WAITING] = "waiting",
    [STATE_UPDATING] = "updating",
    [STATE_FAILING] = "failing",
    [STATE_UNFIT] = "unfit",
    [STATE_AHEAD] = "ahead",
    [STATE_DECOMMISSIONED] = "decommissioned",
};

const char *policy_state_name(enum device_state state)
{
    return (unsigned)state < STATE_COUNT ? state_names[state] : NULL;
}

const char *policy_product(const struct policy_device *device)
{
    if (device->assignment.product != NULL)
        return device->assignment.product;
    return device->group != NULL ? device->group->product : NULL;
}

struct filter_subject policy_filter_subject(const struct policy_device *device, const char *version)
{
    return (struct filter_subject){
        .mac = device->mac,
        .facts = device->facts,
        .product = policy_product(device),
        .group = device->assignment.group,
        .channel = policy_channel(device),
        .version = version,
        .alias = device->assignment.alias,
        .tags = device->assignment.tags,
    };
}

bool policy_runs_image(const struct device_facts *facts, const struct release_digests *digests)
{
    for (unsigned i = 0; facts->has_md5 && i < digests->md5_count; i++)
        if (memcmp(facts->sketch_md5, digests->md5[i], UD_MD5_SIZE) == 0)
            return true;
    for (unsigned i = 0; facts->has_sha256 && i < digests->sha256_count; i++)
        if (memcmp(facts->sketch_sha256, digests->sha256[i], UD_SHA256_SIZE) == 0)
            return true;
    return false;
}

bool policy_runs(const struct device_facts *facts, const struct release *release)
{
    if (facts->version[0] != '\0')
        return strcmp(facts->version, release->version) == 0;
    return policy_runs_image(facts, &release->image.digests);
}

bool policy_has_failed(const struct policy_device *device, const struct release *release,
                       const struct rollout *rollout)
{
    const bool was_offered = device->offers.release == release->id;
    const bool is_of_rollout = rollout == NULL || device->part.rollout == rollout->id;
    const uint32_t comebacks_max = rollout != NULL ? rollout->attempts : POLICY_OFFERS_MAX;

    if (!was_offered || device->on_its_way)
        return false;
    if (is_of_rollout && device->part.comebacks >= comebacks_max)
        return true;
    return device->offers.count >= POLICY_OFFERS_MAX;
}

/* Its own time zone, or its group's. */
static struct utc_offset offset_of(const struct policy_device *device)
{
    if (device->assignment.offset.is_set || device->group == NULL)
        return device->assignment.offset;
    return device->group->offset;
}

/* The next release suits the device, which does not run it. Is now the time? */
static enum policy_rule judge_time(const struct policy_device *device,
                                   const struct policy_target *target, const struct release *next)
{
    const bool was_offered = device->offers.release == next->id;

    if (target->obstacle != RULE_DUE)
        return target->obstacle;
    if (policy_has_failed(device, next, target->rollout))
        return RULE_HELD_BACK;
    if (device->load != LOAD_LIGHT)
        return RULE_BUSY;
    if (was_offered && device->on_its_way)
        return RULE_ON_ITS_WAY;
    if (target->rollout != NULL &&
        !rollout_is_in_window(&target->rollout->window, offset_of(device), device->now_ms))
        return RULE_OUTSIDE_WINDOW;
    return RULE_DUE;
}

/* What it would be sent has to wait for a key update. A download that the device goes on with
 * need not, if it can be used. */
static bool goes_after_keys(const struct policy_decision *decision, bool needs_keys)
{
    return (decision->rule == RULE_DUE && decision->keys.rule == RULE_DUE) ||
           (decision->rule == RULE_ON_ITS_WAY && needs_keys);
}

/* Decides on a release that is there: what of it, and of those before it, now? */
static void judge(const struct policy_device *device, const struct policy_target *target,
                  const struct policy_catalogue *catalogue, struct policy_decision *decision)
{
    const struct device_facts *facts = device->facts;

    if (policy_runs(facts, target->release)) {
        decision->rule = facts->version[0] != '\0' ? RULE_SAME_VERSION : RULE_SAME_DIGEST;
        return;
    }
    const struct policy_path path =
        policy_find_path(device, target->release, target->may_downgrade, catalogue);
    decision->rule = path.obstacle;
    if (path.obstacle != RULE_DUE)
        return;
    decision->next = path.next;
    decision->rule = policy_judge_fit_with_keys(device, path.next, catalogue, &decision->file);
    const bool needs_keys = decision->rule == RULE_KEYS_FIRST;
    if (decision->rule == RULE_DUE || needs_keys)
        decision->rule = judge_time(device, target, path.next);
    if (goes_after_keys(decision, needs_keys))
        decision->rule = RULE_KEYS_FIRST;
    else if (decision->rule == RULE_DUE && path.next->image.fs_count > 0 &&
             path.next->image.fs_first && device->files.release != path.next->id)
        decision->rule = RULE_FILES_FIRST;
}

static void choose_rule(const struct policy_device *device, const struct policy_target *target,
                        const struct policy_catalogue *catalogue, struct policy_decision *decision)
{
    if (device->assignment.is_decommissioned)
        decision->rule = RULE_DECOMMISSIONED;
    else if (device->facts == NULL)
        decision->rule = RULE_NEVER_SEEN;
    else if (policy_product(device) == NULL)
        decision->rule = RULE_NO_PRODUCT;
    else if (target->release == NULL)
        decision->rule = target->is_pinned ? RULE_NO_SUCH_PIN : RULE_NO_RELEASE;
    else if (target->release->state != RELEASE_LIVE)
        decision->rule = RULE_PIN_NOT_LIVE;
    else
        judge(device, target, catalogue, decision);
}

struct policy_decision policy_decide(const struct policy_device *device,
                                     const struct policy_catalogue *catalogue)
{
    const struct policy_target target = policy_find_target(device, catalogue);
    struct policy_decision decision = {
        .target = target.release,
        .next = target.release,
        .file = target.release != NULL ? &target.release->image.files[0] : NULL,
        .rollout = target.rollout,
        .later = target.later,
        .keys = policy_judge_keys(device, catalogue),
    };

    choose_rule(device, &target, catalogue, &decision);
    decision.state = outcomes[decision.rule].state;
    decision.offer = outcomes[decision.rule].offer;
    if (decision.next != NULL && device->offers.release == decision.next->id)
        decision.offers = device->offers.count;
    return decision;
}
