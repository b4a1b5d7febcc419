/* What a fleet of 1,000 devices lives through, minute by minute of a virtual clock, over a
 * real database. Each story is told once as it is, and once with the server's process
 * killed at instants by chance and started again; both must end alike, device by device.
 *   SEED=N  replays the chances of a run
 */
#include "tests/server/fleet_world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define DEVICES      1000u
#define KILLS        12
#define LIFE_MAX_US  60000 /* of a process that is going to be killed */
#define YEAR_MS      (INT64_C(365) * 24 * 3600 * 1000)
#define ROLLOUT      1u
#define FIRST_STAGE  50u  /* devices */
#define SECOND_STAGE 250u /* with those of the first */
#define LAB_DEVICES  100u
#define FEW          30u /* devices with a nature of their own: 3 % */

struct story {
    const char *name;
    unsigned rounds;    /* enough, even where dying costs some */
    enum nature nature; /* of all */
    /* What operators and fate do before a round. Called again for the same round when the
     * server died in it, so it does nothing twice. */
    void (*act)(struct world *world, unsigned round);
    void (*check)(struct world *world);
};

/* --- what operators do, once --- */

static bool has_rollout(struct world *world)
{
    struct rollout_view view;

    return fleet_view_rollout(world->fleet, ROLLOUT, &view);
}

static void start(struct world *world)
{
    if (!has_rollout(world))
        world_plan(world, "stable");
}

static void start_at_first(struct world *world, unsigned round)
{
    if (round == 0)
        start(world);
}

static void tell(struct world *world, enum rollout_event event, enum rollout_state then)
{
    if (world_rollout(world, ROLLOUT).rollout.state != then)
        world_tell(world, ROLLOUT, event);
}

static void withdraw(struct world *world)
{
    const struct release *known = fleet_release(world->fleet, "demo", WORLD_NEW);
    struct change *change = change_new(CHANGE_EDIT, 0);

    change->as.release = malloc(sizeof *change->as.release);
    *change->as.release = *known;
    change->as.release->state = RELEASE_WITHDRAWN;
    strcpy(change->as.release->reason, "it burns");
    world_perform(world, change); /* refused when it was done before */
}

/* --- what they see in the end --- */

static void expect_state(struct world *world, enum rollout_state state)
{
    const struct rollout_view view = world_rollout(world, ROLLOUT);

    if (view.rollout.state != state)
        fail_msg("the rollout is %s, not %s: %s", rollout_state_name(view.rollout.state),
                 rollout_state_name(state), view.rollout.reason);
}

static void expect_devices(struct world *world, unsigned old, unsigned new)
{
    assert_int_equal(world_count(world, WORLD_OLD), old);
    assert_int_equal(world_count(world, WORLD_NEW), new);
}

static const struct rollout_tally *tally_of(struct rollout_view *view)
{
    return &view->counts.all;
}

static void expect_newest(struct world *world, const char *version)
{
    assert_string_equal(fleet_newest_for_all(world->fleet, "demo", "stable")->version, version);
}

/* --- the stories --- */

static void check_good(struct world *world)
{
    struct rollout_view view = world_rollout(world, ROLLOUT);

    expect_state(world, ROLLOUT_FINISHED);
    expect_devices(world, 0, DEVICES);
    assert_int_equal(tally_of(&view)->arrived, DEVICES);
    assert_int_equal(view.counts.stages[0].arrived, FIRST_STAGE);
    assert_int_equal(view.counts.stages[1].arrived, SECOND_STAGE - FIRST_STAGE);
    assert_int_equal(view.counts.stages[2].arrived, DEVICES - SECOND_STAGE);
    expect_newest(world, WORLD_NEW);
}

static void check_bad(struct world *world)
{
    struct rollout_view view = world_rollout(world, ROLLOUT);

    expect_state(world, ROLLOUT_HALTED);
    assert_int_equal(view.rollout.stage, 1);
    assert_non_null(strstr(view.rollout.reason, "of 50 devices failed"));
    assert_int_equal(tally_of(&view)->failed, FIRST_STAGE);
    expect_devices(world, DEVICES, 0);
    expect_newest(world, WORLD_OLD);
    for (unsigned i = 0; i < DEVICES; i++) {
        const uint32_t place = rollout_place(ROLLOUT, WORLD_FIRST_MAC + i);
        const bool is_first = rollout_stage_of(&view.rollout, place) == 0;
        assert_int_equal(world->truth->devices[i].offered > 0, is_first);
    }
}

static void act_flapping(struct world *world, unsigned round)
{
    for (unsigned i = 0; i < FEW; i++)
        world->truth->devices[i].nature = NATURE_FLAPPING;
    start_at_first(world, round);
}

/* They are left alone in the end, on what they can run, and hold nobody up. */
static void check_flapping(struct world *world)
{
    struct rollout_view view = world_rollout(world, ROLLOUT);

    expect_state(world, ROLLOUT_FINISHED);
    assert_int_equal(tally_of(&view)->failed, FEW);
    expect_devices(world, FEW, DEVICES - FEW);
    const uint32_t offered = world_offered(world);
    for (unsigned i = 0; i < 5; i++)
        world_round(world);
    assert_int_equal(world_offered(world), offered);
}

/* One in ten wakes up only once a day. */
static void act_sleepers(struct world *world, unsigned round)
{
    start_at_first(world, round);
    world->truth->step_ms = 8 * WORLD_POLL_MS;
    for (unsigned i = 0; i < DEVICES; i += 10)
        world->truth->devices[i].nature = round % 180 == 179 ? NATURE_GOOD : NATURE_ASLEEP;
}

static void check_sleepers(struct world *world)
{
    struct rollout_view view = world_rollout(world, ROLLOUT);

    expect_state(world, ROLLOUT_FINISHED);
    assert_int_equal(tally_of(&view)->failed + tally_of(&view)->silent, 0);
    expect_devices(world, 0, DEVICES);
}

/* Other hardware under the MAC of what was there: an ESP32, one with an older version, and
 * one that has the new version already. */
static void act_swapped(struct world *world, unsigned round)
{
    struct world_device *devices = world->truth->devices;

    start_at_first(world, round);
    if (round != 2 || world->truth->next != 0)
        return;
    for (unsigned i = 0; i < FEW; i++) {
        devices[i].chip = UD_CHIP_ESP32;
        strcpy(devices[i].runs, "0.5");
        devices[i].offered = 0;
        strcpy(devices[FEW + i].runs, "0.9");
        strcpy(devices[2 * FEW + i].runs, WORLD_NEW);
    }
}

static void check_swapped(struct world *world)
{
    struct rollout_view view = world_rollout(world, ROLLOUT);
    struct device_view device;

    expect_state(world, ROLLOUT_FINISHED);
    expect_devices(world, 0, DEVICES - FEW);
    assert_int_equal(tally_of(&view)->unfit, FEW);
    assert_int_equal(tally_of(&view)->failed, 0);
    for (unsigned i = 0; i < FEW; i++) {
        assert_int_equal(world->truth->devices[i].offered, 0);
        assert_true(fleet_view(world->fleet, WORLD_FIRST_MAC + i, &device));
        assert_int_equal(device.decision.rule, RULE_OTHER_CHIP);
    }
}

static void act_withdrawn(struct world *world, unsigned round)
{
    start_at_first(world, round);
    if (world_count(world, WORLD_NEW) == FIRST_STAGE)
        withdraw(world);
}

/* Who has it keeps it, nobody else gets it. */
static void check_withdrawn(struct world *world)
{
    expect_state(world, ROLLOUT_HALTED);
    assert_non_null(strstr(world_rollout(world, ROLLOUT).rollout.reason, "withdrawn"));
    expect_devices(world, DEVICES - FIRST_STAGE, FIRST_STAGE);
}

static void act_pinned(struct world *world, unsigned round)
{
    struct settings settings = {.set = SETTING_GROUP, .group = "lab"};
    struct change *change = change_new(CHANGE_GROUP, 0);

    strcpy(change->as.group.name, "lab");
    change->as.group.settings.set = SETTING_PRODUCT | SETTING_PIN;
    strcpy(change->as.group.settings.product, "demo");
    strcpy(change->as.group.settings.pin, WORLD_OLD);
    if (round != 0) {
        change_free(change);
        return;
    }
    world_perform(world, change);
    for (unsigned i = 0; i < LAB_DEVICES; i++)
        world_assign(world, i, &settings);
    start(world);
}

static void check_pinned(struct world *world)
{
    expect_state(world, ROLLOUT_FINISHED);
    expect_devices(world, LAB_DEVICES, DEVICES - LAB_DEVICES);
    for (unsigned i = 0; i < LAB_DEVICES; i++)
        assert_int_equal(world->truth->devices[i].offered, 0);
}

static void act_cancelled(struct world *world, unsigned round)
{
    start_at_first(world, round);
    if (world_count(world, WORLD_NEW) == FIRST_STAGE)
        tell(world, ROLLOUT_CANCEL, ROLLOUT_CANCELLED);
}

static void check_cancelled(struct world *world)
{
    expect_state(world, ROLLOUT_CANCELLED);
    expect_devices(world, DEVICES - FIRST_STAGE, FIRST_STAGE);
    expect_newest(world, WORLD_OLD);
}

static void act_rolled_back(struct world *world, unsigned round)
{
    start_at_first(world, round);
    if (world_count(world, WORLD_NEW) == SECOND_STAGE)
        tell(world, ROLLOUT_ROLL_BACK, ROLLOUT_ROLLED_BACK);
}

static void check_rolled_back(struct world *world)
{
    unsigned reached = 0;

    expect_state(world, ROLLOUT_ROLLED_BACK);
    expect_devices(world, DEVICES, 0);
    for (unsigned i = 0; i < DEVICES; i++)
        reached += world->truth->devices[i].offered > 0;
    assert_int_equal(reached, SECOND_STAGE);
}

/* The server's clock leaps ten years ahead, and twenty back. */
static void act_leaping(struct world *world, unsigned round)
{
    struct world_truth *truth = world->truth;

    if (truth->leaps == 0) {
        truth->now_ms = 40 * YEAR_MS;
        truth->leaps++;
    }
    start_at_first(world, round);
    if (round == 3 && truth->leaps == 1) {
        truth->now_ms += 10 * YEAR_MS;
        truth->leaps++;
    }
    if (round == 5 && truth->leaps == 2) {
        truth->now_ms -= 20 * YEAR_MS;
        truth->leaps++;
    }
}

static void check_leaping(struct world *world)
{
    expect_state(world, ROLLOUT_FINISHED);
    expect_devices(world, 0, DEVICES);
}

/* Devices fall silent, the clock goes back by years, and still it is noticed. */
static void act_silent(struct world *world, unsigned round)
{
    struct world_truth *truth = world->truth;

    start_at_first(world, round);
    if (round == 4 && truth->leaps == 0) {
        truth->now_ms -= 3 * YEAR_MS;
        truth->leaps++;
    }
}

static void check_silent(struct world *world)
{
    expect_state(world, ROLLOUT_HALTED);
    assert_non_null(strstr(world_rollout(world, ROLLOUT).rollout.reason, " not at all"));
    assert_int_equal(world_rollout(world, ROLLOUT).rollout.stage, 1);
    expect_devices(world, DEVICES, 0);
}

static const struct story stories[] = {
    {"a good release reaches all", 14, NATURE_GOOD, start_at_first, check_good},
    {"a bad release halts in its first stage", 16, NATURE_BAD, start_at_first, check_bad},
    {"devices that flap are left alone", 26, NATURE_GOOD, act_flapping, check_flapping},
    {"sleepers are no failures", 540, NATURE_GOOD, act_sleepers, check_sleepers},
    {"a device is swapped under its MAC", 14, NATURE_GOOD, act_swapped, check_swapped},
    {"a release is withdrawn", 10, NATURE_GOOD, act_withdrawn, check_withdrawn},
    {"a pinned group stays", 14, NATURE_GOOD, act_pinned, check_pinned},
    {"a rollout is cancelled", 10, NATURE_GOOD, act_cancelled, check_cancelled},
    {"a rollout is rolled back", 14, NATURE_GOOD, act_rolled_back, check_rolled_back},
    {"the clock leaps", 18, NATURE_GOOD, act_leaping, check_leaping},
    {"devices die", 600, NATURE_DEAD, act_silent, check_silent},
};

#define STORY_COUNT (sizeof stories / sizeof stories[0])

/* --- telling them --- */

/* From where it was left to its end. */
static void go_on(struct world *world, const struct story *story)
{
    while (world->truth->round < story->rounds) {
        story->act(world, world->truth->round);
        world_round(world);
    }
}

/* A device has two attempts, of which the server may spoil one. */
static bool may_die(struct world_truth *truth)
{
    struct world_device *device = &truth->devices[truth->next];

    if (!truth->is_taking)
        return true;
    if (device->was_cut_off)
        return false;
    device->was_cut_off = true;
    truth->is_taking = false;
    return true;
}

/* Leaves the process stopped where it may die, or ended. */
static void stop_by_chance(struct world_truth *truth, pid_t pid)
{
    siginfo_t info;

    for (;;) {
        usleep((useconds_t)(rand() % LIFE_MAX_US));
        kill(pid, SIGSTOP);
        assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT), 0);
        if (info.si_code != CLD_STOPPED || may_die(truth))
            return;
        kill(pid, SIGCONT);
    }
}

/* In a process of its own: true when it came to the end. */
static bool live_once(struct world *world, const struct story *story, bool is_killed)
{
    int status;
    const pid_t pid = fork();

    if (pid == 0) {
        world_open(world);
        go_on(world, story);
        world_close(world);
        _exit(0);
    }
    assert_true(pid > 0);
    if (is_killed) {
        stop_by_chance(world->truth, pid);
        kill(pid, SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    else
        assert_int_equal(WTERMSIG(status), SIGKILL);
    return WIFEXITED(status);
}

static void tell_with_deaths(struct world *world, const struct story *story)
{
    unsigned deaths = 0;

    world_close(world);
    while (!live_once(world, story, deaths < KILLS))
        deaths++;
    world_open(world);
    world_round(world); /* what devices said last may have died with it */
}

static void run(const struct story *story,
                void (*way)(struct world *world, const struct story *story))
{
    struct world *world = world_new(DEVICES);

    for (unsigned i = 0; i < DEVICES; i++)
        world->truth->devices[i].nature = story->nature;
    way(world, story);
    story->check(world);
    world_free(world);
}

static void as_it_is(void **state)
{
    run(*state, go_on);
}

static void with_deaths(void **state)
{
    run(*state, tell_with_deaths);
}

int main(void)
{
    const char *given = getenv("SEED");
    const unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    struct CMUnitTest tests[2 * STORY_COUNT];
    char names[STORY_COUNT][80];

    printf("# seed %u\n", seed);
    fflush(stdout);
    srand(seed);
    for (size_t i = 0; i < STORY_COUNT; i++) {
        void *const story = (void *)(uintptr_t)&stories[i];
        snprintf(names[i], sizeof names[i], "%s, though the server dies", stories[i].name);
        tests[2 * i] = (struct CMUnitTest){stories[i].name, as_it_is, NULL, NULL, story};
        tests[2 * i + 1] = (struct CMUnitTest){names[i], with_deaths, NULL, NULL, story};
    }
    return _cmocka_run_group_tests("stories", tests, 2 * STORY_COUNT, NULL, NULL);
}
