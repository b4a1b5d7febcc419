/* What rollouts do to the policy: who is given a release, who waits, and why. */
#include "server/policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MB (1024u * 1024u)

/* One world: 1.0 and 2.0 of `demo`; what is newest on `stable`; two rollouts. */
struct world {
    struct release old, new;
    const struct release *stable;
    struct rollout rollouts[2];
    const struct rollout *listed[2];
    struct device_facts facts;
    struct policy_device device;
    struct policy_catalogue catalogue;
};

static const struct release *newest(const void *ctx, const char *product, const char *channel)
{
    const struct world *world = ctx;

    return strcmp(product, "demo") == 0 && strcmp(channel, "stable") == 0 ? world->stable : NULL;
}

static const struct release *by_version(const void *ctx, const char *product, const char *version)
{
    const struct world *world = ctx;

    if (strcmp(product, "demo") != 0)
        return NULL;
    return strcmp(version, "1.0") == 0   ? &world->old
           : strcmp(version, "2.0") == 0 ? &world->new
                                         : NULL;
}

static struct release release_of(uint32_t id, const char *version)
{
    struct release release = {.id = id,
                              .product = "demo",
                              .image = {.chip = UD_CHIP_ESP8266,
                                        .chip_name = "ESP8266",
                                        .flash_size = 4 * MB,
                                        .file_count = 1,
                                        .files = {{.size = 400000}}}};

    snprintf(release.version, sizeof release.version, "%s", version);
    return release;
}

static struct rollout rollout_of(uint32_t id, const struct release *release)
{
    return (struct rollout){.id = id,
                            .release_id = release->id,
                            .release = release,
                            .attempts = 2,
                            .silence_s = 3600,
                            .stage_count = 2,
                            .stage = 1,
                            .state = ROLLOUT_RUNNING,
                            .stages = {{.end = ROLLOUT_PLACES}, {.percent = 100}}};
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    world->old = release_of(1, "1.0");
    world->new = release_of(2, "2.0");
    world->stable = &world->old;
    world->rollouts[0] = rollout_of(1, &world->new);
    world->rollouts[1] = rollout_of(2, &world->new);
    world->listed[0] = &world->rollouts[0];
    world->listed[1] = &world->rollouts[1];
    world->facts = (struct device_facts){.chip = UD_CHIP_ESP8266,
                                         .free_space = 2 * MB,
                                         .sketch_size = 300000,
                                         .chip_size = 4 * MB,
                                         .version = "1.0",
                                         .sdk_version = "2.2.2"};
    world->device = (struct policy_device){.mac = 0x5CCF7F000001,
                                           .facts = &world->facts,
                                           .assignment = {.product = "demo"},
                                           .now_ms = 1000};
    world->catalogue = (struct policy_catalogue){world, newest, by_version, world->listed, 1};
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static struct policy_decision expect(const struct world *world, enum policy_rule rule,
                                     const char *target, const char *words)
{
    const struct policy_decision decision = policy_decide(&world->device, &world->catalogue);
    char reason[POLICY_REASON_SIZE];

    assert_int_equal(decision.rule, rule);
    assert_string_equal(decision.target->version, target);
    policy_explain(&decision, &world->device, &world->catalogue, reason);
    if (strstr(reason, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", reason, words);
    return decision;
}

static void run(struct world *world, const char *version)
{
    snprintf(world->facts.version, sizeof world->facts.version, "%s", version);
}

static void an_open_stage_is_offered_the_release(void **state)
{
    struct world *world = *state;
    const struct policy_decision decision = expect(world, RULE_DUE, "2.0", "2.0 is due");

    assert_true(decision.offer);
    assert_ptr_equal(decision.rollout, &world->rollouts[0]);
    run(world, "2.0");
    expect(world, RULE_SAME_VERSION, "2.0", "it runs 2.0");
}

static void who_is_beyond_it_stays_with_its_channel(void **state)
{
    struct world *world = *state;

    world->rollouts[0].stages[0].end = 0;
    const struct policy_decision decision =
        expect(world, RULE_SAME_VERSION, "1.0", "rollout 1 of 2.0 reaches it later");
    assert_ptr_equal(decision.later, &world->rollouts[0]);
    run(world, "2.0"); /* by hand, before its turn: not sent back */
    expect(world, RULE_SAME_VERSION, "2.0", "it runs 2.0");
}

/* Published to a channel that devices follow, a release with a rollout still waits. */
static void a_channel_does_not_outrun_the_rollout(void **state)
{
    struct world *world = *state;

    world->stable = &world->new;
    world->rollouts[0].stages[0].end = 0;
    assert_false(expect(world, RULE_STAGE_TO_COME, "2.0", "1 of 2 are open").offer);
    strcpy(world->rollouts[0].target.group, "lab");
    expect(world, RULE_NOT_IN_ROLLOUT, "2.0", "not for it");
    world->device.assignment.group = "lab";
    expect(world, RULE_STAGE_TO_COME, "2.0", "later stage");
}

static void only_those_it_is_for(void **state)
{
    struct world *world = *state;
    struct rollout_target *target = &world->rollouts[0].target;

    strcpy(target->group, "lab");
    expect(world, RULE_SAME_VERSION, "1.0", "it runs 1.0");
    *target = (struct rollout_target){.channel = "beta"};
    expect(world, RULE_SAME_VERSION, "1.0", "it runs 1.0");
    *target = (struct rollout_target){.from = "0.9"};
    expect(world, RULE_SAME_VERSION, "1.0", "it runs 1.0");
    *target = (struct rollout_target){.sdk = "3.0"};
    expect(world, RULE_SAME_VERSION, "1.0", "it runs 1.0");
    *target = (struct rollout_target){.channel = "stable", .from = "1.0", .sdk = "2.2.2"};
    expect(world, RULE_DUE, "2.0", "2.0 is due");
    world->device.assignment.pin = "1.0";
    expect(world, RULE_SAME_VERSION, "1.0", "it runs 1.0");
    world->device.assignment = (struct assignment){.product = "lamp"};
    assert_int_equal(policy_decide(&world->device, &world->catalogue).rule, RULE_NO_RELEASE);
}

/* Once reached, a device is a member, though it no longer runs what it was chosen by. */
static void members_stay_members(void **state)
{
    struct world *world = *state;

    strcpy(world->rollouts[0].target.from, "1.0");
    run(world, "0.8");
    assert_int_equal(policy_standing(&world->device, &world->rollouts[0], &world->catalogue),
                     STANDING_OUTSIDE);
    world->device.part.rollout = 1;
    assert_int_equal(policy_standing(&world->device, &world->rollouts[0], &world->catalogue),
                     STANDING_PENDING);
}

static void what_does_not_run_gives_nothing(void **state)
{
    static const enum rollout_state stopped[] = {ROLLOUT_PLANNED, ROLLOUT_PAUSED, ROLLOUT_HALTED,
                                                 ROLLOUT_CANCELLED, ROLLOUT_ROLLED_BACK};
    struct world *world = *state;

    for (size_t i = 0; i < sizeof stopped / sizeof stopped[0]; i++) {
        world->rollouts[0].state = stopped[i];
        world->stable = &world->old;
        run(world, "1.0");
        expect(world, RULE_SAME_VERSION, "1.0", rollout_state_name(stopped[i]));
        world->stable = &world->new;
        world->device.on_its_way = true; /* not even the rest of it */
        world->device.offers = (struct device_offers){2, 1};
        expect(world, RULE_ROLLOUT_STOPPED, "2.0", rollout_state_name(stopped[i]));
        world->device.on_its_way = false;
        run(world, "2.0");
        expect(world, RULE_SAME_VERSION, "2.0", "it runs 2.0");
    }
    world->rollouts[0].state = ROLLOUT_HALTED;
    strcpy(world->rollouts[0].reason, "3 of 10 failed");
    run(world, "1.0");
    expect(world, RULE_ROLLOUT_STOPPED, "2.0", "halted: 3 of 10 failed");
}

static void who_took_it_goes_back_where_it_was(void **state)
{
    struct world *world = *state;

    world->rollouts[0].state = ROLLOUT_ROLLED_BACK;
    world->stable = &world->new;
    run(world, "2.0");
    world->device.part = (struct rollout_part){.rollout = 1, .before = 1};
    world->device.before = &world->old;
    assert_true(expect(world, RULE_DUE, "1.0", "1.0 is due").offer);
    run(world, "1.0");
    assert_false(expect(world, RULE_ROLLOUT_STOPPED, "2.0", "rolled-back").offer);
    run(world, "2.0");
    world->device.part.rollout = 9; /* got it elsewhere */
    expect(world, RULE_SAME_VERSION, "2.0", "it runs 2.0");
}

static void the_latest_rollout_of_a_release_has_the_say(void **state)
{
    struct world *world = *state;

    world->catalogue.rollout_count = 2;
    world->rollouts[0].state = ROLLOUT_HALTED;
    assert_ptr_equal(expect(world, RULE_DUE, "2.0", "due").rollout, &world->rollouts[1]);
    world->rollouts[0].state = ROLLOUT_RUNNING;
    world->rollouts[1].state = ROLLOUT_HALTED;
    expect(world, RULE_SAME_VERSION, "1.0", "rollout 2 of 2.0 is halted");
    /* Of two releases, the later rollout that reaches the device. */
    world->rollouts[1] = rollout_of(2, &world->old);
    world->stable = NULL;
    expect(world, RULE_SAME_VERSION, "1.0", "it runs 1.0");
}

static void what_is_through_hands_over_to_its_channel(void **state)
{
    struct world *world = *state;

    world->rollouts[0].state = ROLLOUT_FINISHED;
    expect(world, RULE_DUE, "2.0", "due"); /* who comes late joins */
    strcpy(world->rollouts[0].channel, "stable");
    expect(world, RULE_SAME_VERSION, "1.0", "it runs 1.0");
    world->stable = &world->new;
    expect(world, RULE_DUE, "2.0", "due");
}

static void a_newer_release_of_the_channel_goes_first(void **state)
{
    struct world *world = *state;
    const struct release newer = release_of(3, "3.0");

    world->stable = &newer;
    assert_null(expect(world, RULE_DUE, "3.0", "3.0 is due").rollout);
}

static void failures_hold_a_device(void **state)
{
    struct world *world = *state;

    world->device.offers = (struct device_offers){2, 2};
    world->device.part = (struct rollout_part){.rollout = 1, .comebacks = 1};
    expect(world, RULE_DUE, "2.0", "due");
    assert_int_equal(policy_standing(&world->device, &world->rollouts[0], &world->catalogue),
                     STANDING_PENDING);
    world->device.part.comebacks = 2;
    expect(world, RULE_HELD_BACK, "2.0", "came back without it");
    world->rollouts[0].state = ROLLOUT_HALTED;
    expect(world, RULE_SAME_VERSION, "1.0", "rollout 1 of 2.0 is halted, and failed here");
    world->rollouts[0].state = ROLLOUT_RUNNING;
    assert_int_equal(policy_standing(&world->device, &world->rollouts[0], &world->catalogue),
                     STANDING_FAILED);
    world->device.part.rollout = 9; /* another's failures are not its own */
    expect(world, RULE_DUE, "2.0", "due");
    world->device.offers.count = 3;
    expect(world, RULE_HELD_BACK, "2.0", "offered 3 times");
}

static void windows_and_loads_make_it_wait(void **state)
{
    struct world *world = *state;

    world->rollouts[0].window = (struct rollout_window){60, 240, 0};
    expect(world, RULE_OUTSIDE_WINDOW, "2.0", "01:00 to 04:00");
    world->device.now_ms = 61 * 60000;
    expect(world, RULE_DUE, "2.0", "due");
    world->device.load = LOAD_SITE_FULL;
    assert_false(expect(world, RULE_BUSY, "2.0", "at its site").offer);
    world->device.load = LOAD_SERVER_FULL;
    expect(world, RULE_BUSY, "2.0", "at once");
    world->catalogue.rollout_count = 0; /* with or without a rollout */
    world->stable = &world->new;
    expect(world, RULE_BUSY, "2.0", "at once");
}

static void standings_make_the_tally(void **state)
{
    struct world *world = *state;
    struct rollout *rollout = &world->rollouts[0];
    struct rollout_tally tally = {0};

    policy_count(&tally, policy_standing(&world->device, rollout, &world->catalogue)); /* pending */
    world->device.part = (struct rollout_part){.rollout = 1, .taken_ms = 1};
    world->device.now_ms = 2 * 3600000;
    policy_count(&tally, policy_standing(&world->device, rollout, &world->catalogue)); /* silent */
    run(world, "2.0");
    policy_count(&tally, policy_standing(&world->device, rollout, &world->catalogue)); /* arrived */
    run(world, "1.0");
    world->facts.free_space = 0;
    policy_count(&tally, policy_standing(&world->device, rollout, &world->catalogue)); /* unfit */
    rollout->stages[0].end = 0;
    policy_count(&tally, policy_standing(&world->device, rollout, &world->catalogue)); /* later */
    world->device.assignment.pin = "1.0";
    policy_count(&tally, policy_standing(&world->device, rollout, &world->catalogue)); /* outside */
    assert_int_equal(tally.targeted, 5);
    assert_int_equal(tally.open, 3);
    assert_int_equal(tally.arrived, 1);
    assert_int_equal(tally.silent, 1);
    assert_int_equal(tally.failed, 0);
    assert_int_equal(tally.unfit, 1);
}

/* Worlds by chance: no offer of what a rollout does not give, none beyond its open
 * stages, none that does not fit, and twice the same answer. */
static void no_world_breaks_the_rules(void **state)
{
    static const char *const versions[] = {"1.0", "2.0", "0.9", ""};
    const unsigned seed = (unsigned)strtoul(getenv("SEED") ? getenv("SEED") : "4", NULL, 10);
    struct world *world = *state;
    unsigned offered = 0;

    print_message("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < 50000; i++) {
        struct rollout *rollout = &world->rollouts[0];
        rollout->state = (enum rollout_state)(rand() % ROLLOUT_STATE_COUNT);
        rollout->stages[0].end = (uint64_t)(rand() % 3) * (ROLLOUT_PLACES / 2);
        strcpy(rollout->channel, rand() % 2 ? "stable" : "");
        world->stable = rand() % 2 ? &world->old : &world->new;
        run(world, versions[rand() % 4]);
        world->facts.chip = rand() % 4 ? UD_CHIP_ESP8266 : UD_CHIP_ESP32;
        world->device.mac = 0x5CCF7F000000 + (mac_address)rand() % 0x1000000;
        world->device.load = (enum policy_load)(rand() % 3);
        world->device.offers = (struct device_offers){(uint32_t)rand() % 3, (uint32_t)rand() % 5};
        world->device.part.rollout = (uint32_t)rand() % 2;
        world->device.before = rand() % 2 ? &world->old : NULL;
        const struct policy_decision once = policy_decide(&world->device, &world->catalogue);
        const struct policy_decision again = policy_decide(&world->device, &world->catalogue);
        assert_int_equal(once.rule, again.rule);
        assert_ptr_equal(once.target, again.target);
        if (!once.offer)
            continue;
        offered++;
        assert_int_equal(world->device.load, LOAD_LIGHT);
        assert_int_equal(world->facts.chip, UD_CHIP_ESP8266);
        if (once.target != &world->new)
            continue;
        const bool is_through = rollout->state == ROLLOUT_FINISHED && rollout->channel[0] != '\0';
        assert_true(is_through || rollout->state == ROLLOUT_RUNNING ||
                    rollout->state == ROLLOUT_AWAITING || rollout->state == ROLLOUT_FINISHED);
        assert_true(is_through ||
                    rollout_place(rollout->id, world->device.mac) < rollout->stages[0].end);
    }
    assert_in_range(offered, 1000, 49999);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_open_stage_is_offered_the_release),
        TEST(who_is_beyond_it_stays_with_its_channel),
        TEST(a_channel_does_not_outrun_the_rollout),
        TEST(only_those_it_is_for),
        TEST(members_stay_members),
        TEST(what_does_not_run_gives_nothing),
        TEST(who_took_it_goes_back_where_it_was),
        TEST(the_latest_rollout_of_a_release_has_the_say),
        TEST(what_is_through_hands_over_to_its_channel),
        TEST(a_newer_release_of_the_channel_goes_first),
        TEST(failures_hold_a_device),
        TEST(windows_and_loads_make_it_wait),
        TEST(standings_make_the_tally),
        TEST(no_world_breaks_the_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
