/* The fleet over time: which samples become points, how many are kept, and the file. */
#include "server/trend/trend.h"
#include "tests/server/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define START_MS  INT64_C(1700000000000)
#define SECOND_MS INT64_C(1000)
#define DAY_MS    (86400 * SECOND_MS)
#define KEPT      180u

static int set_up(void **state)
{
    *state = trend_new();
    return *state == NULL;
}

static int tear_down(void **state)
{
    trend_free(*state);
    return 0;
}

/* Samples `step_ms` apart, one check-in each, the devices growing by one. */
static void sample(struct trend *trend, int64_t from_ms, int64_t step_ms, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct trend_point point = {
            .at_ms = from_ms + i * step_ms,
            .devices = i + 1,
            .flow = {.checkins = 1, .failed = i % 2},
            .share_count = 1,
            .shares = {{"demo", "1.0.0", i + 1}},
        };
        trend_note(trend, &point);
    }
}

static size_t count_points(struct trend *trend, enum trend_span span)
{
    json_t *points = trend_view(trend, span);
    const size_t count = json_array_size(points);

    json_decref(points);
    return count;
}

static json_int_t field(struct trend *trend, enum trend_span span, size_t index, const char *name)
{
    json_t *points = trend_view(trend, span);
    const json_int_t value =
        json_integer_value(json_object_get(json_array_get(points, index), name));

    json_decref(points);
    return value;
}

static void points_are_an_interval_apart(void **state)
{
    sample(*state, START_MS, 10 * SECOND_MS, 97); /* 960 s */
    assert_int_equal(count_points(*state, TREND_HOUR), 49);
    assert_int_equal(count_points(*state, TREND_DAY), 3);
    assert_int_equal(count_points(*state, TREND_MONTH), 1);
}

static void flows_add_up_between_points(void **state)
{
    sample(*state, START_MS, 10 * SECOND_MS, 97);
    assert_int_equal(field(*state, TREND_HOUR, 0, "checkins"), 1);
    assert_int_equal(field(*state, TREND_HOUR, 1, "checkins"), 2);
    assert_int_equal(field(*state, TREND_DAY, 2, "checkins"), 48);
    assert_int_equal(trend_sum(*state, TREND_DAY, DAY_MS).checkins, 97);
    assert_int_equal(trend_sum(*state, TREND_MONTH, DAY_MS).failed, 48);
    assert_int_equal(trend_sum(*state, TREND_HOUR, 60 * SECOND_MS).checkins, 6);
}

static void the_oldest_points_go(void **state)
{
    sample(*state, START_MS, 20 * SECOND_MS, 1000);
    assert_int_equal(count_points(*state, TREND_HOUR), KEPT);
    assert_int_equal(field(*state, TREND_HOUR, 0, "devices"), 1000 - KEPT + 1);
    assert_int_equal(field(*state, TREND_HOUR, KEPT - 1, "devices"), 1000);
}

static void a_clock_set_back_begins_anew(void **state)
{
    sample(*state, START_MS, 20 * SECOND_MS, 10);
    sample(*state, START_MS - DAY_MS, 20 * SECOND_MS, 2);
    assert_int_equal(count_points(*state, TREND_HOUR), 2);
}

static void a_file_gives_back_what_was_saved(void **state)
{
    char folder[FOLDER_PATH_SIZE], path[FOLDER_PATH_SIZE];
    struct trend *again = trend_new();

    folder_make(folder);
    folder_join(path, folder, "trend.json");
    sample(*state, START_MS, 20 * SECOND_MS, 300);
    assert_int_equal(trend_save(*state, path), 0);
    assert_int_equal(trend_load(again, path), 0);
    for (int span = 0; span < TREND_SPANS; span++) {
        json_t *before = trend_view(*state, (enum trend_span)span);
        json_t *after = trend_view(again, (enum trend_span)span);
        assert_true(json_equal(before, after));
        json_decref(before);
        json_decref(after);
    }
    trend_free(again);
    folder_remove(folder);
}

/* Between two points of a span, too: 20 s after its last one, 7 minutes, and 4 hours less that. */
static void a_restart_forgets_no_flow(void **state)
{
    static const uint32_t counts[] = {2, 25, 719};
    char folder[FOLDER_PATH_SIZE], path[FOLDER_PATH_SIZE];

    (void)state;
    folder_make(folder);
    folder_join(path, folder, "trend.json");
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct trend *before = trend_new(), *after = trend_new();
        sample(before, START_MS, 20 * SECOND_MS, counts[i]);
        assert_int_equal(trend_save(before, path), 0);
        assert_int_equal(trend_load(after, path), 0);
        for (int span = TREND_DAY; span < TREND_SPANS; span++) {
            const struct trend_flow sum = trend_sum(after, (enum trend_span)span, DAY_MS);
            assert_int_equal(sum.checkins, counts[i]);
            assert_int_equal(sum.failed, counts[i] / 2);
        }
        trend_free(before);
        trend_free(after);
    }
    folder_remove(folder);
}

static void a_malformed_file_is_left_out(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{\"hour\": 7, \"day\": [1, null, {}, {\"at\": \"soon\"}]}",
        "{\"hour\": [{\"at\": \"2026-11-21T10:00:00.000Z\", \"devices\": -5, \"versions\": [7, "
        "{}]}]}",
    };
    char folder[FOLDER_PATH_SIZE], path[FOLDER_PATH_SIZE];

    folder_make(folder);
    folder_join(path, folder, "trend.json");
    assert_true(trend_load(*state, path) < 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(path, "w");
        fputs(texts[i], file);
        fclose(file);
        trend_load(*state, path);
        assert_int_equal(count_points(*state, TREND_DAY), 0);
    }
    assert_int_equal(count_points(*state, TREND_HOUR), 1);
    assert_int_equal(field(*state, TREND_HOUR, 0, "devices"), 0);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_are_an_interval_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flows_add_up_between_points, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_points_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_set_back_begins_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_gives_back_what_was_saved, set_up, tear_down),
        cmocka_unit_test(a_restart_forgets_no_flow),
        cmocka_unit_test_setup_teardown(a_malformed_file_is_left_out, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("server/trend", tests, NULL, NULL);
}
