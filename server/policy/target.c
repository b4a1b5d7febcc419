#include "server/policy/target.h"

#include "server/policy/keys.h"
#include "server/policy/path.h"

#include <string.h>

/* The version the device is tied to: its own pin, or its group's where that is
 * of the device's product. */
static const char *pin_of(const struct policy_device *device, const char *product)
{
    const struct group *group = device->group;

    if (device->assignment.pin != NULL)
        return device->assignment.pin;
    if (group == NULL || group->pin == NULL || group->product == NULL)
        return NULL;
    return strcmp(group->product, product) == 0 ? group->pin : NULL;
}

bool policy_is_pinned(const struct policy_device *device)
{
    const char *product = policy_product(device);

    return product != NULL && pin_of(device, product) != NULL;
}

const char *policy_channel(const struct policy_device *device)
{
    if (device->assignment.channel != NULL)
        return device->assignment.channel;
    if (device->group != NULL && device->group->channel != NULL)
        return device->group->channel;
    return CHANNEL_DEFAULT;
}

static bool is_or_any(const char *wanted, const char *value)
{
    return wanted[0] == '\0' || (value != NULL && strcmp(wanted, value) == 0);
}

/* One that it has reached stays a member, whatever it runs by now. */
static bool is_targeted(const struct policy_device *device, const struct rollout *rollout,
                        const struct policy_running *running)
{
    const struct rollout_target *target = &rollout->target;
    const char *product = policy_product(device);

    if (device->facts == NULL || device->assignment.is_decommissioned || product == NULL ||
        rollout->release == NULL || strcmp(product, rollout->release->product) != 0 ||
        pin_of(device, product) != NULL || !is_or_any(target->group, device->assignment.group) ||
        !is_or_any(target->channel, policy_channel(device)))
        return false;
    if ((rollout->id != 0 && device->part.rollout == rollout->id) ||
        policy_runs(device->facts, rollout->release))
        return true;
    const struct filter_subject subject = policy_filter_subject(device, running->version);
    return is_or_any(target->from, device->facts->version) &&
           is_or_any(target->sdk, device->facts->sdk_version) &&
           filter_matches(&target->filter, &subject);
}

static bool is_reached(const struct policy_device *device, const struct rollout *rollout)
{
    return rollout_stage_of(rollout, rollout_place(rollout->id, device->mac)) <
           rollout->stage_count;
}

/* The latest rollout of a release has the say. */
static const struct rollout *latest_of(const struct policy_catalogue *catalogue,
                                       const struct release *release)
{
    for (size_t i = catalogue->rollout_count; i > 0; i--)
        if (catalogue->rollouts[i - 1]->release == release)
            return catalogue->rollouts[i - 1];
    return NULL;
}

bool policy_is_held(const struct policy_catalogue *catalogue, const struct release *release)
{
    const struct rollout *rollout = latest_of(catalogue, release);

    return rollout != NULL && !rollout_is_history(rollout);
}

/* The release a rollout has for one of its devices now; null = none. */
static const struct release *give(const struct policy_device *device, const struct rollout *rollout)
{
    const bool runs = policy_runs(device->facts, rollout->release);

    switch (rollout->state) {
    case ROLLOUT_ROLLED_BACK:
        return runs && device->part.rollout == rollout->id && device->before != NULL &&
                       device->before->state == RELEASE_LIVE
                   ? device->before
                   : NULL;
    case ROLLOUT_RUNNING:
    case ROLLOUT_AWAITING:
    case ROLLOUT_FINISHED:
        return runs || is_reached(device, rollout) ? rollout->release : NULL;
    case ROLLOUT_PLANNED:
    case ROLLOUT_PAUSED:
    case ROLLOUT_HALTED:
    case ROLLOUT_CANCELLED:
    case ROLLOUT_STATE_COUNT:
    default:
        return runs ? rollout->release : NULL;
    }
}

/* It has nothing for the device: its release is not live, or would take it back. */
static bool is_pointless(const struct rollout *rollout, const struct policy_running *running)
{
    if (rollout->state == ROLLOUT_ROLLED_BACK)
        return false;
    return rollout->release->state != RELEASE_LIVE ||
           (!rollout->downgrade && policy_is_downgrade(running, rollout->release));
}

static struct policy_target find_rollout(const struct policy_device *device,
                                         const struct policy_catalogue *catalogue)
{
    const struct policy_running running = catalogue->rollout_count > 0
                                              ? policy_running(device, catalogue)
                                              : (struct policy_running){NULL, NULL};
    struct policy_target target = {.obstacle = RULE_DUE};

    for (size_t i = catalogue->rollout_count; i > 0 && target.release == NULL; i--) {
        const struct rollout *rollout = catalogue->rollouts[i - 1];
        if (rollout_is_history(rollout) || !is_targeted(device, rollout, &running) ||
            latest_of(catalogue, rollout->release) != rollout || is_pointless(rollout, &running))
            continue;
        target.release = give(device, rollout);
        if (target.release != NULL) {
            target.rollout = rollout;
            target.may_downgrade = rollout->downgrade || rollout->state == ROLLOUT_ROLLED_BACK;
        } else if (target.later == NULL)
            target.later = rollout;
    }
    return target;
}

/* A channel's newest has a rollout that does not give it to the device. */
static struct policy_target withhold(const struct policy_device *device,
                                     const struct release *newest, const struct rollout *rollout,
                                     const struct policy_catalogue *catalogue)
{
    const struct policy_running running = policy_running(device, catalogue);
    const bool is_open = rollout->state == ROLLOUT_RUNNING || rollout->state == ROLLOUT_AWAITING ||
                         rollout->state == ROLLOUT_FINISHED;

    return (struct policy_target){.release = newest,
                                  .rollout = rollout,
                                  .obstacle = !is_targeted(device, rollout, &running)
                                                  ? RULE_NOT_IN_ROLLOUT
                                              : is_open ? RULE_STAGE_TO_COME
                                                        : RULE_ROLLOUT_STOPPED};
}

static struct policy_target find_pin(const struct policy_device *device, const char *product,
                                     const char *pin, const struct policy_catalogue *catalogue)
{
    return (struct policy_target){
        .release = catalogue->by_version(catalogue->ctx, product, pin),
        .obstacle = RULE_DUE,
        .is_pinned = true,
        .may_downgrade = device->assignment.pin != NULL ? device->assignment.downgrade
                                                        : device->group->downgrade,
    };
}

struct policy_target policy_find_target(const struct policy_device *device,
                                        const struct policy_catalogue *catalogue)
{
    const char *product = policy_product(device);
    const char *pin = product != NULL ? pin_of(device, product) : NULL;

    if (product == NULL)
        return (struct policy_target){.obstacle = RULE_DUE};
    if (pin != NULL)
        return find_pin(device, product, pin, catalogue);
    struct policy_target target = find_rollout(device, catalogue);
    const struct release *newest =
        catalogue->newest(catalogue->ctx, product, policy_channel(device));
    const struct rollout *holds = newest != NULL ? latest_of(catalogue, newest) : NULL;
    const bool is_held = holds != NULL && !rollout_is_history(holds);

    if (target.release == NULL && is_held)
        return withhold(device, newest, holds, catalogue);
    if (newest == NULL || is_held || (target.release != NULL && newest->id <= target.release->id) ||
        (target.rollout != NULL && target.rollout->state == ROLLOUT_ROLLED_BACK))
        return target;
    target.release = newest;
    target.rollout = NULL;
    target.may_downgrade = false;
    return target;
}

enum policy_standing policy_standing(const struct policy_device *device,
                                     const struct rollout *rollout,
                                     const struct policy_catalogue *catalogue)
{
    const struct policy_running running = policy_running(device, catalogue);

    if (!is_targeted(device, rollout, &running))
        return STANDING_OUTSIDE;
    if (!is_reached(device, rollout))
        return STANDING_LATER;
    if (policy_runs(device->facts, rollout->release))
        return STANDING_ARRIVED;
    const struct policy_path path =
        policy_find_path(device, rollout->release, rollout->downgrade, catalogue);
    const struct release_file *file;
    const enum policy_rule fit =
        path.obstacle == RULE_DUE ? policy_judge_fit_with_keys(device, path.next, catalogue, &file)
                                  : path.obstacle;
    if (fit == RULE_KEYS_HELD)
        return STANDING_FAILED;
    /* A file that is missing is the server's trouble, which passes. */
    if (fit != RULE_DUE && fit != RULE_KEYS_FIRST && fit != RULE_FILE_MISSING)
        return STANDING_UNFIT;
    if (rollout_is_silent(rollout, &device->part,
                          (struct rollout_time){device->now_ms, device->listening_ms}))
        return STANDING_SILENT;
    return policy_has_failed(device, path.next, rollout) ? STANDING_FAILED : STANDING_PENDING;
}

void policy_count(struct rollout_tally *tally, enum policy_standing standing)
{
    const bool is_open = standing >= STANDING_PENDING && standing <= STANDING_SILENT;

    tally->targeted += standing != STANDING_OUTSIDE;
    tally->open += is_open;
    tally->arrived += standing == STANDING_ARRIVED;
    tally->failed += standing == STANDING_FAILED;
    tally->silent += standing == STANDING_SILENT;
    tally->unfit += standing == STANDING_UNFIT;
}
