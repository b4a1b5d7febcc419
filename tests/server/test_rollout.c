/* The rules of a rollout: every state against every event, what halts it, what
 * opens its next stage, and who stands where.
 */
#include "server/rollout/rollout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)

/* Three stages of 5, 25 and 100 %; nine in ten must arrive, one in ten may fail. */
static struct rollout usual(void)
{
    struct rollout rollout = {.id = 7,
                              .release_id = 2,
                              .attempts = 2,
                              .silence_s = 3600,
                              .stage_count = 3,
                              .stages = {{.percent = 5}, {.percent = 25}, {.percent = 100}}};

    for (int i = 0; i < 3; i++) {
        rollout.stages[i].success = 90;
        rollout.stages[i].failure = 10;
        rollout.stages[i].time_limit_s = 24 * 3600;
    }
    return rollout;
}

static struct rollout running(uint8_t stage)
{
    struct rollout rollout = usual();

    rollout.state = ROLLOUT_RUNNING;
    rollout.stage = stage;
    for (uint8_t i = 0; i < stage; i++)
        rollout.stages[i].end = ROLLOUT_PLACES / 4 * (i + 1);
    return rollout;
}

/* What leads where, in words: state, event, next. All else is not allowed. */
static void every_state_against_every_event(void **state)
{
    static const struct {
        enum rollout_state from;
        enum rollout_event event;
        enum rollout_state to;
    } allowed[] = {
        {ROLLOUT_PLANNED, ROLLOUT_START, ROLLOUT_RUNNING},
        {ROLLOUT_PLANNED, ROLLOUT_ASK, ROLLOUT_AWAITING},
        {ROLLOUT_PLANNED, ROLLOUT_CANCEL, ROLLOUT_CANCELLED},
        {ROLLOUT_RUNNING, ROLLOUT_NEXT, ROLLOUT_RUNNING},
        {ROLLOUT_RUNNING, ROLLOUT_ASK, ROLLOUT_AWAITING},
        {ROLLOUT_RUNNING, ROLLOUT_FINISH, ROLLOUT_FINISHED},
        {ROLLOUT_RUNNING, ROLLOUT_HALT, ROLLOUT_HALTED},
        {ROLLOUT_RUNNING, ROLLOUT_PAUSE, ROLLOUT_PAUSED},
        {ROLLOUT_RUNNING, ROLLOUT_CANCEL, ROLLOUT_CANCELLED},
        {ROLLOUT_RUNNING, ROLLOUT_ROLL_BACK, ROLLOUT_ROLLED_BACK},
        {ROLLOUT_AWAITING, ROLLOUT_HALT, ROLLOUT_HALTED},
        {ROLLOUT_AWAITING, ROLLOUT_APPROVE, ROLLOUT_RUNNING},
        {ROLLOUT_AWAITING, ROLLOUT_PAUSE, ROLLOUT_PAUSED},
        {ROLLOUT_AWAITING, ROLLOUT_CANCEL, ROLLOUT_CANCELLED},
        {ROLLOUT_AWAITING, ROLLOUT_ROLL_BACK, ROLLOUT_ROLLED_BACK},
        {ROLLOUT_PAUSED, ROLLOUT_RESUME, ROLLOUT_RUNNING},
        {ROLLOUT_PAUSED, ROLLOUT_CANCEL, ROLLOUT_CANCELLED},
        {ROLLOUT_PAUSED, ROLLOUT_ROLL_BACK, ROLLOUT_ROLLED_BACK},
        {ROLLOUT_HALTED, ROLLOUT_RESUME, ROLLOUT_RUNNING},
        {ROLLOUT_HALTED, ROLLOUT_CANCEL, ROLLOUT_CANCELLED},
        {ROLLOUT_HALTED, ROLLOUT_ROLL_BACK, ROLLOUT_ROLLED_BACK},
        {ROLLOUT_FINISHED, ROLLOUT_ROLL_BACK, ROLLOUT_ROLLED_BACK},
        {ROLLOUT_CANCELLED, ROLLOUT_ROLL_BACK, ROLLOUT_ROLLED_BACK},
    };
    const struct rollout_tally tally = {.targeted = 100};

    (void)state;
    for (int from = 0; from < ROLLOUT_STATE_COUNT; from++)
        for (int event = 0; event < ROLLOUT_EVENT_COUNT; event++) {
            enum rollout_state to = ROLLOUT_STATE_COUNT;
            for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
                if ((int)allowed[i].from == from && (int)allowed[i].event == event)
                    to = allowed[i].to;
            assert_int_equal(
                rollout_next_state((enum rollout_state)from, (enum rollout_event)event), to);
            struct rollout rollout = running(1), before = rollout;
            before.state = rollout.state = (enum rollout_state)from;
            rollout_carry_out(&rollout, (enum rollout_event)event, 99, &tally, 5);
            if (to == ROLLOUT_STATE_COUNT)
                assert_memory_equal(&rollout, &before, sizeof rollout);
            else
                assert_int_equal(rollout.state, to);
        }
    assert_int_equal(rollout_next_state(ROLLOUT_STATE_COUNT, ROLLOUT_START), ROLLOUT_STATE_COUNT);
    assert_int_equal(rollout_next_state(ROLLOUT_RUNNING, ROLLOUT_EVENT_COUNT), ROLLOUT_STATE_COUNT);
}

static void stages_open_one_after_the_other(void **state)
{
    const struct rollout_tally tally = {.targeted = 100};
    struct rollout rollout = usual();

    (void)state;
    rollout_carry_out(&rollout, ROLLOUT_START, 10, &tally, 1000);
    assert_int_equal(rollout.stage, 1);
    assert_int_equal(rollout.stages[0].end, 10);
    assert_int_equal(rollout.opened_ms, 1000);
    rollout_carry_out(&rollout, ROLLOUT_ASK, 0, &tally, 1500);
    assert_int_equal(rollout.stage, 1);
    rollout_carry_out(&rollout, ROLLOUT_APPROVE, 20, &tally, 2000);
    rollout_carry_out(&rollout, ROLLOUT_NEXT, ROLLOUT_PLACES, &tally, 3000);
    assert_int_equal(rollout.stage, 3);
    assert_int_equal(rollout_stage_of(&rollout, 9), 0);
    assert_int_equal(rollout_stage_of(&rollout, 10), 1);
    assert_int_equal(rollout_stage_of(&rollout, 19), 1);
    assert_int_equal(rollout_stage_of(&rollout, UINT32_MAX), 2);
    rollout_carry_out(&rollout, ROLLOUT_NEXT, 5, &tally, 4000); /* there is none */
    assert_int_equal(rollout.stage, 3);
    assert_int_equal(rollout.stages[2].end, ROLLOUT_PLACES);
}

static enum rollout_event judged(const struct rollout *rollout, struct rollout_tally tally,
                                 int64_t now_ms)
{
    return rollout_judge(rollout, &tally, (struct rollout_time){now_ms, 0}).event;
}

static void it_starts_in_time_and_for_somebody(void **state)
{
    struct rollout rollout = usual();

    (void)state;
    rollout.start_ms = 1000;
    assert_int_equal(judged(&rollout, (struct rollout_tally){.targeted = 1}, 999),
                     ROLLOUT_EVENT_COUNT);
    assert_int_equal(judged(&rollout, (struct rollout_tally){.targeted = 0}, 1000),
                     ROLLOUT_EVENT_COUNT);
    assert_int_equal(judged(&rollout, (struct rollout_tally){.targeted = 1}, 1000), ROLLOUT_START);
    rollout.stages[0].needs_approval = true;
    assert_int_equal(judged(&rollout, (struct rollout_tally){.targeted = 1}, 1000), ROLLOUT_ASK);
    rollout.state = ROLLOUT_AWAITING;
    assert_int_equal(judged(&rollout, (struct rollout_tally){.targeted = 1}, 1000),
                     ROLLOUT_EVENT_COUNT);
    rollout.state = ROLLOUT_RUNNING; /* paused and resumed meanwhile */
    assert_int_equal(judged(&rollout, (struct rollout_tally){.targeted = 1}, 1000), ROLLOUT_ASK);
}

static void enough_arrivals_open_the_next_stage(void **state)
{
    struct rollout rollout = running(1);

    (void)state;
    assert_int_equal(judged(&rollout, (struct rollout_tally){10, 10, 8, 0, 0, 0}, 0),
                     ROLLOUT_EVENT_COUNT);
    assert_int_equal(judged(&rollout, (struct rollout_tally){10, 10, 9, 0, 0, 0}, 0), ROLLOUT_NEXT);
    rollout.stages[1].needs_approval = true;
    assert_int_equal(judged(&rollout, (struct rollout_tally){10, 10, 9, 0, 0, 0}, 0), ROLLOUT_ASK);
    /* Nobody is not enough, not even of nobody. */
    assert_int_equal(judged(&rollout, (struct rollout_tally){10, 0, 0, 0, 0, 3}, 0),
                     ROLLOUT_EVENT_COUNT);
    rollout = running(3);
    assert_int_equal(judged(&rollout, (struct rollout_tally){10, 10, 9, 0, 0, 0}, 0),
                     ROLLOUT_FINISH);
}

static void failures_halt_it_and_it_says_why(void **state)
{
    struct rollout rollout = running(2);
    struct rollout_tally tally = {
        .targeted = 100, .open = 25, .arrived = 10, .failed = 1, .silent = 1};

    (void)state;
    assert_int_equal(judged(&rollout, tally, 0), ROLLOUT_EVENT_COUNT); /* 8 % */
    tally.failed = 2;                                                  /* 12 % */
    const struct rollout_verdict verdict =
        rollout_judge(&rollout, &tally, (struct rollout_time){0, 0});
    assert_int_equal(verdict.event, ROLLOUT_HALT);
    assert_string_equal(verdict.reason, "3 of 25 devices failed (2 came back without it, 1 not at "
                                        "all): more than 10 %");
    tally.arrived = 22; /* arrivals do not outweigh them */
    assert_int_equal(judged(&rollout, tally, 0), ROLLOUT_HALT);
    rollout.state = ROLLOUT_AWAITING;
    assert_int_equal(judged(&rollout, tally, 0), ROLLOUT_HALT);
    /* At the limit is not beyond it; without a tolerance the first one halts. */
    tally = (struct rollout_tally){.targeted = 10, .open = 10, .failed = 1};
    assert_int_equal(judged(&rollout, tally, 0), ROLLOUT_EVENT_COUNT);
    rollout.stages[1].failure = 0;
    assert_int_equal(judged(&rollout, tally, 0), ROLLOUT_HALT);
}

static void who_resumes_it_forgives_what_is_known(void **state)
{
    struct rollout rollout = running(1);
    struct rollout_tally tally = {.targeted = 10, .open = 10, .failed = 3, .silent = 1};

    (void)state;
    rollout.state = ROLLOUT_HALTED;
    strcpy(rollout.reason, "because");
    rollout_carry_out(&rollout, ROLLOUT_RESUME, 0, &tally, 9000);
    assert_string_equal(rollout.reason, "");
    assert_int_equal(rollout.opened_ms, 9000);
    assert_int_equal(judged(&rollout, tally, 9000), ROLLOUT_EVENT_COUNT);
    tally.failed = 5;
    assert_int_equal(judged(&rollout, tally, 9000), ROLLOUT_HALT);
}

static void a_stage_has_its_time(void **state)
{
    struct rollout rollout = running(1);
    struct rollout_tally tally = {.targeted = 10, .open = 10, .arrived = 7};

    (void)state;
    assert_int_equal(judged(&rollout, tally, 24 * HOUR_MS - 1), ROLLOUT_EVENT_COUNT);
    const struct rollout_verdict verdict =
        rollout_judge(&rollout, &tally, (struct rollout_time){24 * HOUR_MS, 0});
    assert_int_equal(verdict.event, ROLLOUT_HALT);
    assert_string_equal(verdict.reason, "stage 1 has had its 1440 minutes: 7 of 10 devices "
                                        "arrived, 90 % had to");
    tally.arrived = 9;
    assert_int_equal(judged(&rollout, tally, 24 * HOUR_MS), ROLLOUT_NEXT);
    rollout.stages[0].time_limit_s = 0;
    tally.arrived = 7;
    assert_int_equal(judged(&rollout, tally, 1000 * HOUR_MS), ROLLOUT_EVENT_COUNT);
}

/* Nothing happens by itself where only an operator goes on. */
static void what_rests_is_left_alone(void **state)
{
    static const enum rollout_state resting[] = {ROLLOUT_PAUSED, ROLLOUT_HALTED, ROLLOUT_FINISHED,
                                                 ROLLOUT_CANCELLED, ROLLOUT_ROLLED_BACK};
    const struct rollout_tally bad = {.targeted = 10, .open = 10, .failed = 10};
    const struct rollout_tally good = {.targeted = 10, .open = 10, .arrived = 10};

    (void)state;
    for (size_t i = 0; i < sizeof resting / sizeof resting[0]; i++) {
        struct rollout rollout = running(1);
        rollout.state = resting[i];
        assert_int_equal(judged(&rollout, bad, 100 * HOUR_MS), ROLLOUT_EVENT_COUNT);
        assert_int_equal(judged(&rollout, good, 100 * HOUR_MS), ROLLOUT_EVENT_COUNT);
    }
}

static void stages_are_never_empty_nor_too_large(void **state)
{
    static const struct {
        struct rollout_stage stage;
        uint32_t targeted, size;
    } rows[] = {
        {{.percent = 5}, 100, 5},
        {{.percent = 5}, 101, 6},
        {{.percent = 1}, 3, 1},
        {{.percent = 100}, 7, 7},
        {{.devices = 10}, 100, 10},
        {{.devices = 10}, 4, 4},
        {{.devices = 1}, 1, 1},
        {{.percent = 99}, 50000, 49500},
        {{.percent = 100}, UINT32_MAX, UINT32_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(rollout_stage_size(&rows[i].stage, rows[i].targeted), rows[i].size);
}

/* A device's place depends on nothing but the two, and no stage it has been in is
 * left when others open; places are spread evenly, differently in each rollout. */
static void membership_is_stable_and_even(void **state)
{
    const unsigned seed = (unsigned)strtoul(getenv("SEED") ? getenv("SEED") : "9", NULL, 10);
    unsigned in_half = 0, in_both = 0;
    struct rollout rollout = running(3);

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < 20000; i++) {
        const mac_address mac = 0x5CCF7F000000 + (mac_address)(rand() % 0x1000000);
        const uint32_t place = rollout_place(rollout.id, mac);
        assert_int_equal(place, rollout_place(rollout.id, mac));
        const uint8_t in = rollout_stage_of(&rollout, place);
        for (uint8_t open = 1; open <= 3; open++) {
            struct rollout earlier = rollout;
            earlier.stage = open;
            const uint8_t then = rollout_stage_of(&earlier, place);
            assert_int_equal(then, in < open ? in : 3);
        }
        in_half += place < ROLLOUT_PLACES / 2;
        in_both +=
            place < ROLLOUT_PLACES / 2 && rollout_place(rollout.id + 1, mac) < ROLLOUT_PLACES / 2;
    }
    assert_in_range(in_half, 9600, 10400);
    assert_in_range(in_both, 4700, 5300);
}

static void windows_are_the_devices_time(void **state)
{
    static const struct {
        struct rollout_window window;
        int minute; /* UTC */
        bool is_in;
    } rows[] = {
        {{0, 0, 0}, 700, true},       {{60, 240, 0}, 59, false},
        {{60, 240, 0}, 60, true},     {{60, 240, 0}, 239, true},
        {{60, 240, 0}, 240, false},   {{1320, 300, 0}, 1319, false}, /* a night */
        {{1320, 300, 0}, 1320, true}, {{1320, 300, 0}, 0, true},
        {{1320, 300, 0}, 300, false}, {{60, 240, 120}, 1379, false}, /* two hours ahead of UTC */
        {{60, 240, 120}, 1380, true}, {{60, 240, 120}, 120, false},
        {{60, 240, -300}, 360, true}, {{60, 240, -300}, 100, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const int64_t minute_ms = 60000;
        const int64_t later_ms = (rows[i].minute + 20000 * 1440) * minute_ms + 59999;
        const struct utc_offset unknown = {false, 600}, own = {true, rows[i].window.offset_min};
        struct rollout_window window = rows[i].window;
        assert_int_equal(rollout_is_in_window(&window, unknown, rows[i].minute * minute_ms),
                         rows[i].is_in);
        assert_int_equal(rollout_is_in_window(&window, unknown, later_ms), rows[i].is_in);
        window.offset_min = 777; /* the device's own goes first */
        assert_int_equal(rollout_is_in_window(&window, own, later_ms), rows[i].is_in);
    }
}

/* Only who took it and was not heard of is silent; who sleeps is not. */
static void silence_begins_with_a_download(void **state)
{
    const struct rollout rollout = running(1);
    struct rollout_part part = {.rollout = rollout.id};

    (void)state;
    assert_false(rollout_is_silent(&rollout, &part, (struct rollout_time){1000 * HOUR_MS, 0}));
    part.taken_ms = HOUR_MS;
    assert_false(rollout_is_silent(&rollout, &part, (struct rollout_time){2 * HOUR_MS, 0}));
    assert_true(rollout_is_silent(&rollout, &part, (struct rollout_time){2 * HOUR_MS + 1, 0}));
    part.rollout++;
    assert_false(rollout_is_silent(&rollout, &part, (struct rollout_time){2 * HOUR_MS + 1, 0}));
}

/* Nobody could be heard while the server was down; and a clock that was set back is no
 * reason to wait for years. */
static void silence_counts_while_the_server_listens(void **state)
{
    const struct rollout rollout = running(1);
    struct rollout_part part = {.rollout = rollout.id, .taken_ms = HOUR_MS};
    const int64_t up_ms = 48 * HOUR_MS;
    const int64_t early_ms = up_ms + HOUR_MS, late_ms = early_ms + 1;

    (void)state;
    assert_false(rollout_is_silent(&rollout, &part, (struct rollout_time){early_ms, up_ms}));
    assert_true(rollout_is_silent(&rollout, &part, (struct rollout_time){late_ms, up_ms}));
    part.taken_ms = 9000 * HOUR_MS;
    assert_false(rollout_is_silent(&rollout, &part, (struct rollout_time){early_ms, up_ms}));
    assert_true(rollout_is_silent(&rollout, &part, (struct rollout_time){late_ms, up_ms}));
}

static void states_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < ROLLOUT_STATE_COUNT; i++)
        assert_non_null(rollout_state_name((enum rollout_state)i));
    assert_null(rollout_state_name(ROLLOUT_STATE_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_against_every_event),
        cmocka_unit_test(stages_open_one_after_the_other),
        cmocka_unit_test(it_starts_in_time_and_for_somebody),
        cmocka_unit_test(enough_arrivals_open_the_next_stage),
        cmocka_unit_test(failures_halt_it_and_it_says_why),
        cmocka_unit_test(who_resumes_it_forgives_what_is_known),
        cmocka_unit_test(a_stage_has_its_time),
        cmocka_unit_test(what_rests_is_left_alone),
        cmocka_unit_test(stages_are_never_empty_nor_too_large),
        cmocka_unit_test(membership_is_stable_and_even),
        cmocka_unit_test(windows_are_the_devices_time),
        cmocka_unit_test(silence_begins_with_a_download),
        cmocka_unit_test(silence_counts_while_the_server_listens),
        cmocka_unit_test(states_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
