/* The way to a release: what is not live, what would take a device back, and what must come
 * before it. */
#include "server/policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MB    (1024u * 1024u)
#define COUNT 5

/* 1.0, 1.5, 1.9, 2.0 and 3.0 of `demo`, all on stable; a rollout, not listed at first. */
struct world {
    struct release releases[COUNT];
    const struct release *by_age[COUNT];
    const struct release *stable;
    struct rollout rollout;
    const struct rollout *listed[1];
    struct device_facts facts;
    struct policy_device device;
    struct policy_catalogue catalogue;
};

enum { V10, V15, V19, V20, V30 };

static const struct release *newest(const void *ctx, const char *product, const char *channel)
{
    const struct world *world = ctx;

    (void)product;
    return strcmp(channel, "stable") == 0 ? world->stable : NULL;
}

static const struct release *by_version(const void *ctx, const char *product, const char *version)
{
    const struct world *world = ctx;

    (void)product;
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(world->releases[i].version, version) == 0)
            return &world->releases[i];
    return NULL;
}

static void fill(struct release *release, uint32_t id, const char *version)
{
    *release = (struct release){.id = id,
                                .product = "demo",
                                .channel = "stable",
                                .image = {.chip = UD_CHIP_ESP8266,
                                          .chip_name = "ESP8266",
                                          .flash_size = 4 * MB,
                                          .file_count = 1,
                                          .files = {{.size = 400000}}}};
    snprintf(release->version, sizeof release->version, "%s", version);
    release->image.digests.md5_count = 1;
    memset(release->image.digests.md5[0], (int)id, UD_MD5_SIZE);
}

static int set_up(void **state)
{
    static const char *const versions[COUNT] = {"1.0", "1.5", "1.9", "2.0", "3.0"};
    struct world *world = calloc(1, sizeof *world);

    for (uint32_t i = 0; i < COUNT; i++) {
        fill(&world->releases[i], i + 1, versions[i]);
        world->by_age[i] = &world->releases[i];
    }
    world->stable = &world->releases[V20];
    world->rollout = (struct rollout){.id = 1,
                                      .release_id = V20 + 1,
                                      .release = &world->releases[V20],
                                      .attempts = 2,
                                      .stage_count = 1,
                                      .stage = 1,
                                      .state = ROLLOUT_RUNNING,
                                      .stages = {{.end = ROLLOUT_PLACES}}};
    world->listed[0] = &world->rollout;
    world->facts = (struct device_facts){.chip = UD_CHIP_ESP8266,
                                         .free_space = 2 * MB,
                                         .sketch_size = 300000,
                                         .chip_size = 4 * MB,
                                         .has_md5 = true,
                                         .version = "1.0"};
    world->device = (struct policy_device){.mac = 0x5CCF7F000001,
                                           .facts = &world->facts,
                                           .assignment = {.product = "demo"},
                                           .now_ms = 1000};
    world->catalogue = (struct policy_catalogue){world, newest,        by_version, world->listed,
                                                 0,     world->by_age, COUNT};
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* next: null = nothing goes out. */
static void expect(const struct world *world, enum policy_rule rule, const char *next,
                   const char *words)
{
    const struct policy_decision decision = policy_decide(&world->device, &world->catalogue);
    char reason[POLICY_REASON_SIZE];

    policy_explain(&decision, &world->device, &world->catalogue, reason);
    if (decision.rule != rule || strstr(reason, words) == NULL)
        fail_msg("rule %d, not %d: \"%s\", not \"%s\"", decision.rule, rule, reason, words);
    assert_int_equal(decision.offer, next != NULL);
    if (next != NULL)
        assert_string_equal(decision.next->version, next);
}

static void run(struct world *world, const char *version)
{
    snprintf(world->facts.version, sizeof world->facts.version, "%s", version);
}

static void require(struct world *world, int release, const char *version)
{
    snprintf(world->releases[release].requires, VERSION_SIZE, "%s", version);
}

static void nothing_goes_back_by_itself(void **state)
{
    struct world *world = *state;

    run(world, "2.1");
    expect(world, RULE_DOWNGRADE, NULL, "it runs 2.1, and 2.0 is older");
    run(world, "2.0-rc1");
    expect(world, RULE_DUE, "2.0", "it runs 2.0-rc1");
    run(world, "");
    memset(world->facts.sketch_md5, V30 + 1, UD_MD5_SIZE);
    expect(world, RULE_DOWNGRADE, NULL, "it runs 3.0");
    memset(world->facts.sketch_md5, 0xee, UD_MD5_SIZE);
    expect(world, RULE_DUE, "2.0", "its sketch is another");
}

/* Of versions without an order, the one published later is the newer one. */
static void without_an_order_the_later_one_is_newer(void **state)
{
    struct world *world = *state;

    snprintf(world->releases[V20].version, VERSION_SIZE, "blue");
    snprintf(world->releases[V30].version, VERSION_SIZE, "green");
    run(world, "green");
    expect(world, RULE_DOWNGRADE, NULL, "it runs green, and blue is older");
    run(world, "1.0");
    expect(world, RULE_DUE, "blue", "");
    run(world, "red");
    expect(world, RULE_DUE, "blue", "");
}

static void a_downgrade_is_asked_for_with_the_pin(void **state)
{
    const struct group lab = {"lab", "demo", NULL, "1.5", true};
    struct world *world = *state;

    run(world, "2.0");
    world->device.assignment.pin = "1.9";
    expect(world, RULE_DOWNGRADE, NULL, "1.9 is older");
    world->device.assignment.downgrade = true;
    expect(world, RULE_DUE, "1.9", "");
    world->device.assignment.pin = NULL;
    world->device.assignment.downgrade = false;
    world->device.group = &lab;
    expect(world, RULE_DUE, "1.5", "");
    world->device.assignment.pin = "1.9"; /* stronger, and not asked for with it */
    expect(world, RULE_DOWNGRADE, NULL, "1.9 is older");
}

static void a_rollout_takes_back_only_if_it_says_so(void **state)
{
    struct world *world = *state;

    world->catalogue.rollout_count = 1;
    world->stable = &world->releases[V19];
    run(world, "3.0");
    expect(world, RULE_DOWNGRADE, NULL, "1.9 is older");
    assert_int_equal(policy_standing(&world->device, &world->rollout, &world->catalogue),
                     STANDING_UNFIT);
    world->rollout.downgrade = true;
    expect(world, RULE_DUE, "2.0", "");
    assert_int_equal(policy_standing(&world->device, &world->rollout, &world->catalogue),
                     STANDING_PENDING);
}

/* A rollout of an older line does not keep a device from its channel. */
static void a_rollout_of_something_older_is_passed_over(void **state)
{
    struct world *world = *state;

    world->catalogue.rollout_count = 1;
    world->stable = &world->releases[V30];
    run(world, "2.5");
    expect(world, RULE_DUE, "3.0", "");
}

static void what_is_not_live_is_not_given_out(void **state)
{
    struct world *world = *state;
    struct release *new = &world->releases[V20];

    world->catalogue.rollout_count = 1;
    world->stable = &world->releases[V19];
    expect(world, RULE_DUE, "2.0", "");
    new->state = RELEASE_WITHDRAWN;
    expect(world, RULE_DUE, "1.9", "");
    run(world, "2.0");
    expect(world, RULE_DOWNGRADE, NULL, "which was withdrawn");
    run(world, "1.0");
    world->device.assignment.pin = "2.0";
    snprintf(new->reason, sizeof new->reason, "it burns");
    expect(world, RULE_PIN_NOT_LIVE, NULL, "pinned to 2.0, which was withdrawn: it burns");
    new->state = RELEASE_DRAFT;
    new->reason[0] = '\0';
    expect(world, RULE_PIN_NOT_LIVE, NULL, "pinned to 2.0, which is a draft");
}

static void rolled_back_devices_get_only_what_is_live(void **state)
{
    struct world *world = *state;

    world->catalogue.rollout_count = 1;
    world->stable = &world->releases[V19];
    world->rollout.state = ROLLOUT_ROLLED_BACK;
    world->device.part.rollout = 1;
    world->device.before = &world->releases[V15];
    run(world, "2.0");
    expect(world, RULE_DUE, "1.5", "");
    world->releases[V20].state = RELEASE_WITHDRAWN; /* also then */
    expect(world, RULE_DUE, "1.5", "");
    world->releases[V15].state = RELEASE_WITHDRAWN;
    expect(world, RULE_DOWNGRADE, NULL, "1.9 is older");
}

static void a_step_comes_first(void **state)
{
    struct world *world = *state;

    require(world, V20, "1.9");
    expect(world, RULE_DUE, "1.9", "1.9 is due: it runs 1.0, and 2.0 needs it first");
    run(world, "1.9");
    expect(world, RULE_DUE, "2.0", "2.0 is due");
    run(world, "1.9.3");
    expect(world, RULE_DUE, "2.0", "2.0 is due");
    require(world, V19, "1.4");
    run(world, "1.0");
    expect(world, RULE_DUE, "1.5", "1.5 is due: it runs 1.0, and 2.0 needs it first");
    run(world, "1.4");
    expect(world, RULE_DUE, "1.9", "");
}

static void a_step_must_be_one_the_device_can_take(void **state)
{
    struct world *world = *state;

    require(world, V20, "1.4");
    expect(world, RULE_DUE, "1.9", "");
    world->releases[V19].state = RELEASE_WITHDRAWN;
    expect(world, RULE_DUE, "1.5", "");
    world->releases[V15].image.flash_size = 16 * MB;
    expect(world, RULE_NO_STEP, NULL, "2.0 can only be reached from 1.4 or later");
    world->releases[V19].state = RELEASE_LIVE;
    snprintf(world->releases[V19].channel, NAME_SIZE, "nightly");
    expect(world, RULE_NO_STEP, NULL, "2.0 can only be reached from 1.4 or later");
    world->device.assignment.channel = "nightly";
    world->device.assignment.pin = "2.0";
    expect(world, RULE_DUE, "1.9", "");
}

/* Where it is not known what runs, it is not known to be new enough. */
static void an_unknown_sketch_takes_the_step(void **state)
{
    struct world *world = *state;

    require(world, V20, "1.9");
    run(world, "");
    memset(world->facts.sketch_md5, 0xee, UD_MD5_SIZE);
    expect(world, RULE_DUE, "1.9", "");
    memset(world->facts.sketch_md5, V19 + 1, UD_MD5_SIZE);
    expect(world, RULE_DUE, "2.0", "");
}

static void a_step_that_fails_fails_the_rollout(void **state)
{
    struct world *world = *state;

    world->catalogue.rollout_count = 1;
    require(world, V20, "1.9");
    expect(world, RULE_DUE, "1.9", "");
    assert_int_equal(policy_standing(&world->device, &world->rollout, &world->catalogue),
                     STANDING_PENDING);
    world->device.offers = (struct device_offers){V19 + 1, POLICY_OFFERS_MAX};
    expect(world, RULE_HELD_BACK, NULL, "1.9 was offered 3 times");
    assert_int_equal(policy_standing(&world->device, &world->rollout, &world->catalogue),
                     STANDING_FAILED);
    world->releases[V19].state = world->releases[V15].state = RELEASE_WITHDRAWN;
    assert_int_equal(policy_standing(&world->device, &world->rollout, &world->catalogue),
                     STANDING_UNFIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_goes_back_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_an_order_the_later_one_is_newer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_downgrade_is_asked_for_with_the_pin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rollout_takes_back_only_if_it_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rollout_of_something_older_is_passed_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_live_is_not_given_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rolled_back_devices_get_only_what_is_live, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_step_comes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_must_be_one_the_device_can_take, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_sketch_takes_the_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_that_fails_fails_the_rollout, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
