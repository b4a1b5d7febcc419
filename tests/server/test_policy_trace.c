/* Every rule of the policy is the answer to one of the questions it asks. */
#include "server/policy/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_question_has_a_rule(void **state)
{
    bool is_asked[POLICY_QUESTIONS] = {false};

    (void)state;
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        const unsigned index = policy_question_of((enum policy_rule)rule);
        assert_in_range(index, 0, POLICY_QUESTIONS - 1);
        is_asked[index] = true;
        assert_true(index > 0 || rule == RULE_DECOMMISSIONED);
    }
    for (unsigned i = 0; i < POLICY_QUESTIONS; i++)
        assert_true(is_asked[i]);
}

static void questions_have_names_of_their_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < POLICY_QUESTIONS; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(policy_question(i)->name, policy_question(j)->name);
}

static void only_the_last_questions_lead_to_an_offer(void **state)
{
    (void)state;
    assert_int_equal(policy_question_of(RULE_DUE), POLICY_QUESTIONS - 1);
    assert_string_equal(policy_question(policy_question_of(RULE_BUSY))->name, "load");
    assert_true(policy_question_of(RULE_HELD_BACK) < policy_question_of(RULE_BUSY));
    assert_true(policy_question_of(RULE_STAGE_TO_COME) < policy_question_of(RULE_HELD_BACK));
    assert_true(policy_question_of(RULE_OUTSIDE_WINDOW) < policy_question_of(RULE_DUE));
}

static void the_source_of_a_target_is_named(void **state)
{
    const struct release release = {.id = 1};
    const struct rollout rollout = {.id = 1};
    const struct assignment own = {.pin = NULL}, pinned = {.pin = "1.0.0"};
    struct policy_decision decision = {.target = NULL};

    (void)state;
    assert_null(policy_source(&decision, &pinned, "1.0.0"));
    decision.target = &release;
    assert_string_equal(policy_source(&decision, &pinned, "1.0.0"), "pin");
    assert_string_equal(policy_source(&decision, &own, "1.0.0"), "group-pin");
    assert_string_equal(policy_source(&decision, &own, NULL), "channel");
    decision.rollout = &rollout;
    assert_string_equal(policy_source(&decision, &own, NULL), "rollout");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_question_has_a_rule),
        cmocka_unit_test(questions_have_names_of_their_own),
        cmocka_unit_test(only_the_last_questions_lead_to_an_offer),
        cmocka_unit_test(the_source_of_a_target_is_named),
    };

    return cmocka_run_group_tests_name("server/policy/trace", tests, NULL, NULL);
}
