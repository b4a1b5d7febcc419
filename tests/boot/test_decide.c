/* The boot decision: every fact that outranks another, and every combination. */
#include "boot/decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ALL_FACTS 0x3fu

static const struct {
    unsigned facts;
    enum boot_action action;
} rows[] = {
    {0, BOOT_START},
    {BOOT_TRIAL, BOOT_TRY},
    {BOOT_SPENT, BOOT_ROLL_BACK},
    {BOOT_LOAD, BOOT_START_AT},
    {BOOT_LOAD | BOOT_TRIAL, BOOT_START_AT},
    {BOOT_COPY, BOOT_ADOPT},
    {BOOT_COPY | BOOT_TRIAL, BOOT_ADOPT},
    {BOOT_COPY | BOOT_SPENT, BOOT_ADOPT},
    {BOOT_ORDERED, BOOT_BEGIN},
    {BOOT_ORDERED | BOOT_COPY, BOOT_BEGIN},
    {BOOT_ORDERED | BOOT_SPENT, BOOT_BEGIN},
    {BOOT_VERIFIED, BOOT_RESUME},
    {BOOT_VERIFIED | BOOT_COPY | BOOT_SPENT, BOOT_RESUME},
};

static void the_facts_rank(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(boot_decide(rows[i].facts), rows[i].action);
}

/* Whatever comes together: what was begun is carried on, and nothing is carried on
 * that was not checked. */
static void no_combination_surprises(void **state)
{
    (void)state;
    for (unsigned facts = 0; facts <= ALL_FACTS; facts++) {
        const enum boot_action action = boot_decide(facts);

        assert_int_equal(action == BOOT_RESUME, (facts & BOOT_VERIFIED) != 0);
        if ((facts & BOOT_ORDERED) == 0)
            assert_int_not_equal(action, BOOT_BEGIN);
        if ((facts & (BOOT_ORDERED | BOOT_VERIFIED)) == BOOT_ORDERED)
            assert_int_equal(action, BOOT_BEGIN);
        if (action == BOOT_TRY || action == BOOT_ROLL_BACK)
            assert_int_equal(facts & (BOOT_COPY | BOOT_LOAD), 0);
        if (action == BOOT_START)
            assert_int_equal(facts, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_facts_rank),
        cmocka_unit_test(no_combination_surprises),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
