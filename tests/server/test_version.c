/* The order of versions: rows from old to new, each pair of which is compared both ways. */
#include "server/model/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROW_MAX 20

static const char *const rows[][ROW_MAX] = {
    {"0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc1",
     "1.0.0-rc10", "1.0.0", "1.0.0-1-g0123abc", "v1.0.0-5-g1a2b3c4", "1.0.0-11-gabcdef0-dirty",
     "1.0.0a", "1.0.0b", "1.0.1", "1.2", "1.10", "2"},
    {"1", "1.0.0.1", "1.1"},
    {"1~rc1", "1", "1.1"},
    {"2024-06-01", "2024-06-15", "2024-10-01"},
    {"20240601", "20240615"},
    {"DOOR-7-g14f53a19", "DOOR-12-g14f53a20"},
    {"build9", "build10", "build11"},
    {"9", "10", "99999999999999999998", "99999999999999999999"},
};

static void rows_are_in_order(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++)
        for (size_t i = 0; i < ROW_MAX && rows[row][i] != NULL; i++)
            for (size_t j = 0; j < ROW_MAX && rows[row][j] != NULL; j++) {
                const enum version_order wanted = i < j    ? VERSION_OLDER
                                                  : i == j ? VERSION_SAME
                                                           : VERSION_NEWER;
                if (version_order(rows[row][i], rows[row][j]) != wanted)
                    fail_msg("%s and %s", rows[row][i], rows[row][j]);
            }
}

static void some_are_the_same(void **state)
{
    (void)state;
    assert_int_equal(version_order("1.0", "1.0.0"), VERSION_SAME);
    assert_int_equal(version_order("v1.0", "1.0+build7"), VERSION_SAME);
    assert_int_equal(version_order("1.01", "1.1"), VERSION_SAME);
    assert_int_equal(version_order("1.0-g1a2b3c4", "1.0-gffffff0"), VERSION_SAME);
    assert_int_equal(version_order("1a2b3c4", "1a2b3c4"), VERSION_SAME);
    assert_int_equal(version_order("", ""), VERSION_SAME);
}

static void some_have_no_order(void **state)
{
    static const char *const pairs[][2] = {
        {"lamp1", "door2"},         {"1a2b3c4", "1b2b3c4"}, {"1.0", "blue"},
        {"blue", "green"},          {"abcdef0123", "1.0"},  {"", "1"},
        {"DOOR-7-g14f53a19", "1.0"}};

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_int_equal(version_order(pairs[i][0], pairs[i][1]), VERSION_UNORDERED);
        assert_int_equal(version_order(pairs[i][1], pairs[i][0]), VERSION_UNORDERED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_in_order),
        cmocka_unit_test(some_are_the_same),
        cmocka_unit_test(some_have_no_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
