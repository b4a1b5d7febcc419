/* Rollouts over the fleet: who stands where in them, and what happens by itself. */
#include "server/fleet/fleet_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A device's standing in a rollout is added to its counts; the lock is held. */
static void count_device(const struct fleet *fleet, const struct device *device,
                         const struct rollout *rollout, struct rollout_counts *counts)
{
    struct device_facts facts;
    const struct policy_device subject = fleet_policy_device(fleet, device, &facts);
    const struct policy_catalogue catalogue = fleet_catalogue(fleet);
    const enum policy_standing standing = policy_standing(&subject, rollout, &catalogue);
    const uint8_t stage = rollout_stage_of(rollout, rollout_place(rollout->id, device->mac));

    policy_count(&counts->all, standing);
    if (stage < rollout->stage_count)
        policy_count(&counts->stages[stage], standing);
}

/* Goes over all devices for these rollouts; the fleet is not held up meanwhile. */
static void count_all(struct fleet *fleet, struct rollout_view *views, size_t count)
{
    struct device_batches batches = {.next = 0};

    if (count > 0)
        fleet_list_devices(fleet, &batches.list);
    while (fleet_next_batch(fleet, &batches)) {
        for (size_t i = 0; i < batches.count; i++)
            for (size_t j = 0; j < count; j++)
                count_device(fleet, batches.found[i], &views[j].rollout, &views[j].counts);
        pthread_mutex_unlock(&fleet->lock);
    }
    free(batches.list.macs);
}

static void survey_device(const struct fleet *fleet, const struct device *device,
                          const struct rollout *rollout, struct policy_survey *survey)
{
    struct device_facts facts;
    const struct policy_device subject = fleet_policy_device(fleet, device, &facts);
    const struct policy_catalogue catalogue = fleet_catalogue(fleet);

    policy_survey(survey, &subject, rollout, &catalogue);
}

static void survey_all(struct fleet *fleet, const struct rollout *rollout,
                       struct policy_survey *survey)
{
    struct device_batches batches = {.next = 0};

    fleet_list_devices(fleet, &batches.list);
    while (fleet_next_batch(fleet, &batches)) {
        for (size_t i = 0; i < batches.count; i++)
            survey_device(fleet, batches.found[i], rollout, survey);
        pthread_mutex_unlock(&fleet->lock);
    }
    free(batches.list.macs);
}

void fleet_count_rollout(struct fleet *fleet, const struct rollout *rollout,
                         struct rollout_counts *counts, struct policy_survey *survey)
{
    struct rollout_view view = {.rollout = *rollout};

    count_all(fleet, &view, 1);
    *counts = view.counts;
    *survey = (struct policy_survey){.by_steps = 0};
    survey_all(fleet, rollout, survey);
}

/* Copies of those in states up to `last`, in the order of the states. */
static struct rollout_view *copy_rollouts(struct fleet *fleet, enum rollout_state last,
                                          size_t *count)
{
    pthread_mutex_lock(&fleet->lock);
    const size_t total = fleet->rollout_count;
    struct rollout_view *views = calloc(total + 1, sizeof *views);
    *count = 0;
    for (size_t i = total; i > 0 && views != NULL; i--)
        if (fleet->rollouts[i - 1]->state <= last)
            views[(*count)++].rollout = *fleet->rollouts[i - 1];
    pthread_mutex_unlock(&fleet->lock);
    return views;
}

struct rollout_view *fleet_copy_rollouts(struct fleet *fleet, size_t *count)
{
    struct rollout_view *views = copy_rollouts(fleet, ROLLOUT_STATE_COUNT, count);

    count_all(fleet, views, *count);
    return views;
}

struct rollout_view *fleet_copy_unsettled_rollouts(struct fleet *fleet, size_t *count)
{
    struct rollout_view *views = copy_rollouts(fleet, ROLLOUT_HALTED, count);

    count_all(fleet, views, *count);
    return views;
}

void fleet_count_rollout_states(struct fleet *fleet, uint32_t counts[ROLLOUT_STATE_COUNT])
{
    memset(counts, 0, ROLLOUT_STATE_COUNT * sizeof *counts);
    pthread_mutex_lock(&fleet->lock);
    for (size_t i = 0; i < fleet->rollout_count; i++)
        counts[fleet->rollouts[i]->state]++;
    pthread_mutex_unlock(&fleet->lock);
}

bool fleet_view_rollout(struct fleet *fleet, uint32_t id, struct rollout_view *view)
{
    *view = (struct rollout_view){.rollout = {.id = 0}};
    pthread_mutex_lock(&fleet->lock);
    const struct rollout *rollout = fleet_find_rollout(fleet, id);
    if (rollout != NULL)
        view->rollout = *rollout;
    pthread_mutex_unlock(&fleet->lock);
    if (rollout != NULL)
        count_all(fleet, view, 1);
    return rollout != NULL;
}

uint32_t fleet_next_rollout(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    const uint32_t id = ++fleet->last_rollout;
    pthread_mutex_unlock(&fleet->lock);
    return id;
}

/* --- opening a stage --- */

struct places {
    uint32_t *places;
    size_t count;
};

static int compare_places(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static void add_place(const struct fleet *fleet, const struct device *device,
                      const struct rollout *rollout, struct places *places)
{
    struct device_facts facts;
    const struct policy_device subject = fleet_policy_device(fleet, device, &facts);
    const struct policy_catalogue catalogue = fleet_catalogue(fleet);

    if (policy_standing(&subject, rollout, &catalogue) != STANDING_OUTSIDE)
        places->places[places->count++] = rollout_place(rollout->id, device->mac);
}

/* Where the devices of the rollout's target stand, in order. */
static struct places list_places(struct fleet *fleet, const struct rollout *rollout)
{
    struct device_batches batches = {.next = 0};
    struct places places = {NULL, 0};

    if (fleet_list_devices(fleet, &batches.list))
        places.places = malloc((batches.list.count + 1) * sizeof *places.places);
    while (places.places != NULL && fleet_next_batch(fleet, &batches)) {
        for (size_t i = 0; i < batches.count; i++)
            add_place(fleet, batches.found[i], rollout, &places);
        pthread_mutex_unlock(&fleet->lock);
    }
    free(batches.list.macs);
    if (places.places != NULL)
        qsort(places.places, places.count, sizeof *places.places, compare_places);
    return places;
}

/* Where the stage after the open ones ends; never before theirs. 0: unknown. */
static uint64_t find_end(struct fleet *fleet, const struct rollout *rollout)
{
    const struct rollout_stage *stage = &rollout->stages[rollout->stage];
    const uint64_t open = rollout->stage > 0 ? stage[-1].end : 0;

    if (stage->percent == 100)
        return ROLLOUT_PLACES;
    const struct places places = list_places(fleet, rollout);
    const uint32_t size = rollout_stage_size(stage, (uint32_t)places.count);
    const uint64_t end = places.count > 0 ? (uint64_t)places.places[size - 1] + 1 : 0;
    free(places.places);
    return end > open ? end : open;
}

static bool opens_stage(enum rollout_event event)
{
    return event == ROLLOUT_START || event == ROLLOUT_NEXT || event == ROLLOUT_APPROVE;
}

struct change *fleet_rollout_event(struct fleet *fleet, const struct rollout_view *view,
                                   enum rollout_event event, const char *reason)
{
    const bool opens = opens_stage(event) && view->rollout.stage < view->rollout.stage_count;
    const uint64_t end = opens ? find_end(fleet, &view->rollout) : 0;
    struct rollout *next = malloc(sizeof *next);
    struct change *change = change_new(CHANGE_PROGRESS, 0);

    if (next == NULL || change == NULL || (opens && end == 0) ||
        rollout_next_state(view->rollout.state, event) == ROLLOUT_STATE_COUNT) {
        free(next);
        free(change);
        return NULL;
    }
    *next = view->rollout;
    rollout_carry_out(next, event, end, &view->counts.all, fleet_now(fleet));
    if (reason != NULL)
        snprintf(next->reason, sizeof next->reason, "%s", reason);
    change->as.rollout = next;
    return change;
}

/* For the audit log: the server decides this by itself. */
static struct change *note_verdict(const struct fleet *fleet, struct change *change)
{
    struct audit_note *note = change != NULL ? calloc(1, sizeof *note) : NULL;

    if (note == NULL) {
        change_free(change);
        return NULL;
    }
    const struct rollout *rollout = change->as.rollout;
    note->at_ms = fleet_now(fleet);
    snprintf(note->who, sizeof note->who, "server");
    snprintf(note->action, sizeof note->action, "rollout %u is %s, %u of %u stages open",
             rollout->id, rollout_state_name(rollout->state), rollout->stage, rollout->stage_count);
    audit_text(note->detail, sizeof note->detail, rollout->reason);
    change->audit = note;
    return change;
}

/* A rollout of a release that was withdrawn ends, as far as it goes by itself. */
static struct rollout_verdict judge(struct fleet *fleet, const struct rollout_view *view)
{
    const struct rollout *rollout = &view->rollout;
    struct release release;

    if (!fleet_copy_release(fleet, rollout->release->product, rollout->release->version,
                            &release) ||
        release.state != RELEASE_WITHDRAWN)
        return rollout_judge(rollout, &view->counts.all,
                             (struct rollout_time){fleet_now(fleet), fleet->listening_ms});
    struct rollout_verdict verdict = {.event = rollout->state == ROLLOUT_PLANNED ? ROLLOUT_CANCEL
                                                                                 : ROLLOUT_HALT};
    char reason[sizeof release.version + sizeof release.reason + 32];
    snprintf(reason, sizeof reason, "%s was withdrawn%s%s", release.version,
             release.reason[0] != '\0' ? ": " : "", release.reason);
    audit_text(verdict.reason, sizeof verdict.reason, reason);
    return verdict;
}

/* Not having judged for that long, by the clock, is a gap in listening: the server was
 * down or stopped, or its clock was set. */
#define GAP_MS (10 * 60 * 1000)

static void note_gaps(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    const int64_t now_ms = fleet_now(fleet);
    if (now_ms < fleet->judged_ms || now_ms - fleet->judged_ms > GAP_MS)
        fleet->listening_ms = now_ms;
    fleet->judged_ms = now_ms;
    pthread_mutex_unlock(&fleet->lock);
}

void fleet_judge_rollouts(struct fleet *fleet)
{
    uint64_t lease;
    size_t count;

    note_gaps(fleet);
    if (!fleet_may_judge(fleet, &lease))
        return;
    struct rollout_view *views = copy_rollouts(fleet, ROLLOUT_AWAITING, &count);
    count_all(fleet, views, count);
    for (size_t i = 0; i < count; i++) {
        const struct rollout_verdict verdict = judge(fleet, &views[i]);
        struct change *change =
            verdict.event != ROLLOUT_EVENT_COUNT
                ? note_verdict(fleet,
                               fleet_rollout_event(fleet, &views[i], verdict.event, verdict.reason))
                : NULL;
        if (change == NULL)
            continue;
        change->lease = lease;
        fleet_submit(fleet, change, NULL, NULL);
    }
    free(views);
}
