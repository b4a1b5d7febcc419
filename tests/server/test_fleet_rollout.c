/* Rollouts over a real database and a virtual clock, in what the stories of tests/fleet
 * do not tell: pauses, silence, what is refused, and the number of downloads at once.
 */
#include "fleet_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEVICES 200u

static int set_up(void **state)
{
    *state = world_new(DEVICES);
    return 0;
}

static int tear_down(void **state)
{
    world_free(*state);
    return 0;
}

static void go_on(struct world *world, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++)
        world_round(world);
}

static void devices_that_fall_silent_halt_it_too(void **state)
{
    struct world *world = *state;

    for (unsigned i = 0; i < DEVICES; i++)
        world->truth->devices[i].nature = NATURE_DEAD;
    const uint32_t id = world_plan(world, "");
    go_on(world, 3);
    assert_int_equal(world_rollout(world, id).rollout.state, ROLLOUT_RUNNING);
    go_on(world, 60);
    const struct rollout_view view = world_rollout(world, id);
    assert_int_equal(view.rollout.state, ROLLOUT_HALTED);
    assert_int_equal(view.counts.all.silent, 10);
}

/* Nothing is tried again on those that are held, nor does it go on. */
static void a_halted_one_that_is_resumed_leaves_the_failed_alone(void **state)
{
    struct world *world = *state;

    for (unsigned i = 0; i < DEVICES; i++)
        world->truth->devices[i].nature = NATURE_BAD;
    const uint32_t id = world_plan(world, "stable");
    go_on(world, 12);
    assert_int_equal(world_rollout(world, id).rollout.state, ROLLOUT_HALTED);
    world_tell(world, id, ROLLOUT_RESUME);
    go_on(world, 3);
    assert_int_equal(world_offered(world), 20); /* two attempts each, of the first stage only */
    const struct rollout_view view = world_rollout(world, id);
    assert_int_equal(view.rollout.state, ROLLOUT_RUNNING);
    assert_int_equal(view.rollout.stage, 1);
}

static void a_pause_offers_nothing(void **state)
{
    struct world *world = *state;
    const uint32_t id = world_plan(world, "");

    go_on(world, 2);
    world_tell(world, id, ROLLOUT_PAUSE);
    const uint32_t offered = world_offered(world);
    go_on(world, 5);
    assert_int_equal(world_offered(world), offered);
    world_tell(world, id, ROLLOUT_RESUME);
    go_on(world, 8);
    assert_int_equal(world_count(world, WORLD_NEW), DEVICES);
}

/* Two who change it at once: the second is told, and nothing of the first is lost. */
static void of_two_changes_at_once_one_is_refused(void **state)
{
    struct world *world = *state;
    const uint32_t id = world_plan(world, "");

    go_on(world, 1);
    const struct rollout_view view = world_rollout(world, id);
    struct change *pause = fleet_rollout_event(world->fleet, &view, ROLLOUT_PAUSE, NULL);
    struct change *cancel = fleet_rollout_event(world->fleet, &view, ROLLOUT_CANCEL, NULL);
    assert_int_equal(world_perform(world, pause), CHANGE_DONE);
    assert_int_equal(world_perform(world, cancel), CHANGE_CONFLICT);
    assert_int_equal(world_rollout(world, id).rollout.state, ROLLOUT_PAUSED);
    assert_null(fleet_rollout_event(world->fleet, &view, ROLLOUT_APPROVE, NULL));
}

/* Check-ins and ends of downloads by chance: never more than the limits. */
#define E_ACUTE "\xc3\xa9"
#define TEN     E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE

/* A rollout's reason names the release's, as much as there is room for, in whole characters. */
static void the_reason_of_a_withdrawal_is_cut_between_characters(void **state)
{
    struct world *world = *state;
    struct change *change = change_new(CHANGE_EDIT, 0);
    const uint32_t id = world_plan(world, "stable");
    static const char before[] = WORLD_NEW " was withdrawn: ";

    go_on(world, 1);
    change->as.release = malloc(sizeof *change->as.release);
    *change->as.release = *fleet_release(world->fleet, "demo", WORLD_NEW);
    change->as.release->state = RELEASE_WITHDRAWN;
    strcpy(change->as.release->reason, TEN TEN TEN TEN TEN TEN TEN TEN);
    assert_int_equal(world_perform(world, change), CHANGE_DONE);
    go_on(world, 2);
    const struct rollout_view view = world_rollout(world, id);
    assert_int_equal(view.rollout.state, ROLLOUT_HALTED);
    assert_memory_equal(view.rollout.reason, before, sizeof before - 1);
    const char *reason = view.rollout.reason + sizeof before - 1;
    assert_true(strlen(reason) > 100);
    assert_int_equal(strlen(reason) % strlen(E_ACUTE), 0);
}

static void downloads_at_once_are_limited(void **state)
{
    const unsigned seed = (unsigned)strtoul(getenv("SEED") ? getenv("SEED") : "6", NULL, 10);
    struct world *world = *state;
    struct device_facts going[DEVICES];
    unsigned count = 0, most = 0, refused = 0;

    print_message("seed %u\n", seed);
    srand(seed);
    world_close(world);
    world->limits = (struct fleet_limits){7, 3};
    world_open(world);
    world_publish(world, "2.1", "stable");
    for (int step = 0; step < 5000; step++) {
        struct device_facts facts = world_facts(&world->truth->devices[0]);
        struct policy_decision decision;
        facts.address[14] = (uint8_t)(rand() % 4);
        facts.address[15] = (uint8_t)rand();
        if (count > 0 && rand() % 2) {
            const unsigned gone = (unsigned)rand() % count;
            fleet_download_over(world->fleet, going[gone].address);
            going[gone] = going[--count];
            continue;
        }
        fleet_check_in(world->fleet, WORLD_FIRST_MAC + (unsigned)rand() % DEVICES, &facts, false,
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
        TEST(devices_that_fall_silent_halt_it_too),
        TEST(a_halted_one_that_is_resumed_leaves_the_failed_alone),
        TEST(a_pause_offers_nothing),
        TEST(of_two_changes_at_once_one_is_refused),
        TEST(the_reason_of_a_withdrawal_is_cut_between_characters),
        TEST(downloads_at_once_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
