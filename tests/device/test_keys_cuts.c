/* Power cuts while the key ring changes: at every operation of every update, before
 * it, in the middle and after, the ring is the old one or the new one; and the update
 * can be sent again until it is the new one. Also cuts of the second attempt. */
#include "key_ring.h"
#include "sim/nor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TORN_SEEDS 32u /* ways an operation is torn */

struct step {
    uint8_t action;
    const char *name;
    const char *after; /* the ring */
};

/* Long and short records, a dropped entry in the middle and at the end, both sectors. */
static const struct step steps[] = {
    {TRUST_ADD, "p256", "rsa1024 p256 "},
    {TRUST_ADD, "rsa4096", "rsa1024 p256 rsa4096 "},
    {TRUST_REVOKE, "p256", "rsa1024 rsa4096 "},
    {TRUST_ADD, "p256-other", "rsa1024 rsa4096 p256-other "},
    {TRUST_REVOKE, "rsa1024", "rsa4096 p256-other "},
    {TRUST_REVOKE, "p256-other", "rsa4096 "},
};

#define STEPS (sizeof steps / sizeof steps[0])

struct fixture {
    struct nor *nor;
    struct power power;
    struct key_ring ring;
    uint8_t before[KEY_RING_FLASH];
    uint64_t cuts;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    if (fixture == NULL)
        return -1;
    power_on(&fixture->power, NULL, NULL);
    const struct nor_config config = {.size = KEY_RING_FLASH, .power = &fixture->power};
    if (nor_open(&fixture->nor, &config) != 0)
        return -1;
    key_ring_init(&fixture->ring, nor_flash(fixture->nor), "rsa1024");
    *state = fixture;
    return key_ring_start(&fixture->ring) == UD_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    const enum nor_fault fault = nor_fault(fixture->nor);

    nor_close(fixture->nor);
    free(fixture);
    return fault == NOR_NO_FAULT ? 0 : -1;
}

static int carry_out(struct fixture *fixture, size_t step)
{
    const uint32_t number = (uint32_t)step + 1;

    return steps[step].action == TRUST_ADD
               ? key_ring_add(&fixture->ring, number, steps[step].name)
               : key_ring_revoke(&fixture->ring, number, steps[step].name);
}

static const char *ring_before(size_t step)
{
    return step == 0 ? "rsa1024 " : steps[step - 1].after;
}

/* With power as the plan says; then it is back and the device starts. Returns whether
 * the update was carried out. */
static bool attempt(struct fixture *fixture, size_t step, const struct cut_plan *plan)
{
    char id[CUT_ID_MAX], text[200];
    jmp_buf dead;

    power_on(&fixture->power, plan, &dead);
    if (setjmp(dead) == 0)
        assert_int_equal(carry_out(fixture, step), UD_OK);
    power_on(&fixture->power, NULL, NULL);
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    const bool is_done = fixture->ring.keys.number == step + 1;
    const char *expected = is_done ? steps[step].after : ring_before(step);
    if (strcmp(key_ring_trusted(&fixture->ring, text), expected) != 0 ||
        (!is_done && fixture->ring.keys.number != step))
        fail_msg("step %zu, cut %s: number %u, trusted %s", step, cut_print(plan, id),
                 (unsigned)fixture->ring.keys.number, text);
    fixture->cuts++;
    return is_done;
}

static void restore(struct fixture *fixture)
{
    memcpy(nor_bytes(fixture->nor), fixture->before, sizeof fixture->before);
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
}

/* Cuts by this plan, then again by the same one, then sends the update undisturbed. */
static void cut_twice(struct fixture *fixture, size_t step, const struct cut_plan *plan)
{
    const struct cut_plan never = {0};

    restore(fixture);
    bool is_done = attempt(fixture, step, plan);
    if (!is_done)
        is_done = attempt(fixture, step, plan);
    if (!is_done)
        assert_true(attempt(fixture, step, &never));
}

static void cut_operation(struct fixture *fixture, size_t step, uint64_t operation)
{
    struct cut_plan plan = {.operation = operation, .phase = CUT_BEFORE};

    cut_twice(fixture, step, &plan);
    plan.phase = CUT_AFTER;
    cut_twice(fixture, step, &plan);
    plan.phase = CUT_TORN;
    for (plan.seed = 1; plan.seed <= TORN_SEEDS; plan.seed++)
        cut_twice(fixture, step, &plan);
}

static void every_cut_leaves_the_old_ring_or_the_new_one(void **state)
{
    struct fixture *fixture = *state;

    for (size_t step = 0; step < STEPS; step++) {
        memcpy(fixture->before, nor_bytes(fixture->nor), sizeof fixture->before);
        power_on(&fixture->power, NULL, NULL);
        assert_int_equal(carry_out(fixture, step), UD_OK);
        const uint64_t operations = fixture->power.operations;
        assert_true(operations > 4);
        for (uint64_t operation = 1; operation <= operations; operation++)
            cut_operation(fixture, step, operation);
        restore(fixture);
        assert_int_equal(carry_out(fixture, step), UD_OK);
    }
    print_message("%llu cuts\n", (unsigned long long)fixture->cuts);
}

/* The test would see it: the last operation is what makes the new ring count. */
static void a_cut_before_the_last_operation_leaves_the_old_ring(void **state)
{
    struct fixture *fixture = *state;
    struct cut_plan plan = {.phase = CUT_BEFORE};

    memcpy(fixture->before, nor_bytes(fixture->nor), sizeof fixture->before);
    power_on(&fixture->power, NULL, NULL);
    assert_int_equal(carry_out(fixture, 0), UD_OK);
    plan.operation = fixture->power.operations;
    restore(fixture);
    assert_false(attempt(fixture, 0, &plan));
    plan.phase = CUT_AFTER;
    restore(fixture);
    assert_true(attempt(fixture, 0, &plan));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_cut_leaves_the_old_ring_or_the_new_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_cut_before_the_last_operation_leaves_the_old_ring, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
