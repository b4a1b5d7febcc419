/* Times as texts: what is written is read as the same. */
#include "server/model/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state)
{
    static const int64_t times[] = {0, 1, 999, 1000, 1764000000123, 253402300799999};
    char text[CLOCK_TEXT_SIZE];
    int64_t again;

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        assert_true(clock_parse(clock_format(times[i], text), &again));
        assert_int_equal(again, times[i]);
    }
}

static void milliseconds_may_be_left_out(void **state)
{
    int64_t ms;

    (void)state;
    assert_true(clock_parse("1970-01-02T00:00:01Z", &ms));
    assert_int_equal(ms, 86401000);
    assert_true(clock_parse("1970-01-02T00:00:01.005Z", &ms));
    assert_int_equal(ms, 86401005);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "now",
        "2026-11-21",
        "2026-11-21T10:20:30",
        "2026-11-21T10:20:30+01:00",
        "2026-11-21T10:20:30ZZ",
        "2026-11-21T10:20:30.Z",
        "2026-11-21T10:20:30.5Z",
        "2026-11-21T10:20:30.1234Z",
        "2026-11-21T10:20:30.123",
        "2026-11-21T10:20:30.-12Z",
        "2026-11-21T10:20:30.+12Z",
        "2026-11-21T10:20:30. 12Z",
        "2026-11-21T10:20:30.005Z ",
        "2026-13-21T10:20:30Z",
        "1969-12-31T23:59:59Z",
        "1013-11-21T12:00:00.080Z", /* by the fuzzer: it was written as a time of its own */
    };
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(clock_parse(texts[i], &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(milliseconds_may_be_left_out),
        cmocka_unit_test(what_is_no_time_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
