#include "server/http/etag.h"
#include "server/http/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void every_syntax(void **state)
{
    static const struct {
        const char *value;
        uint64_t size;
        enum range_result result;
        uint64_t first, length;
    } rows[] = {
        {NULL, 100, RANGE_WHOLE, 0, 0},
        {"", 100, RANGE_WHOLE, 0, 0},
        {"bytes", 100, RANGE_WHOLE, 0, 0},
        {"bytes=", 100, RANGE_WHOLE, 0, 0},
        {"bytes=-", 100, RANGE_WHOLE, 0, 0},
        {"bytes=0", 100, RANGE_WHOLE, 0, 0},
        {"bytes=a-b", 100, RANGE_WHOLE, 0, 0},
        {"bytes=0-x", 100, RANGE_WHOLE, 0, 0},
        {"bytes=0x1-2", 100, RANGE_WHOLE, 0, 0},
        {"bytes=--1", 100, RANGE_WHOLE, 0, 0},
        {"bytes=+1-2", 100, RANGE_WHOLE, 0, 0},
        {"bytes=5-4", 100, RANGE_WHOLE, 0, 0},
        {"bytes=0-1,3-4", 100, RANGE_WHOLE, 0, 0},
        {"bytes=0-1, -1", 100, RANGE_WHOLE, 0, 0},
        {"lines=0-1", 100, RANGE_WHOLE, 0, 0},
        {"bytes=0-0", 100, RANGE_PART, 0, 1},
        {"bytes=0-99", 100, RANGE_PART, 0, 100},
        {"bytes=0-", 100, RANGE_PART, 0, 100},
        {"BYTES=7-9", 100, RANGE_PART, 7, 3},
        {"bytes= 7-9 ", 100, RANGE_PART, 7, 3},
        {"bytes=99-", 100, RANGE_PART, 99, 1},
        {"bytes=99-99", 100, RANGE_PART, 99, 1},
        {"bytes=50-1000", 100, RANGE_PART, 50, 50},
        {"bytes=00000000000000000000000000001-2", 100, RANGE_PART, 1, 2},
        {"bytes=1-99999999999999999999999999999", 100, RANGE_PART, 1, 99},
        {"bytes=1-18446744073709551615", 100, RANGE_PART, 1, 99},
        {"bytes=-1", 100, RANGE_PART, 99, 1},
        {"bytes=-100", 100, RANGE_PART, 0, 100},
        {"bytes=-101", 100, RANGE_PART, 0, 100},
        {"bytes=-99999999999999999999999", 100, RANGE_PART, 0, 100},
        {"bytes=-0", 100, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=100-", 100, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=100-200", 100, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=99999999999999999999999-", 100, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-1", 0, RANGE_UNSATISFIABLE, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct range range = {0, 0};
        if (range_parse(rows[i].value, rows[i].size, &range) != rows[i].result)
            fail_msg("%s", rows[i].value);
        if (rows[i].result == RANGE_PART &&
            (range.first != rows[i].first || range.length != rows[i].length))
            fail_msg("%s: %llu+%llu", rows[i].value, (unsigned long long)range.first,
                     (unsigned long long)range.length);
    }
}

static void a_range_never_leaves_the_file(void **state)
{
    (void)state;
    for (uint64_t size = 0; size < 6; size++)
        for (int first = -1; first < 8; first++)
            for (int last = -1; last < 8; last++) {
                char value[40], from[4] = "", to[4] = "";
                struct range range = {0, size};
                if (first >= 0)
                    snprintf(from, sizeof from, "%d", first);
                if (last >= 0)
                    snprintf(to, sizeof to, "%d", last);
                snprintf(value, sizeof value, "bytes=%s-%s", from, to);
                if (range_parse(value, size, &range) != RANGE_PART)
                    continue;
                assert_true(range.length > 0);
                assert_true(range.first < size);
                assert_true(range.length <= size - range.first);
            }
}

static void tags_in_lists(void **state)
{
    static const char etag[] = "\"abc\"";

    (void)state;
    assert_false(etag_is_in(NULL, etag));
    assert_false(etag_is_in("", etag));
    assert_false(etag_is_in("abc", etag));
    assert_false(etag_is_in("\"abcd\"", etag));
    assert_false(etag_is_in("\"ab\", \"bc\"", etag));
    assert_false(etag_is_in("\"x", etag));
    assert_false(etag_is_in("\"a,\\\"abc", etag));
    assert_true(etag_is_in("\"abc\"", etag));
    assert_true(etag_is_in("W/\"abc\"", etag));
    assert_true(etag_is_in("\"x\",\"abc\"", etag));
    assert_true(etag_is_in("\"x\" , W/\"y\", \"abc\"", etag));
    assert_true(etag_is_in("*", etag));
}

static void if_range_wants_the_very_tag(void **state)
{
    (void)state;
    assert_true(etag_allows_range(NULL, "\"abc\""));
    assert_true(etag_allows_range("\"abc\"", "\"abc\""));
    assert_false(etag_allows_range("W/\"abc\"", "\"abc\""));
    assert_false(etag_allows_range("Sat, 21 Nov 2026 03:19:15 GMT", "\"abc\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_syntax),
        cmocka_unit_test(a_range_never_leaves_the_file),
        cmocka_unit_test(tags_in_lists),
        cmocka_unit_test(if_range_wants_the_very_tag),
    };
    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
