#include "server/rollout/rollout.h"

#include <stdio.h>
#include <string.h>

#define NO ROLLOUT_STATE_COUNT

/* Rows: states; columns: events, in their order. */
static const enum rollout_state next_states[ROLLOUT_STATE_COUNT][ROLLOUT_EVENT_COUNT] = {
    [ROLLOUT_PLANNED] = {ROLLOUT_RUNNING, NO, ROLLOUT_AWAITING, NO, NO, NO, NO, NO,
                         ROLLOUT_CANCELLED, NO},
    [ROLLOUT_RUNNING] = {NO, ROLLOUT_RUNNING, ROLLOUT_AWAITING, ROLLOUT_FINISHED, ROLLOUT_HALTED,
                         NO, ROLLOUT_PAUSED, NO, ROLLOUT_CANCELLED, ROLLOUT_ROLLED_BACK},
    [ROLLOUT_AWAITING] = {NO, NO, NO, NO, ROLLOUT_HALTED, ROLLOUT_RUNNING, ROLLOUT_PAUSED, NO,
                          ROLLOUT_CANCELLED, ROLLOUT_ROLLED_BACK},
    [ROLLOUT_PAUSED] = {NO, NO, NO, NO, NO, NO, NO, ROLLOUT_RUNNING, ROLLOUT_CANCELLED,
                        ROLLOUT_ROLLED_BACK},
    [ROLLOUT_HALTED] = {NO, NO, NO, NO, NO, NO, NO, ROLLOUT_RUNNING, ROLLOUT_CANCELLED,
                        ROLLOUT_ROLLED_BACK},
    [ROLLOUT_FINISHED] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, ROLLOUT_ROLLED_BACK},
    [ROLLOUT_CANCELLED] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, ROLLOUT_ROLLED_BACK},
    [ROLLOUT_ROLLED_BACK] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
};

static const char *const state_names[ROLLOUT_STATE_COUNT] = {
    [ROLLOUT_PLANNED] = "planned",     [ROLLOUT_RUNNING] = "running",
    [ROLLOUT_AWAITING] = "awaiting",   [ROLLOUT_PAUSED] = "paused",
    [ROLLOUT_HALTED] = "halted",       [ROLLOUT_FINISHED] = "finished",
    [ROLLOUT_CANCELLED] = "cancelled", [ROLLOUT_ROLLED_BACK] = "rolled-back",
};

const char *rollout_state_name(enum rollout_state state)
{
    return (unsigned)state < ROLLOUT_STATE_COUNT ? state_names[state] : NULL;
}

enum rollout_state rollout_next_state(enum rollout_state state, enum rollout_event event)
{
    if ((unsigned)state >= ROLLOUT_STATE_COUNT || (unsigned)event >= ROLLOUT_EVENT_COUNT)
        return ROLLOUT_STATE_COUNT;
    return next_states[state][event];
}

static void open_stage(struct rollout *rollout, uint64_t end, int64_t now_ms)
{
    if (rollout->stage >= rollout->stage_count)
        return;
    rollout->stages[rollout->stage++].end = end;
    rollout->opened_ms = now_ms;
}

void rollout_carry_out(struct rollout *rollout, enum rollout_event event, uint64_t end,
                       const struct rollout_tally *tally, int64_t now_ms)
{
    const enum rollout_state next = rollout_next_state(rollout->state, event);

    if (next == ROLLOUT_STATE_COUNT)
        return;
    rollout->state = next;
    rollout->revision++;
    if (event == ROLLOUT_START || event == ROLLOUT_NEXT || event == ROLLOUT_APPROVE)
        open_stage(rollout, end, now_ms);
    if (event != ROLLOUT_RESUME)
        return;
    rollout->opened_ms = now_ms;
    rollout->forgiven = tally->failed + tally->silent;
    rollout->reason[0] = '\0';
}

static struct rollout_verdict nothing(void)
{
    return (struct rollout_verdict){.event = ROLLOUT_EVENT_COUNT};
}

/* The event that opens the stage after the open ones. */
static struct rollout_verdict open_next(const struct rollout *rollout, enum rollout_event event)
{
    const bool waits = rollout->stages[rollout->stage].needs_approval;

    return (struct rollout_verdict){.event = waits ? ROLLOUT_ASK : event};
}

static bool judge_failures(const struct rollout *rollout, const struct rollout_tally *tally,
                           char reason[ROLLOUT_REASON_SIZE])
{
    const uint8_t limit = rollout->stages[rollout->stage - 1].failure;
    const uint32_t failed = tally->failed + tally->silent;
    const uint32_t counted = failed > rollout->forgiven ? failed - rollout->forgiven : 0;

    if ((uint64_t)counted * 100 <= (uint64_t)limit * tally->open)
        return false;
    snprintf(reason, ROLLOUT_REASON_SIZE,
             "%u of %u devices failed (%u came back without it, %u not at all): more than %u %%",
             failed, tally->open, tally->failed, tally->silent, limit);
    return true;
}

/* How long there has been time to hear of devices, from since_ms on. */
static int64_t listened_ms(struct rollout_time time, int64_t since_ms)
{
    const bool is_before = since_ms < time.listening_ms;
    const bool is_to_come = since_ms > time.now_ms; /* the clock was set back */

    return time.now_ms - (is_before || is_to_come ? time.listening_ms : since_ms);
}

static bool judge_time(const struct rollout *rollout, const struct rollout_tally *tally,
                       struct rollout_time time, char reason[ROLLOUT_REASON_SIZE])
{
    const struct rollout_stage *stage = &rollout->stages[rollout->stage - 1];

    if (stage->time_limit_s == 0 ||
        listened_ms(time, rollout->opened_ms) < (int64_t)stage->time_limit_s * 1000)
        return false;
    snprintf(reason, ROLLOUT_REASON_SIZE,
             "stage %u has had its %u minutes: %u of %u devices arrived, %u %% had to",
             rollout->stage, stage->time_limit_s / 60, tally->arrived, tally->open, stage->success);
    return true;
}

static struct rollout_verdict judge_open(const struct rollout *rollout,
                                         const struct rollout_tally *tally,
                                         struct rollout_time time)
{
    const struct rollout_stage *stage = &rollout->stages[rollout->stage - 1];
    struct rollout_verdict verdict = {.event = ROLLOUT_HALT};

    if (judge_failures(rollout, tally, verdict.reason))
        return verdict;
    if (rollout->state == ROLLOUT_AWAITING)
        return nothing();
    if (tally->arrived > 0 &&
        (uint64_t)tally->arrived * 100 >= (uint64_t)stage->success * tally->open) {
        if (rollout->stage < rollout->stage_count)
            return open_next(rollout, ROLLOUT_NEXT);
        return (struct rollout_verdict){.event = ROLLOUT_FINISH};
    }
    return judge_time(rollout, tally, time, verdict.reason) ? verdict : nothing();
}

struct rollout_verdict rollout_judge(const struct rollout *rollout,
                                     const struct rollout_tally *tally, struct rollout_time time)
{
    const bool is_active = rollout->state == ROLLOUT_RUNNING || rollout->state == ROLLOUT_AWAITING;

    if (rollout->state == ROLLOUT_PLANNED && time.now_ms >= rollout->start_ms &&
        tally->targeted > 0)
        return open_next(rollout, ROLLOUT_START);
    if (is_active && rollout->stage > 0)
        return judge_open(rollout, tally, time);
    /* Resumed before its first stage was approved. */
    return rollout->state == ROLLOUT_RUNNING ? open_next(rollout, ROLLOUT_NEXT) : nothing();
}

/* SplitMix64's mixing of the two: every bit of either moves half of the result's. */
uint32_t rollout_place(uint32_t rollout, mac_address mac)
{
    uint64_t mixed = (uint64_t)mac + (uint64_t)rollout * UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((mixed ^ (mixed >> 31)) >> 32);
}

uint32_t rollout_stage_size(const struct rollout_stage *stage, uint32_t targeted)
{
    const uint64_t share = ((uint64_t)targeted * stage->percent + 99) / 100;
    const uint64_t size = stage->devices != 0 ? stage->devices : share;

    if (size > targeted)
        return targeted;
    return size > 0 ? (uint32_t)size : 1;
}

uint8_t rollout_stage_of(const struct rollout *rollout, uint32_t place)
{
    for (uint8_t i = 0; i < rollout->stage; i++)
        if (place < rollout->stages[i].end)
            return i;
    return rollout->stage_count;
}

#define MINUTES_PER_DAY 1440

bool rollout_is_in_window(const struct rollout_window *window, struct utc_offset offset,
                          int64_t now_ms)
{
    const int64_t minutes = now_ms / 60000 + (offset.is_set ? offset.minutes : window->offset_min);
    const int64_t minute = (minutes % MINUTES_PER_DAY + MINUTES_PER_DAY) % MINUTES_PER_DAY;

    if (window->from_min == window->to_min)
        return true;
    if (window->from_min < window->to_min)
        return minute >= window->from_min && minute < window->to_min;
    return minute >= window->from_min || minute < window->to_min;
}

bool rollout_is_silent(const struct rollout *rollout, const struct rollout_part *part,
                       struct rollout_time time)
{
    return part->rollout == rollout->id && part->taken_ms != 0 && rollout->silence_s != 0 &&
           listened_ms(time, part->taken_ms) > (int64_t)rollout->silence_s * 1000;
}

bool rollout_is_history(const struct rollout *rollout)
{
    return rollout->state == ROLLOUT_FINISHED && rollout->channel[0] != '\0';
}
