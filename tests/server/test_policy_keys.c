/* Key updates: who gets them, what waits for them, and what it means for rollouts. */
#include "policy_world.h"
#include "server/policy/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t old_key[UD_KEY_ID_SIZE] = "old-key", new_key[UD_KEY_ID_SIZE] = "new-key";

/* 1.0 signed by the old key, 2.0 by the new one and newest on stable; a device that runs 1.0
 * and trusts the old key. Update 1 adds the new key, 2 revokes the old one. */
struct world {
    struct policy_world base;
    struct ring_update add, revoke;
    const struct ring_update *updates[2];
};

static void fill_update(struct ring_update *update, uint32_t number, enum key_update_action action,
                        const uint8_t *key)
{
    *update = (struct ring_update){.id = 10 + number, .number = number, .action = action};
    strcpy(update->product, "lamp");
    memcpy(update->key, key, UD_KEY_ID_SIZE);
}

/* What the device tells: its ring's number and the keys it trusts. */
static void tell(struct world *world, uint32_t ring, const uint8_t *a, const uint8_t *b)
{
    struct device_abilities *abilities = &world->base.facts.abilities;

    *abilities = (struct device_abilities){
        .is_told = true, .verifies = true, .has_ring = true, .ring = ring};
    memcpy(abilities->keys[abilities->key_count++], a, UD_KEY_ID_SIZE);
    if (b != NULL)
        memcpy(abilities->keys[abilities->key_count++], b, UD_KEY_ID_SIZE);
}

static void sign(struct release *release, const uint8_t *signer)
{
    struct release_file *file = &release->image.files[0];

    file->is_signed = file->has_signer = true;
    memcpy(file->signer, signer, UD_KEY_ID_SIZE);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    policy_world_init(&world->base, "lamp");
    sign(&world->base.old, old_key);
    sign(&world->base.new, new_key);
    fill_update(&world->add, 1, KEY_UPDATE_ADD, new_key);
    fill_update(&world->revoke, 2, KEY_UPDATE_REVOKE, old_key);
    world->updates[0] = &world->add;
    world->updates[1] = &world->revoke;
    world->base.catalogue.ring_updates = world->updates;
    world->base.catalogue.ring_update_count = 2;
    tell(world, 0, old_key, NULL);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static struct policy_decision decide(struct world *world)
{
    return policy_decide(&world->base.device, &world->base.catalogue);
}

static void a_release_waits_for_the_update_that_adds_its_key(void **state)
{
    struct world *world = *state;
    char text[POLICY_REASON_SIZE];
    struct policy_decision decision = decide(world);

    assert_int_equal(decision.rule, RULE_KEYS_FIRST);
    assert_int_equal(decision.state, STATE_WAITING);
    assert_false(decision.offer);
    assert_int_equal(decision.keys.rule, RULE_DUE);
    assert_ptr_equal(decision.keys.update, &world->add);
    policy_explain(&decision, &world->base.device, &world->base.catalogue, text);
    assert_string_equal(text, "2.0 waits for key update 1, which goes first");

    tell(world, 1, old_key, new_key);
    decision = decide(world);
    assert_ptr_equal(decision.keys.update, &world->revoke);
    assert_int_equal(decision.rule, RULE_KEYS_FIRST);
    tell(world, 2, new_key, NULL);
    decision = decide(world);
    assert_null(decision.keys.update);
    assert_int_equal(decision.rule, RULE_DUE);
    assert_true(decision.offer);
}

static void one_that_is_up_to_date_gets_them_too(void **state)
{
    struct world *world = *state;

    strcpy(world->base.facts.version, "2.0");
    const struct policy_decision decision = decide(world);
    assert_int_equal(decision.state, STATE_CURRENT);
    assert_int_equal(decision.keys.rule, RULE_DUE);
}

static void who_tells_no_ring_gets_none(void **state)
{
    struct world *world = *state;

    world->base.facts.abilities.has_ring = false;
    struct policy_decision decision = decide(world);
    assert_int_equal(decision.keys.rule, RULE_NO_RELEASE);
    assert_int_equal(decision.rule, RULE_NO_FORM);

    world->base.facts.abilities = (struct device_abilities){.is_told = false};
    decision = decide(world);
    assert_int_equal(decision.rule, RULE_DUE);
    assert_null(decision.keys.update);
}

static void those_of_others_withdrawn_or_out_of_turn_are_passed_over(void **state)
{
    struct world *world = *state;

    strcpy(world->add.product, "door");
    assert_null(decide(world).keys.update);
    strcpy(world->add.product, "lamp");
    world->add.is_withdrawn = true;
    assert_null(decide(world).keys.update);
    assert_int_equal(decide(world).rule, RULE_NO_FORM);
    world->base.device.assignment.is_decommissioned = true;
    world->add.is_withdrawn = false;
    assert_null(decide(world).keys.update);
}

/* Made with the new key alone, with an empty ring: it would refuse to add it. */
static void an_update_that_is_moot_is_not_offered(void **state)
{
    struct world *world = *state;

    tell(world, 0, new_key, NULL);
    struct policy_decision decision = decide(world);
    assert_null(decision.keys.update);
    assert_int_equal(decision.rule, RULE_DUE);
    tell(world, 1, new_key, NULL);
    assert_null(decide(world).keys.update);
}

static void one_that_does_not_take_it_is_held_with_a_reason(void **state)
{
    struct world *world = *state;
    char text[POLICY_REASON_SIZE];

    world->base.device.ring = (struct device_ring){world->add.id, POLICY_OFFERS_MAX - 1};
    assert_int_equal(decide(world).keys.rule, RULE_DUE);
    assert_int_equal(decide(world).keys.offers, POLICY_OFFERS_MAX - 1);
    world->base.device.ring.offers++;
    struct policy_decision decision = decide(world);
    assert_int_equal(decision.keys.rule, RULE_KEYS_HELD);
    assert_int_equal(decision.rule, RULE_KEYS_HELD);
    assert_int_equal(decision.state, STATE_FAILING);
    assert_int_equal(decision.offers, 0);
    policy_explain(&decision, &world->base.device, &world->base.catalogue, text);
    assert_non_null(strstr(text, "2.0 is signed by a key that it does not trust yet; key update 1 "
                                 "was offered 3 times"));

    /* The offers of another update do not count. */
    world->base.device.ring.offered = world->revoke.id;
    assert_int_equal(decide(world).keys.rule, RULE_DUE);
}

/* What it can take without, it gets: that may be the cure. */
static void a_release_it_can_take_goes_on_without_the_update_it_refuses(void **state)
{
    struct world *world = *state;
    char text[POLICY_REASON_SIZE];

    memcpy(world->base.new.image.files[0].signer, old_key, UD_KEY_ID_SIZE);
    assert_int_equal(decide(world).rule, RULE_KEYS_FIRST);
    world->base.device.ring = (struct device_ring){world->add.id, POLICY_OFFERS_MAX};
    const struct policy_decision decision = decide(world);
    assert_int_equal(decision.rule, RULE_DUE);
    assert_int_equal(decision.keys.rule, RULE_KEYS_HELD);
    policy_explain(&decision, &world->base.device, &world->base.catalogue, text);
    assert_non_null(strstr(text, "2.0 is due: it runs 1.0; key update 1 was offered 3 times"));
}

static void a_download_that_goes_on_is_not_kept_waiting(void **state)
{
    struct world *world = *state;

    memcpy(world->base.new.image.files[0].signer, old_key, UD_KEY_ID_SIZE);
    world->base.device.on_its_way = true;
    world->base.device.offers = (struct device_offers){world->base.new.id, 1};
    assert_int_equal(decide(world).rule, RULE_ON_ITS_WAY);
    memcpy(world->base.new.image.files[0].signer, new_key, UD_KEY_ID_SIZE);
    assert_int_equal(decide(world).rule, RULE_KEYS_FIRST);
}

static void the_offers_of_the_release_and_of_the_update_are_counted_apart(void **state)
{
    struct world *world = *state;

    tell(world, 2, new_key, NULL);
    world->base.device.ring = (struct device_ring){world->revoke.id, POLICY_OFFERS_MAX};
    assert_int_equal(decide(world).rule, RULE_DUE);
    world->base.device.offers = (struct device_offers){world->base.new.id, POLICY_OFFERS_MAX};
    assert_int_equal(decide(world).rule, RULE_HELD_BACK);
}

/* A stage of a rollout decides first whether it is to have the release at all. */
static void rollouts_count_it_as_on_the_way_or_as_failed(void **state)
{
    struct world *world = *state;
    const struct rollout rollout = {.id = 7,
                                    .release_id = 2,
                                    .release = &world->base.new,
                                    .state = ROLLOUT_RUNNING,
                                    .stage_count = 1,
                                    .stage = 1,
                                    .stages = {{.percent = 100, .end = UINT64_MAX}},
                                    .attempts = 3};
    struct policy_survey survey = {0};
    const struct release *next;

    assert_int_equal(policy_standing(&world->base.device, &rollout, &world->base.catalogue),
                     STANDING_PENDING);
    assert_int_equal(policy_obstacle(&world->base.device, &rollout, &world->base.catalogue, &next),
                     RULE_DUE);
    policy_survey(&survey, &world->base.device, &rollout, &world->base.catalogue);
    assert_int_equal(survey.cannot[RULE_NO_FORM], 0);

    world->base.device.ring = (struct device_ring){world->add.id, POLICY_OFFERS_MAX};
    assert_int_equal(policy_standing(&world->base.device, &rollout, &world->base.catalogue),
                     STANDING_FAILED);
    assert_int_equal(policy_obstacle(&world->base.device, &rollout, &world->base.catalogue, &next),
                     RULE_KEYS_HELD);
    assert_string_equal(policy_obstacle_name(RULE_KEYS_HELD), "key-update");

    world->base.facts.abilities.has_ring = false;
    assert_int_equal(policy_standing(&world->base.device, &rollout, &world->base.catalogue),
                     STANDING_UNFIT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_release_waits_for_the_update_that_adds_its_key),
        TEST(one_that_is_up_to_date_gets_them_too),
        TEST(who_tells_no_ring_gets_none),
        TEST(those_of_others_withdrawn_or_out_of_turn_are_passed_over),
        TEST(an_update_that_is_moot_is_not_offered),
        TEST(one_that_does_not_take_it_is_held_with_a_reason),
        TEST(a_release_it_can_take_goes_on_without_the_update_it_refuses),
        TEST(a_download_that_goes_on_is_not_kept_waiting),
        TEST(the_offers_of_the_release_and_of_the_update_are_counted_apart),
        TEST(rollouts_count_it_as_on_the_way_or_as_failed),
    };

    return cmocka_run_group_tests_name("server/policy/keys", tests, NULL, NULL);
}
