/* Rollouts over a real database and a virtual clock: a good one, a bad one that halts by
 * itself, one rolled back; each ends the same when the server is restarted after every
 * step. And the number of downloads at once.
 */
#include "folder.h"
#include "server/fleet/fleet.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEVICES   200u
#define FIRST_MAC 0x5CCF7F000000
#define POLL_MS   60000

/* How a device of the fleet takes an update. */
enum nature { NATURE_GOOD, NATURE_BAD, NATURE_DEAD, NATURE_ASLEEP };

struct world {
    char folder[FOLDER_PATH_SIZE];
    char path[FOLDER_PATH_SIZE];
    struct fleet *fleet;
    struct fleet_limits limits;
    int64_t now_ms;
    bool restarts; /* before every round */
    const char *runs[DEVICES];
    enum nature natures[DEVICES];
    bool is_dead[DEVICES];
    unsigned offered; /* in all */
};

static int64_t world_now(void *ctx)
{
    return ((const struct world *)ctx)->now_ms;
}

static bool has_file(void *ctx, const struct release *release, const struct release_file *file)
{
    (void)ctx;
    (void)release;
    (void)file;
    return true;
}

static void ignore_trouble(void *ctx, const char *error)
{
    (void)ctx;
    if (error != NULL)
        fail_msg("%s", error);
}

static void ignore_released(void *ctx, const struct release *release)
{
    (void)ctx;
    (void)release;
}

static void ignore_removed(void *ctx, mac_address mac)
{
    (void)ctx;
    (void)mac;
}

static void open_world(struct world *world)
{
    const struct fleet_config config = {.store = &store_sqlite,
                                        .location = world->path,
                                        .ctx = world,
                                        .has_file = has_file,
                                        .trouble = ignore_trouble,
                                        .released = ignore_released,
                                        .removed = ignore_removed,
                                        .now_ms = world_now,
                                        .limits = world->limits};
    char error[STORE_ERROR_SIZE];

    world->fleet = fleet_open(&config, error);
    assert_non_null(world->fleet);
}

struct waiting {
    sem_t done;
    enum change_result result;
};

static void note_result(void *ctx, enum change_result result)
{
    struct waiting *waiting = ctx;

    waiting->result = result;
    sem_post(&waiting->done);
}

static enum change_result perform(struct world *world, struct change *change)
{
    struct waiting waiting;

    sem_init(&waiting.done, 0, 0);
    fleet_submit(world->fleet, change, note_result, &waiting);
    sem_wait(&waiting.done);
    sem_destroy(&waiting.done);
    return waiting.result;
}

/* All that was submitted before is durable and in memory. */
static void settle(struct world *world)
{
    perform(world, change_new(CHANGE_REMOVE, 1));
}

static void publish(struct world *world, const char *version, const char *channel)
{
    struct change *change = change_new(CHANGE_RELEASE, 0);
    struct release *release = calloc(1, sizeof *release);

    release->id = fleet_next_release(world->fleet);
    strcpy(release->product, "demo");
    strcpy(release->version, version);
    strcpy(release->channel, channel);
    release->image.chip = UD_CHIP_ESP8266;
    release->image.file_count = 1;
    release->image.files[0].size = 400000;
    change->as.release = release;
    assert_int_equal(perform(world, change), CHANGE_DONE);
}

static struct device_facts facts_of(const char *version)
{
    struct device_facts facts = {.chip = UD_CHIP_ESP8266,
                                 .free_space = 2u << 20,
                                 .sketch_size = 300000,
                                 .chip_size = 4u << 20,
                                 .address = {[10] = 255, 255, 192, 168, 0, 17}};

    snprintf(facts.version, sizeof facts.version, "%s", version);
    return facts;
}

static void enter_devices(struct world *world)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        struct change *change = change_new(CHANGE_REGISTER, FIRST_MAC + i);
        change->as.seen.at_ms = world->now_ms;
        change->as.seen.facts = facts_of("1.0");
        fleet_submit(world->fleet, change, NULL, NULL);
        change = change_new(CHANGE_ASSIGN, FIRST_MAC + i);
        change->as.assign.settings.set = SETTING_PRODUCT;
        strcpy(change->as.assign.settings.product, "demo");
        fleet_submit(world->fleet, change, NULL, NULL);
        world->runs[i] = "1.0";
    }
    settle(world);
}

/* Of 2.0: 5 %, 25 %, all; 80 % must arrive, 10 % may fail. */
static uint32_t plan(struct world *world, const char *channel)
{
    struct change *change = change_new(CHANGE_ROLLOUT, 0);
    struct rollout *rollout = calloc(1, sizeof *rollout);

    rollout->id = fleet_next_rollout(world->fleet);
    rollout->release_id = fleet_release(world->fleet, "demo", "2.0")->id;
    rollout->attempts = 2;
    rollout->silence_s = 3600;
    strcpy(rollout->channel, channel);
    rollout->start_ms = world->now_ms;
    rollout->stage_count = 3;
    for (int i = 0; i < 3; i++) {
        rollout->stages[i].percent = (uint8_t[]){5, 25, 100}[i];
        rollout->stages[i].success = 80;
        rollout->stages[i].failure = 10;
    }
    change->as.rollout = rollout;
    const uint32_t id = rollout->id;
    assert_int_equal(perform(world, change), CHANGE_DONE);
    return id;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    folder_join(world->path, folder_make(world->folder), "updraft.db");
    world->now_ms = 1000000;
    open_world(world);
    publish(world, "1.0", "stable");
    publish(world, "2.0", "candidate");
    enter_devices(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    fleet_close(world->fleet);
    folder_remove(world->folder);
    free(world);
    return 0;
}

/* A device asks, takes what it is offered, and runs it if that is its nature. */
static void poll_device(struct world *world, unsigned i)
{
    const struct device_facts facts = facts_of(world->runs[i]);
    const mac_address mac = FIRST_MAC + i;
    struct policy_decision decision;

    assert_true(fleet_check_in(world->fleet, mac, &facts, false, &decision));
    if (!decision.offer)
        return;
    world->offered++;
    assert_int_equal(perform(world, fleet_offer(world->fleet, mac, &decision)), CHANGE_DONE);
    const uint32_t transfer = fleet_transfer_begin(world->fleet, mac, 400000);
    fleet_transfer_end(world->fleet, mac, transfer, true);
    fleet_download_over(world->fleet, facts.address);
    const bool is_new = strcmp(decision.target->version, "2.0") == 0;
    if (world->natures[i] == NATURE_DEAD && is_new)
        world->is_dead[i] = true;
    else if (world->natures[i] != NATURE_BAD || !is_new)
        world->runs[i] = is_new ? "2.0" : "1.0";
}

/* Everybody who lives and is awake polls, then the server thinks; and again. */
static void go_on(struct world *world, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++) {
        if (world->restarts) {
            fleet_close(world->fleet);
            open_world(world);
        }
        for (unsigned i = 0; i < DEVICES; i++)
            if (!world->is_dead[i] && world->natures[i] != NATURE_ASLEEP)
                poll_device(world, i);
        settle(world);
        fleet_judge_rollouts(world->fleet);
        settle(world);
        world->now_ms += POLL_MS;
    }
}

static unsigned count_running(const struct world *world, const char *version)
{
    unsigned count = 0;

    for (unsigned i = 0; i < DEVICES; i++)
        count += strcmp(world->runs[i], version) == 0;
    return count;
}

static struct rollout_view view_of(struct world *world, uint32_t id)
{
    struct rollout_view view;

    assert_true(fleet_view_rollout(world->fleet, id, &view));
    return view;
}

static void tell(struct world *world, uint32_t id, enum rollout_event event)
{
    const struct rollout_view view = view_of(world, id);

    assert_int_equal(perform(world, fleet_rollout_event(world->fleet, &view, event, NULL)),
                     CHANGE_DONE);
}

static void drive_good(struct world *world)
{
    const uint32_t id = plan(world, "stable");

    go_on(world, 1);
    assert_int_equal(world->offered, 0);
    assert_int_equal(view_of(world, id).rollout.stage, 1);
    go_on(world, 1); /* the first stage takes it */
    assert_int_equal(count_running(world, "2.0"), 10);
    go_on(world, 2); /* reports it, the second takes it */
    assert_int_equal(count_running(world, "2.0"), 50);
    go_on(world, 4);
    assert_int_equal(count_running(world, "2.0"), 200);
    const struct rollout_view view = view_of(world, id);
    assert_int_equal(view.rollout.state, ROLLOUT_FINISHED);
    assert_int_equal(view.counts.all.arrived, 200);
    assert_int_equal(view.counts.stages[0].arrived, 10);
    assert_int_equal(view.counts.stages[1].arrived, 40);
    assert_int_equal(view.counts.stages[2].arrived, 150);
    assert_string_equal(fleet_newest_for_all(world->fleet, "demo", "stable")->version, "2.0");
    assert_int_equal(world->offered, 200); /* nobody was sent it twice */
}

static void a_good_release_reaches_all(void **state)
{
    drive_good(*state);
}

static void a_good_release_reaches_all_through_restarts(void **state)
{
    ((struct world *)*state)->restarts = true;
    drive_good(*state);
}

static void drive_bad(struct world *world)
{
    for (unsigned i = 0; i < DEVICES; i++)
        world->natures[i] = NATURE_BAD;
    const uint32_t id = plan(world, "stable");
    go_on(world, 12);
    struct rollout_view view = view_of(world, id);
    assert_int_equal(view.rollout.state, ROLLOUT_HALTED);
    assert_int_equal(view.rollout.stage, 1);
    assert_non_null(strstr(view.rollout.reason, "10 of 10 devices failed"));
    assert_int_equal(view.counts.all.failed, 10);
    assert_int_equal(world->offered, 20); /* two attempts each, of the first stage only */
    assert_int_equal(count_running(world, "2.0"), 0);
    assert_string_equal(fleet_newest_for_all(world->fleet, "demo", "stable")->version, "1.0");

    /* Resumed, nothing is tried again on those that are held, nor does it go on. */
    tell(world, id, ROLLOUT_RESUME);
    go_on(world, 3);
    assert_int_equal(world->offered, 20);
    view = view_of(world, id);
    assert_int_equal(view.rollout.state, ROLLOUT_RUNNING);
    assert_int_equal(view.rollout.stage, 1);
}

static void a_bad_release_halts_in_its_first_stage(void **state)
{
    drive_bad(*state);
}

static void a_bad_release_halts_through_restarts(void **state)
{
    ((struct world *)*state)->restarts = true;
    drive_bad(*state);
}

static void devices_that_fall_silent_halt_it_too(void **state)
{
    struct world *world = *state;

    for (unsigned i = 0; i < DEVICES; i++)
        world->natures[i] = NATURE_DEAD;
    const uint32_t id = plan(world, "");
    go_on(world, 3);
    assert_int_equal(view_of(world, id).rollout.state, ROLLOUT_RUNNING);
    world->now_ms += 3600 * 1000;
    go_on(world, 1);
    const struct rollout_view view = view_of(world, id);
    assert_int_equal(view.rollout.state, ROLLOUT_HALTED);
    assert_int_equal(view.counts.all.silent, 10);
}

/* One in ten sleeps for days: neither failure nor silence. */
static void sleepers_are_no_failures(void **state)
{
    struct world *world = *state;

    const uint32_t id = plan(world, "");
    for (unsigned i = 0; i < DEVICES; i += 20)
        world->natures[i] = NATURE_ASLEEP;
    go_on(world, 1);
    world->now_ms += INT64_C(5) * 86400 * 1000;
    go_on(world, 10);
    const struct rollout_view view = view_of(world, id);
    assert_int_equal(view.rollout.state, ROLLOUT_FINISHED);
    assert_int_equal(view.counts.all.failed + view.counts.all.silent, 0);
    world->natures[0] = NATURE_GOOD; /* wakes, and is not forgotten */
    go_on(world, 2);
    assert_string_equal(world->runs[0], "2.0");
}

static void rolling_back_returns_who_took_it(void **state)
{
    struct world *world = *state;
    const uint32_t id = plan(world, "stable");

    world->restarts = true;
    go_on(world, 3);
    assert_in_range(count_running(world, "2.0"), 10, 50);
    tell(world, id, ROLLOUT_ROLL_BACK);
    go_on(world, 3);
    assert_int_equal(count_running(world, "1.0"), DEVICES);
    assert_int_equal(view_of(world, id).rollout.state, ROLLOUT_ROLLED_BACK);
    const unsigned offered = world->offered;
    go_on(world, 3);
    assert_int_equal(world->offered, offered);
}

static void a_pause_offers_nothing(void **state)
{
    struct world *world = *state;
    const uint32_t id = plan(world, "");

    go_on(world, 2);
    tell(world, id, ROLLOUT_PAUSE);
    const unsigned offered = world->offered;
    go_on(world, 5);
    assert_int_equal(world->offered, offered);
    tell(world, id, ROLLOUT_RESUME);
    go_on(world, 8);
    assert_int_equal(count_running(world, "2.0"), DEVICES);
}

/* Two who change it at once: the second is told, and nothing of the first is lost. */
static void of_two_changes_at_once_one_is_refused(void **state)
{
    struct world *world = *state;
    const uint32_t id = plan(world, "");

    go_on(world, 1);
    const struct rollout_view view = view_of(world, id);
    struct change *pause = fleet_rollout_event(world->fleet, &view, ROLLOUT_PAUSE, NULL);
    struct change *cancel = fleet_rollout_event(world->fleet, &view, ROLLOUT_CANCEL, NULL);
    assert_int_equal(perform(world, pause), CHANGE_DONE);
    assert_int_equal(perform(world, cancel), CHANGE_CONFLICT);
    assert_int_equal(view_of(world, id).rollout.state, ROLLOUT_PAUSED);
    assert_null(fleet_rollout_event(world->fleet, &view, ROLLOUT_APPROVE, NULL));
}

/* Check-ins and ends of downloads by chance: never more than the limits. */
static void downloads_at_once_are_limited(void **state)
{
    const unsigned seed = (unsigned)strtoul(getenv("SEED") ? getenv("SEED") : "6", NULL, 10);
    struct world *world = *state;
    struct device_facts going[DEVICES];
    unsigned count = 0, most = 0, refused = 0;

    print_message("seed %u\n", seed);
    srand(seed);
    fleet_close(world->fleet);
    world->limits = (struct fleet_limits){7, 3};
    open_world(world);
    publish(world, "2.1", "stable");
    for (int step = 0; step < 5000; step++) {
        struct device_facts facts = facts_of("1.0");
        struct policy_decision decision;
        facts.address[14] = (uint8_t)(rand() % 4);
        facts.address[15] = (uint8_t)rand();
        if (count > 0 && rand() % 2) {
            const unsigned gone = (unsigned)rand() % count;
            fleet_download_over(world->fleet, going[gone].address);
            going[gone] = going[--count];
            continue;
        }
        fleet_check_in(world->fleet, FIRST_MAC + (unsigned)rand() % DEVICES, &facts, false,
                       &decision);
        refused += !decision.offer;
        if (!decision.offer)
            continue;
        unsigned at_site = 1;
        for (unsigned i = 0; i < count; i++)
            at_site += going[i].address[14] == facts.address[14];
        assert_true(at_site <= 3);
        going[count++] = facts;
        assert_true(count <= 7);
        most = count > most ? count : most;
    }
    assert_int_equal(most, 7);
    assert_true(refused > 100);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_release_reaches_all),
        TEST(a_good_release_reaches_all_through_restarts),
        TEST(a_bad_release_halts_in_its_first_stage),
        TEST(a_bad_release_halts_through_restarts),
        TEST(devices_that_fall_silent_halt_it_too),
        TEST(sleepers_are_no_failures),
        TEST(rolling_back_returns_who_took_it),
        TEST(a_pause_offers_nothing),
        TEST(of_two_changes_at_once_one_is_refused),
        TEST(downloads_at_once_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
