/* Memory becomes what the tables have, whatever it was before: as when a copy of them has taken
 * over, which may lack what came last. */
#include "server/fleet/fleet_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS  4u
#define NEVER 1000 /* rows; there are fewer */

/* --- a store whose tables are changed by hand --- */

struct head {
    const char *channel;
    uint32_t release;
};

static struct tables {
    struct release releases[ROWS];
    struct head heads[ROWS]; /* of the product demo */
    struct group groups[ROWS];
    struct rollout rollouts[ROWS];
    struct ring_update ring_updates[ROWS];
    struct stored_device devices[ROWS];
    size_t release_count, head_count, group_count, rollout_count, ring_update_count, device_count;
    int readable; /* rows, before one cannot be read */
} tables;

static const struct store_class store_tables;

static struct store *open_tables(const char *location, char error[STORE_ERROR_SIZE])
{
    static struct store store;

    store.class = &store_tables;
    (void)location;
    (void)error;
    return &store;
}

static void close_tables(struct store *store)
{
    (void)store;
}

static void take(struct store *store, struct change *const *changes, size_t count,
                 enum change_result *results, char error[STORE_ERROR_SIZE])
{
    (void)store;
    (void)changes;
    (void)error;
    for (size_t i = 0; i < count; i++)
        results[i] = CHANGE_DONE;
}

static bool is_read(int *result)
{
    if (*result == 0 && tables.readable-- == 0)
        *result = -1;
    return *result == 0;
}

static int load_releases(const struct store_reader *reader, void *ctx)
{
    int result = 0;

    for (size_t i = 0; i < tables.release_count && is_read(&result); i++)
        result = reader->release(ctx, &tables.releases[i]);
    for (size_t i = 0; i < tables.head_count && is_read(&result); i++)
        result = reader->newest(ctx, "demo", tables.heads[i].channel, tables.heads[i].release);
    return result;
}

static int load_tables(struct store *store, const struct store_reader *reader, void *ctx)
{
    int result = load_releases(reader, ctx);

    (void)store;
    for (size_t i = 0; i < tables.group_count && is_read(&result); i++)
        result = reader->group(ctx, &tables.groups[i]);
    for (size_t i = 0; i < tables.rollout_count && is_read(&result); i++)
        result = reader->rollout(ctx, &tables.rollouts[i]);
    for (size_t i = 0; i < tables.ring_update_count && is_read(&result); i++)
        result = reader->ring_update(ctx, &tables.ring_updates[i]);
    for (size_t i = 0; i < tables.device_count && is_read(&result); i++)
        result = reader->device(ctx, &tables.devices[i]);
    return result;
}

static const struct store_class store_tables = {.name = "tables",
                                                .open = open_tables,
                                                .load = load_tables,
                                                .apply = take,
                                                .close = close_tables};

static void put_release(uint32_t id, const char *version, uint8_t content)
{
    struct release *release = &tables.releases[tables.release_count++];

    *release = (struct release){.id = id, .product = "demo", .channel = "stable"};
    strcpy(release->version, version);
    release->image.chip = UD_CHIP_ESP8266;
    release->image.file_count = 1;
    memset(release->image.files[0].sha256, content, UD_SHA256_SIZE);
}

static void put_rollout(uint32_t id, uint32_t release)
{
    tables.rollouts[tables.rollout_count++] = (struct rollout){.id = id,
                                                               .release_id = release,
                                                               .stage_count = 1,
                                                               .stages = {{.percent = 100}},
                                                               .channel = "stable",
                                                               .state = ROLLOUT_FINISHED};
}

static void put_ring_update(uint32_t id, uint32_t number, uint8_t content)
{
    struct ring_update *update = &tables.ring_updates[tables.ring_update_count++];

    *update = (struct ring_update){.id = id, .product = "demo", .number = number};
    memset(update->sha256, content, UD_SHA256_SIZE);
}

static void put_device(mac_address mac, const char *product)
{
    static const struct device_facts facts = {.chip = UD_CHIP_ESP8266, .version = "0.9"};

    tables.devices[tables.device_count++] = (struct stored_device){
        .mac = mac, .facts = &facts, .told_ms = 1000, .assignment = {.product = product}};
}

/* --- the fleet over it --- */

struct fixture {
    struct fleet *fleet;
    char lost[400]; /* what it was told of, a line each */
    mac_address removed;
    unsigned removals;
};

static bool has_file(void *ctx, const struct release *release, const struct release_file *file)
{
    (void)ctx;
    (void)release;
    (void)file;
    return true;
}

static void fail_on_trouble(void *ctx, const char *error)
{
    (void)ctx;
    if (error != NULL)
        abort();
}

static void ignore_released(void *ctx, const struct release *release)
{
    (void)ctx;
    (void)release;
}

static void note_removed(void *ctx, mac_address mac)
{
    struct fixture *fixture = ctx;

    fixture->removed = mac;
    fixture->removals++;
}

static void note_lost(void *ctx, const char *what)
{
    struct fixture *fixture = ctx;
    const size_t length = strlen(fixture->lost);

    snprintf(fixture->lost + length, sizeof fixture->lost - length, "%s\n", what);
}

/* One of everything that is not the oldest of its kind is what a test takes away. */
static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    const struct fleet_config config = {.store = &store_tables,
                                        .ctx = fixture,
                                        .has_file = has_file,
                                        .trouble = fail_on_trouble,
                                        .released = ignore_released,
                                        .removed = note_removed,
                                        .lost = note_lost,
                                        .unassigned_limit = 1};
    char error[STORE_ERROR_SIZE];

    tables = (struct tables){.readable = NEVER};
    put_release(1, "1.0", 'a');
    put_release(2, "2.0", 'b');
    tables.heads[tables.head_count++] = (struct head){"stable", 2};
    tables.groups[tables.group_count++] = (struct group){.name = "lab", .pin = "1.0"};
    tables.groups[tables.group_count++] = (struct group){.name = "attic"};
    put_rollout(1, 1);
    put_rollout(2, 2);
    put_ring_update(1, 1, 'k');
    put_ring_update(2, 2, 'l');
    put_device(1, "demo");
    put_device(2, NULL);
    fixture->fleet = fleet_open(&config, error);
    *state = fixture;
    return fixture->fleet != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    fleet_close(fixture->fleet);
    free(fixture);
    return 0;
}

static bool has_device(struct fixture *fixture, mac_address mac)
{
    struct device_view view;

    return fleet_view(fixture->fleet, mac, &view);
}

static size_t count_ring_updates(struct fixture *fixture)
{
    size_t count;

    free(fleet_copy_ring_updates(fixture->fleet, &count));
    return count;
}

static struct release release_of(struct fixture *fixture, uint32_t rollout)
{
    struct rollout_view view;

    assert_true(fleet_view_rollout(fixture->fleet, rollout, &view));
    return *view.rollout.release;
}

static void what_is_the_same_stays_where_it_is(void **state)
{
    struct fixture *fixture = *state;
    const struct release *first = fleet_release(fixture->fleet, "demo", "1.0");

    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_ptr_equal(fleet_release(fixture->fleet, "demo", "1.0"), first);
    assert_string_equal(fleet_newest_for_all(fixture->fleet, "demo", "stable")->version, "2.0");
    assert_true(has_device(fixture, 1) && has_device(fixture, 2));
    assert_int_equal(count_ring_updates(fixture), 2);
    assert_string_equal(fixture->lost, "");
    assert_int_equal(fixture->removals, 0);
}

static void lose_the_latest(void)
{
    tables.release_count = tables.group_count = tables.rollout_count = tables.ring_update_count =
        tables.device_count = 1;
    tables.heads[0].release = 1;
}

static void what_memory_alone_has_is_dropped_and_told_of(void **state)
{
    struct fixture *fixture = *state;
    const struct release *dropped = fleet_release(fixture->fleet, "demo", "2.0");
    struct rollout_view view;
    struct group group;

    lose_the_latest();
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_null(fleet_release(fixture->fleet, "demo", "2.0"));
    assert_string_equal(fleet_newest_for_all(fixture->fleet, "demo", "stable")->version, "1.0");
    assert_string_equal(dropped->version, "2.0"); /* who was reading it still does */
    assert_false(fleet_view_rollout(fixture->fleet, 2, &view));
    assert_true(fleet_view_rollout(fixture->fleet, 1, &view));
    assert_false(fleet_group(fixture->fleet, "attic", &group));
    assert_true(fleet_group(fixture->fleet, "lab", &group));
    assert_string_equal(group.pin, "1.0");
    assert_int_equal(count_ring_updates(fixture), 1);
    assert_true(has_device(fixture, 1));
    assert_false(has_device(fixture, 2));
    assert_int_equal(fixture->removed, 2);
    assert_int_equal(fixture->removals, 1);
    assert_string_equal(fixture->lost, "rollout 2\nrelease demo 2.0\ngroup attic\n"
                                       "key update demo 2\n");
}

/* Channel heads are the tables', too: of a channel that they do not have there is no newest. */
static void a_channel_the_tables_lack_has_no_newest(void **state)
{
    struct fixture *fixture = *state;

    tables.head_count = 0;
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_null(fleet_newest_for_all(fixture->fleet, "demo", "stable"));
    assert_non_null(fleet_release(fixture->fleet, "demo", "2.0"));
}

static void what_the_tables_have_besides_is_there(void **state)
{
    struct fixture *fixture = *state;
    struct group group;

    put_release(3, "3.0", 'c');
    tables.heads[tables.head_count++] = (struct head){"beta", 3};
    tables.groups[tables.group_count++] = (struct group){.name = "roof"};
    put_rollout(3, 3);
    put_ring_update(3, 3, 'm');
    put_device(3, "demo");
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_int_equal(fleet_release(fixture->fleet, "demo", "3.0")->id, 3);
    assert_true(fleet_group(fixture->fleet, "roof", &group));
    assert_string_equal(release_of(fixture, 3).version, "3.0");
    assert_int_equal(count_ring_updates(fixture), 3);
    assert_true(has_device(fixture, 3));
    assert_int_equal(fleet_next_release(fixture->fleet), 4);
    assert_int_equal(fleet_next_rollout(fixture->fleet), 4);
    assert_string_equal(fixture->lost, "");
}

/* Published on the side that was lost, and once more on the one that took over. */
static void another_release_of_the_same_version_takes_its_place(void **state)
{
    struct fixture *fixture = *state;

    tables.release_count = 1;
    put_release(3, "2.0", 'c');
    tables.heads[0].release = tables.rollouts[1].release_id = 3;
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_int_equal(fleet_release(fixture->fleet, "demo", "2.0")->id, 3);
    assert_int_equal(release_of(fixture, 2).image.files[0].sha256[0], 'c');
    assert_string_equal(fixture->lost, "release demo 2.0\nrollout 2\n");
}

/* From that row on, whether the channel heads can be read after it or not. */
static void what_was_replaced_is_no_newest_any_more(void **state)
{
    struct fixture *fixture = *state;
    const struct release *dropped = fleet_release(fixture->fleet, "demo", "2.0");

    tables.release_count = 1;
    put_release(3, "2.0", 'c');
    tables.readable = 2;
    assert_int_equal(fleet_reload(fixture->fleet), -1);
    assert_ptr_not_equal(fleet_newest_for_all(fixture->fleet, "demo", "stable"), dropped);
}

static void another_release_of_the_same_id_takes_its_place(void **state)
{
    struct fixture *fixture = *state;
    struct release release;

    tables.release_count = 1;
    put_release(2, "2.1", 'c');
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_null(fleet_release(fixture->fleet, "demo", "2.0"));
    assert_true(fleet_copy_release_of_id(fixture->fleet, 2, &release));
    assert_string_equal(release.version, "2.1");
    assert_string_equal(release_of(fixture, 2).version, "2.1");
    assert_string_equal(fixture->lost, "rollout 2\nrelease demo 2.0\n");
}

static void another_key_update_of_the_same_id_takes_its_place(void **state)
{
    struct fixture *fixture = *state;
    size_t count;

    tables.ring_update_count = 1;
    put_ring_update(2, 2, 'x');
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    struct ring_update *updates = fleet_copy_ring_updates(fixture->fleet, &count);
    assert_int_equal(count, 2);
    assert_int_equal(updates[0].sha256[0], 'x');
    free(updates);
    assert_string_equal(fixture->lost, "key update demo 2\n");
}

static void who_is_gone_leaves_room_for_others(void **state)
{
    struct fixture *fixture = *state;
    bool is_news;

    assert_false(fleet_takes_unknown(fixture->fleet, &is_news));
    tables.device_count = 1;
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_true(fleet_takes_unknown(fixture->fleet, &is_news));
}

/* What it told this server after the tables were written is newer than what they have. */
static void what_a_device_has_told_since_stays(void **state)
{
    struct fixture *fixture = *state;
    const struct device_facts facts = {.chip = UD_CHIP_ESP8266, .version = "1.0"};
    struct policy_decision decision;
    struct device_view view;

    assert_true(fleet_check_in(fixture->fleet, 1, &facts, false, &decision));
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_true(fleet_view(fixture->fleet, 1, &view));
    assert_string_equal(view.facts.version, "1.0");
}

static struct policy_decision decide(struct fixture *fixture, mac_address mac)
{
    struct device_view view;

    assert_true(fleet_view(fixture->fleet, mac, &view));
    return view.decision;
}

/* What was found of the releases there were before is not held against it. */
static void the_way_to_a_release_leads_by_those_there_are(void **state)
{
    struct fixture *fixture = *state;

    strcpy(tables.releases[1].requires, "1.5");
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_int_equal(decide(fixture, 1).rule, RULE_NO_STEP);
    put_release(3, "1.6", 'c');
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_int_equal(decide(fixture, 1).next->id, 3);
    tables.release_count--;
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_int_equal(decide(fixture, 1).rule, RULE_NO_STEP);
    strcpy(tables.releases[1].requires, "1.0");
    assert_int_equal(fleet_reload(fixture->fleet), 0);
    assert_int_equal(decide(fixture, 1).next->id, 1);
}

/* More goals than lists are kept for, in turn and back again. */
static void many_ways_are_found_in_turn(void **state)
{
    struct fixture *fixture = *state;
    struct release *releases = calloc(3 * STONES_GOALS, sizeof *releases);
    const struct release **all = calloc(3 * STONES_GOALS, sizeof *all);
    size_t count;

    for (size_t i = 0; i < 3 * STONES_GOALS; i++) {
        releases[i] = (struct release){.id = (uint32_t)i + 1, .product = "demo", .requires = "1.0"};
        snprintf(releases[i].version, VERSION_SIZE, "1.%zu", i);
        all[i] = &releases[i];
    }
    for (size_t i = 0; i < 6 * STONES_GOALS; i++) {
        const size_t goal = i % (3 * STONES_GOALS);
        const struct release *const *stones =
            stones_before(fixture->fleet->stones, all[goal], all, 3 * STONES_GOALS, &count);
        assert_int_equal(count, goal);
        for (size_t j = 0; j < count; j++)
            assert_ptr_equal(stones[j], all[goal - 1 - j]);
    }
    stones_forget(fixture->fleet->stones);
    free(all);
    free(releases);
}

static void expect_all_lost_once(struct fixture *fixture)
{
    static const char *const lines[] = {"rollout 2\n", "release demo 2.0\n", "group attic\n",
                                        "key update demo 2\n"};
    size_t length = 0;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_non_null(strstr(fixture->lost, lines[i]));
        length += strlen(lines[i]);
    }
    assert_int_equal(strlen(fixture->lost), length);
}

/* After any number of rows: no device is forgotten before all are known, and the next try, to
 * its end, makes memory what the tables have. */
static void a_reload_that_breaks_off_is_made_up_for(void **state)
{
    int rows = 0, result = -1;

    for (; result != 0; rows++) {
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(set_up(state), 0);
        struct fixture *fixture = *state;
        lose_the_latest();
        tables.readable = rows;
        result = fleet_reload(fixture->fleet);
        assert_true(result == 0 || has_device(fixture, 2));
        tables.readable = NEVER;
        assert_int_equal(fleet_reload(fixture->fleet), 0);
        assert_non_null(fleet_release(fixture->fleet, "demo", "1.0"));
        assert_null(fleet_release(fixture->fleet, "demo", "2.0"));
        assert_true(has_device(fixture, 1));
        assert_false(has_device(fixture, 2));
        expect_all_lost_once(fixture);
    }
    assert_int_equal(rows, 7); /* 0 to 6, and there are 6 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_the_same_stays_where_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_memory_alone_has_is_dropped_and_told_of, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_channel_the_tables_lack_has_no_newest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_tables_have_besides_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_release_of_the_same_version_takes_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_replaced_is_no_newest_any_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_release_of_the_same_id_takes_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_key_update_of_the_same_id_takes_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_is_gone_leaves_room_for_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_device_has_told_since_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_way_to_a_release_leads_by_those_there_are, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_ways_are_found_in_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reload_that_breaks_off_is_made_up_for, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
