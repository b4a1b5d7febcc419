/* File systems and the firmware they go with; and devices that are out of service. */
#include "policy_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 1.0 without files and 2.0 with them. */
static int set_up(void **state)
{
    struct policy_world *world = calloc(1, sizeof *world);

    policy_world_init(world, "demo");
    world->new.image.fs_count = 1;
    world->new.image.fs[0].size = MB;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static struct policy_files expect(const struct policy_world *world, enum policy_rule firmware,
                                  enum policy_rule files)
{
    struct policy_decision decision = policy_decide(&world->device, &world->catalogue);
    char reason[POLICY_REASON_SIZE];

    assert_int_equal(decision.rule, firmware);
    decision.files = policy_decide_files(&world->device, &decision, &world->catalogue);
    assert_int_equal(decision.files.rule, files);
    assert_true(strlen(policy_explain(&decision, &world->device, &world->catalogue, reason)) > 5);
    return decision.files;
}

static void run(struct policy_world *world, const char *version)
{
    snprintf(world->facts.version, sizeof world->facts.version, "%s", version);
}

static void files_follow_the_firmware(void **state)
{
    struct policy_world *world = *state;

    expect(world, RULE_DUE, RULE_NO_RELEASE);
    run(world, "2.0");
    const struct policy_files files = expect(world, RULE_SAME_VERSION, RULE_DUE);
    assert_ptr_equal(files.release, &world->new);
    assert_ptr_equal(files.file, &world->new.image.fs[0]);
    world->device.files.release = 2;
    expect(world, RULE_SAME_VERSION, RULE_SAME_VERSION);
    world->device.files.release = 1; /* of another release */
    expect(world, RULE_SAME_VERSION, RULE_DUE);
}

static void files_go_first_where_they_are_to(void **state)
{
    struct policy_world *world = *state;

    world->new.image.fs_first = true;
    expect(world, RULE_FILES_FIRST, RULE_DUE);
    world->device.files.release = 2;
    expect(world, RULE_DUE, RULE_NO_RELEASE);
    run(world, "2.0");
    expect(world, RULE_SAME_VERSION, RULE_SAME_VERSION);
    world->device.files.release = 0; /* the firmware came in another way */
    expect(world, RULE_SAME_VERSION, RULE_DUE);
}

/* What keeps the firmware back keeps files that go first back, too. */
static void files_wait_with_their_firmware(void **state)
{
    struct policy_world *world = *state;

    world->new.image.fs_first = true;
    world->facts.free_space = 0;
    expect(world, RULE_NO_SPACE, RULE_NO_RELEASE);
    world->facts.free_space = 2 * MB;
    world->device.load = LOAD_SITE_FULL;
    expect(world, RULE_BUSY, RULE_NO_RELEASE);
}

static void files_are_held_back(void **state)
{
    struct policy_world *world = *state;

    run(world, "2.0");
    world->device.files.offered = 2;
    world->device.files.offers = POLICY_OFFERS_MAX - 1;
    expect(world, RULE_SAME_VERSION, RULE_DUE);
    world->device.files.offers = POLICY_OFFERS_MAX;
    expect(world, RULE_SAME_VERSION, RULE_HELD_BACK);
    world->device.files.offered = 1; /* of another release */
    expect(world, RULE_SAME_VERSION, RULE_DUE);
    world->device.load = LOAD_SERVER_FULL;
    expect(world, RULE_SAME_VERSION, RULE_BUSY);
}

static void files_must_suit(void **state)
{
    struct policy_world *world = *state;
    struct release_file *files = world->new.image.fs;

    run(world, "2.0");
    files[0].is_missing = true;
    expect(world, RULE_SAME_VERSION, RULE_FILE_MISSING);
    files[0].is_missing = false;
    files[0].size = 5 * MB;
    expect(world, RULE_SAME_VERSION, RULE_FLASH_TOO_SMALL);
    files[0].size = MB;
    world->facts.abilities = (struct device_abilities){.is_told = true, .verifies = true};
    world->facts.abilities.key_count = 1;
    expect(world, RULE_SAME_VERSION, RULE_NO_FORM);
    files[1] = (struct release_file){.size = MB, .is_signed = true, .has_signer = true};
    world->new.image.fs_count = 2;
    assert_ptr_equal(expect(world, RULE_SAME_VERSION, RULE_DUE).file, &files[1]);
    world->facts.abilities.keys[0][0] = 7; /* trusts another */
    expect(world, RULE_SAME_VERSION, RULE_NO_FORM);
    world->facts.abilities = (struct device_abilities){.is_told = false};
    assert_ptr_equal(expect(world, RULE_SAME_VERSION, RULE_DUE).file, &files[0]);
}

static void withdrawn_releases_give_no_files(void **state)
{
    struct policy_world *world = *state;

    run(world, "2.0");
    world->new.state = RELEASE_WITHDRAWN;
    world->device.assignment.pin = "1.0";
    expect(world, RULE_DOWNGRADE, RULE_NO_RELEASE);
}

static void decommissioned_devices_get_nothing(void **state)
{
    struct policy_world *world = *state;

    world->device.assignment.is_decommissioned = true;
    expect(world, RULE_DECOMMISSIONED, RULE_NO_RELEASE);
    run(world, "2.0");
    expect(world, RULE_DECOMMISSIONED, RULE_NO_RELEASE);
    world->device.assignment.is_decommissioned = false;
    expect(world, RULE_SAME_VERSION, RULE_DUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_follow_the_firmware, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_go_first_where_they_are_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_wait_with_their_firmware, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_are_held_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_must_suit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(withdrawn_releases_give_no_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decommissioned_devices_get_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
