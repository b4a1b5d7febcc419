/* Numbers of digits alone, and their limits. */
#include "host/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define UNTOUCHED 4711

static void digits_are_read_up_to_the_limit(void **state)
{
    static const struct {
        const char *text;
        uint64_t max, number;
    } rows[] = {
        {"0", 0, 0},
        {"000", 0, 0},
        {"7", 9, 7},
        {"10", 10, 10},
        {"0010", 10, 10},
        {"65535", UINT16_MAX, 65535},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t number = UNTOUCHED;
        assert_true(number_read(rows[i].text, strlen(rows[i].text), rows[i].max, &number));
        assert_int_equal(number, rows[i].number);
    }
}

static void what_is_no_number_or_too_large_leaves_it_alone(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
    } rows[] = {
        {"", UINT64_MAX},
        {"-1", UINT64_MAX},
        {"+1", UINT64_MAX},
        {" 1", UINT64_MAX},
        {"1 ", UINT64_MAX},
        {"1x", UINT64_MAX},
        {"0x10", UINT64_MAX},
        {"1", 0},
        {"10", 9},
        {"11", 10},
        {"65536", UINT16_MAX},
        {"18446744073709551616", UINT64_MAX},
        {"99999999999999999999999", UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t number = UNTOUCHED;
        assert_false(number_read(rows[i].text, strlen(rows[i].text), rows[i].max, &number));
        assert_int_equal(number, UNTOUCHED);
    }
}

static void only_so_many_characters_are_looked_at(void **state)
{
    uint64_t number = UNTOUCHED;
    (void)state;
    assert_true(number_read("12,34", 2, 99, &number));
    assert_int_equal(number, 12);
    assert_false(number_read("12", 0, 99, &number));
}

static void a_whole_text_has_32_bits(void **state)
{
    uint32_t number = UNTOUCHED;
    (void)state;
    assert_false(number_read_text("4294967296", &number));
    assert_false(number_read_text("", &number));
    assert_int_equal(number, UNTOUCHED);
    assert_true(number_read_text("4294967295", &number));
    assert_int_equal(number, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_read_up_to_the_limit),
        cmocka_unit_test(what_is_no_number_or_too_large_leaves_it_alone),
        cmocka_unit_test(only_so_many_characters_are_looked_at),
        cmocka_unit_test(a_whole_text_has_32_bits),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
