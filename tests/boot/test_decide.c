/* The boot decision: every fact that outranks another, and every combination. */
#include "boot/decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ALL_FACTS 0xffu

static const struct {
    unsigned facts;
    enum boot_action action;
} rows[] = {
    {0, BOOT_START},
    {BOOT_TRIAL, BOOT_TRY},
    {BOOT_SPENT, BOOT_ROLL_BACK},
    {BOOT_LOAD, BOOT_START_AT},
    {BOOT_COPY, BOOT_ADOPT},
    {BOOT_COPY | BOOT_TRIAL, BOOT_ADOPT},
    {BOOT_COPY | BOOT_SPENT, BOOT_ADOPT},
    {BOOT_DEBRIS, BOOT_CLEAN},
    {BOOT_DEBRIS | BOOT_COPY, BOOT_CLEAN},
    {BOOT_DEBRIS | BOOT_VERIFIED, BOOT_CLEAN},
    {BOOT_JOURNAL, BOOT_BEGIN},
    {BOOT_JOURNAL | BOOT_PLANNED, BOOT_BEGIN},
    {BOOT_JOURNAL | BOOT_VERIFIED, BOOT_BEGIN},
    {BOOT_JOURNAL | BOOT_COPY, BOOT_BEGIN},
    {BOOT_JOURNAL | BOOT_PLANNED | BOOT_VERIFIED, BOOT_RESUME},
    {BOOT_JOURNAL | BOOT_PLANNED | BOOT_VERIFIED | BOOT_COPY | BOOT_SPENT, BOOT_RESUME},
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
    const unsigned resumable = BOOT_JOURNAL | BOOT_PLANNED | BOOT_VERIFIED;

    (void)state;
    for (unsigned facts = 0; facts <= ALL_FACTS; facts++) {
        const enum boot_action action = boot_decide(facts);

        assert_int_equal(action == BOOT_RESUME, (facts & resumable) == resumable);
        if ((facts & BOOT_JOURNAL) == 0)
            assert_int_not_equal(action, BOOT_BEGIN);
        if (facts & (BOOT_JOURNAL | BOOT_DEBRIS))
            assert_true(action == BOOT_RESUME || action == BOOT_BEGIN || action == BOOT_CLEAN);
        if (action == BOOT_TRY || action == BOOT_ROLL_BACK)
            assert_int_equal(facts & (BOOT_COPY | BOOT_LOAD), 0);
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
