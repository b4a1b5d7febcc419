/* Cut plans: their ids, and when power goes. */
#include "sim/cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct {
    const char *id;
    struct cut_plan plan;
} rows[] = {
    {"none", {0, CUT_BEFORE, 0, false}},
    {"1b", {1, CUT_BEFORE, 0, false}},
    {"12t:4711", {12, CUT_TORN, 4711, false}},
    {"12t:0", {12, CUT_TORN, 0, false}},
    {"12a", {12, CUT_AFTER, 0, false}},
    {"12a+rtc", {12, CUT_AFTER, 0, true}},
    {"7t:4294967295+rtc", {7, CUT_TORN, UINT32_MAX, true}},
    {"18446744073709551615b", {UINT64_MAX, CUT_BEFORE, 0, false}},
};

static void ids_are_printed_and_read_back(void **state)
{
    char text[CUT_ID_MAX];
    struct cut_plan plan;

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        assert_string_equal(cut_print(&rows[i].plan, text), rows[i].id);
        assert_true(cut_parse(rows[i].id, &plan));
        assert_int_equal(plan.operation, rows[i].plan.operation);
        assert_int_equal(plan.phase, rows[i].plan.phase);
        assert_int_equal(plan.seed, rows[i].plan.seed);
        assert_int_equal(plan.keeps_rtc, rows[i].plan.keeps_rtc);
    }
}

static void what_is_no_id_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "b",
        "0b",
        "-1b",
        "12",
        "12x",
        "12b:1",
        "12t",
        "12t:",
        "12t:x",
        "12a ",
        " 12a",
        "12a+rt",
        "12a+rtcs",
        "none+r",
        "12t:-1",
        "12t:4294967296",
        "18446744073709551616b",
        "1.5b",
        "12A",
    };
    struct cut_plan plan;

    (void)state;
    for (size_t i = 0; i < SIZE(texts); i++)
        if (cut_parse(texts[i], &plan))
            fail_msg("\"%s\" passed for an id", texts[i]);
}

static void power_goes_at_its_operation_and_stays_off(void **state)
{
    static const enum power_verdict verdicts[] = {
        [CUT_BEFORE] = POWER_CUT_BEFORE,
        [CUT_TORN] = POWER_CUT_TORN,
        [CUT_AFTER] = POWER_CUT_AFTER,
    };

    (void)state;
    for (enum cut_phase phase = CUT_BEFORE; phase <= CUT_AFTER; phase++) {
        const struct cut_plan plan = {.operation = 3, .phase = phase};
        struct power power;

        power_on(&power, &plan, NULL);
        assert_false(power.is_off);
        assert_int_equal(power_operation(&power), POWER_ON);
        assert_int_equal(power_operation(&power), POWER_ON);
        assert_int_equal(power_operation(&power), verdicts[phase]);
        assert_int_equal(power.is_off, phase == CUT_BEFORE);
        power_cut(&power);
        assert_true(power.is_off);
        assert_int_equal(power_operation(&power), POWER_CUT_BEFORE);
        assert_int_equal(power.operations, 3);
        /* Switched on again, it counts from 1. */
        power_on(&power, NULL, NULL);
        assert_false(power.is_off);
        for (int i = 0; i < 10; i++)
            assert_int_equal(power_operation(&power), POWER_ON);
        assert_int_equal(power.operations, 10);
    }
}

static void a_handler_is_jumped_to_once(void **state)
{
    const struct cut_plan plan = {.operation = 2, .phase = CUT_BEFORE};
    static struct power power;
    static int begun;
    jmp_buf handler;

    (void)state;
    begun = 0;
    if (setjmp(handler) == 0) {
        power_on(&power, &plan, &handler);
        for (;;) {
            power_operation(&power);
            begun++;
        }
    }
    assert_int_equal(begun, 1);
    assert_true(power.is_off);
    /* Once: who comes after it is told, and not sent back. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(power_operation(&power), POWER_CUT_BEFORE);
    assert_int_equal(power.operations, 2);
}

static void every_plan_survives_its_id(void **state)
{
    static const uint64_t operations[] = {1, 9, 10, 4711, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
    static const uint32_t seeds[] = {0, 1, 10, INT32_MAX, UINT32_MAX};
    char text[CUT_ID_MAX], again[CUT_ID_MAX];

    (void)state;
    for (size_t i = 0; i < SIZE(operations) * SIZE(seeds) * 6; i++) {
        const enum cut_phase phase = (enum cut_phase)(i % 3);
        const struct cut_plan plan = {.operation = operations[i / 6 % SIZE(operations)],
                                      .phase = phase,
                                      .seed =
                                          phase == CUT_TORN ? seeds[i / 6 / SIZE(operations)] : 0,
                                      .keeps_rtc = i / 3 % 2 != 0};
        struct cut_plan found;

        assert_true(cut_parse(cut_print(&plan, text), &found));
        assert_int_equal(found.operation, plan.operation);
        assert_int_equal(found.phase, plan.phase);
        assert_int_equal(found.seed, plan.seed);
        assert_int_equal(found.keeps_rtc, plan.keeps_rtc);
        assert_string_equal(cut_print(&found, again), text);
    }
}

/* Of the longest id no part and no longer text is one, but for those that end
 * where a shorter id does. */
static void parts_of_an_id_are_refused(void **state)
{
    static const char whole[] = "18446744073709551615t:4294967295+rtc";
    const size_t first_seed = strlen("18446744073709551615t:4"), tail = strlen("+rtc");
    struct cut_plan plan;

    (void)state;
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        char part[sizeof whole];
        memcpy(part, whole, length);
        part[length] = '\0';
        const bool is_id = length >= first_seed && length <= sizeof whole - 1 - tail;
        if (cut_parse(part, &plan) != is_id)
            fail_msg("\"%s\" passed for %s", part, is_id ? "no id" : "an id");
    }
    for (int c = 1; c < 256; c++) {
        char longer[sizeof whole + 1];
        memcpy(longer, whole, sizeof whole - 1);
        longer[sizeof whole - 1] = (char)c;
        longer[sizeof whole] = '\0';
        assert_false(cut_parse(longer, &plan));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_printed_and_read_back),
        cmocka_unit_test(every_plan_survives_its_id),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(parts_of_an_id_are_refused),
        cmocka_unit_test(power_goes_at_its_operation_and_stays_off),
        cmocka_unit_test(a_handler_is_jumped_to_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
