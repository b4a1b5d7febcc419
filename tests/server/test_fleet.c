/* The fleet over a real database: memory follows what is durable. */
#include "folder.h"
#include "server/fleet/fleet.h"
#include "server/model/clock.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The SQLite store, with a switch that makes every write fail, and an eye on the order of
 * what is written behind. */
static atomic_bool writes_fail;
static atomic_uint written_behind, written_out_of_order, written_times;

static void note_times(const struct heard_times *heard)
{
    atomic_fetch_add(&written_times, (unsigned)heard->count);
    for (size_t i = 1; i < heard->count; i++)
        atomic_fetch_add(&written_out_of_order, heard->devices[i].mac <= heard->devices[i - 1].mac);
}

static void note_order(struct change *const *changes, size_t count)
{
    mac_address last = UINT64_MAX;

    for (size_t i = 0; i < count; i++) {
        if (changes[i]->kind == CHANGE_HEARD)
            note_times(changes[i]->as.heard);
        if (changes[i]->kind != CHANGE_SEEN)
            continue;
        atomic_fetch_add(&written_behind, 1);
        atomic_fetch_add(&written_out_of_order, changes[i]->device >= last);
        last = changes[i]->device;
    }
}

static void apply_or_fail(struct store *store, struct change *const *changes, size_t count,
                          enum change_result *results, char error[STORE_ERROR_SIZE])
{
    note_order(changes, count);
    if (!atomic_load(&writes_fail)) {
        store_sqlite.apply(store, changes, count, results, error);
        return;
    }
    strcpy(error, "database or disk is full");
    for (size_t i = 0; i < count; i++)
        results[i] = CHANGE_FAILED;
}

static const struct store_class failing_store;

static struct store *open_failing(const char *location, char error[STORE_ERROR_SIZE])
{
    struct store *store = store_sqlite.open(location, error);

    if (store != NULL)
        store->class = &failing_store;
    return store;
}

static int load_sqlite(struct store *store, const struct store_reader *reader, void *ctx)
{
    return store_sqlite.load(store, reader, ctx);
}

static void close_sqlite(struct store *store)
{
    store_sqlite.close(store);
}

static const struct store_class failing_store = {"failing", open_failing, load_sqlite,
                                                 apply_or_fail, close_sqlite};

struct fixture {
    char folder[FOLDER_PATH_SIZE];
    char path[FOLDER_PATH_SIZE];
    struct fleet *fleet;
    bool files_missing;
    atomic_llong now_ms; /* 0 = the clock's */
    uint32_t heard_round_ms;
    atomic_uint released, removed;
};

static bool has_file(void *ctx, const struct release *release, const struct release_file *file)
{
    (void)release;
    (void)file;
    return !((const struct fixture *)ctx)->files_missing;
}

static void ignore_trouble(void *ctx, const char *error)
{
    (void)ctx;
    (void)error;
}

static void note_released(void *ctx, const struct release *release)
{
    (void)release;
    atomic_fetch_add(&((struct fixture *)ctx)->released, 1);
}

static void note_removed(void *ctx, mac_address mac)
{
    (void)mac;
    atomic_fetch_add(&((struct fixture *)ctx)->removed, 1);
}

static int64_t now_ms(void *ctx)
{
    const int64_t now_ms = atomic_load(&((struct fixture *)ctx)->now_ms);

    return now_ms != 0 ? now_ms : clock_now_ms();
}

#define UNASSIGNED_LIMIT 5u

static void open_fleet(struct fixture *fixture)
{
    const struct fleet_config config = {.store = &failing_store,
                                        .location = fixture->path,
                                        .ctx = fixture,
                                        .has_file = has_file,
                                        .trouble = ignore_trouble,
                                        .released = note_released,
                                        .removed = note_removed,
                                        .now_ms = now_ms,
                                        .heard_round_ms = fixture->heard_round_ms,
                                        .unassigned_limit = UNASSIGNED_LIMIT};
    char error[STORE_ERROR_SIZE];

    fixture->fleet = fleet_open(&config, error);
    assert_non_null(fixture->fleet);
}

static void reopen(struct fixture *fixture)
{
    fleet_close(fixture->fleet);
    open_fleet(fixture);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    atomic_store(&writes_fail, false);
    atomic_store(&written_behind, 0);
    atomic_store(&written_out_of_order, 0);
    atomic_store(&written_times, 0);
    folder_join(fixture->path, folder_make(fixture->folder), "updraft.db");
    open_fleet(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    fleet_close(fixture->fleet);
    folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

struct waiting {
    sem_t done;
    enum change_result result;
};

static void note_result(void *ctx, enum change_result result)
{
    struct waiting *waiting = ctx;

    waiting->result = result;
    sem_post(&waiting->done);
}

static enum change_result perform(struct fixture *fixture, struct change *change)
{
    struct waiting waiting;

    sem_init(&waiting.done, 0, 0);
    fleet_submit(fixture->fleet, change, note_result, &waiting);
    sem_wait(&waiting.done);
    sem_destroy(&waiting.done);
    return waiting.result;
}

static struct device_facts facts_of(const char *version)
{
    struct device_facts facts = {.chip = UD_CHIP_ESP8266,
                                 .free_space = 2u << 20,
                                 .sketch_size = 300000,
                                 .chip_size = 4u << 20,
                                 .has_md5 = true};
    snprintf(facts.version, sizeof facts.version, "%s", version);
    return facts;
}

static enum change_result enter(struct fixture *fixture, mac_address mac, const char *version)
{
    struct change *change = change_new(CHANGE_REGISTER, mac);

    change->as.seen.at_ms = clock_now_ms();
    change->as.seen.facts = facts_of(version);
    return perform(fixture, change);
}

static enum change_result assign(struct fixture *fixture, mac_address mac, const char *product,
                                 const char *group)
{
    struct change *change = change_new(CHANGE_ASSIGN, mac);
    struct settings *settings = &change->as.assign.settings;

    settings->set = (product != NULL ? SETTING_PRODUCT : 0u) | (group != NULL ? SETTING_GROUP : 0u);
    snprintf(settings->product, sizeof settings->product, "%s", product != NULL ? product : "");
    snprintf(settings->group, sizeof settings->group, "%s", group != NULL ? group : "");
    return perform(fixture, change);
}

static bool takes_unknown(struct fixture *fixture, bool expect_news)
{
    bool is_news;
    const bool takes = fleet_takes_unknown(fixture->fleet, &is_news);

    assert_int_equal(is_news, expect_news);
    return takes;
}

static void a_full_tray_takes_nobody_until_there_is_room(void **state)
{
    struct fixture *fixture = *state;

    for (mac_address mac = 1; mac <= UNASSIGNED_LIMIT; mac++) {
        assert_true(takes_unknown(fixture, false));
        enter(fixture, mac, "1.0.0");
    }
    assert_false(takes_unknown(fixture, true));
    assert_false(takes_unknown(fixture, false));
    reopen(fixture);
    assert_false(takes_unknown(fixture, true));

    assign(fixture, 1, "demo", NULL);
    assert_true(takes_unknown(fixture, false));
    assign(fixture, 1, "", NULL);
    assert_false(takes_unknown(fixture, true));
    assert_int_equal(perform(fixture, change_new(CHANGE_REMOVE, 2)), CHANGE_DONE);
    assert_true(takes_unknown(fixture, false));
    assign(fixture, 2, NULL, "lamps");
    assert_true(takes_unknown(fixture, false));
    enter(fixture, 2, "1.0.0"); /* it is there: a conflict */
    assert_true(takes_unknown(fixture, false));
}

static enum change_result publish(struct fixture *fixture, enum change_kind kind,
                                  const char *version, const char *channel)
{
    struct change *change = change_new(kind, 0);
    struct release *release = calloc(1, sizeof *release);

    const struct release *known = fleet_release(fixture->fleet, "demo", version);

    release->id = known != NULL ? known->id : fleet_next_release(fixture->fleet);
    strcpy(release->product, "demo");
    strcpy(release->version, version);
    strcpy(release->channel, channel);
    release->image.chip = UD_CHIP_ESP8266;
    release->image.file_count = 1;
    release->image.files[0].size = 400000;
    release->image.digests.md5_count = 1;
    memset(release->image.digests.md5[0], version[0], UD_MD5_SIZE);
    change->as.release = release;
    return perform(fixture, change);
}

static enum change_result offer(struct fixture *fixture, mac_address mac, uint32_t release)
{
    struct change *change = change_new(CHANGE_OFFER, mac);

    change->as.offer.release = release;
    return perform(fixture, change);
}

static struct policy_decision check_in(struct fixture *fixture, mac_address mac,
                                       const char *version)
{
    const struct device_facts facts = facts_of(version);
    struct policy_decision decision;

    assert_true(fleet_check_in(fixture->fleet, mac, &facts, false, &decision));
    return decision;
}

static struct device_view view_of(struct fixture *fixture, mac_address mac)
{
    struct device_view view;

    assert_true(fleet_view(fixture->fleet, mac, &view));
    return view;
}

static void a_device_from_first_sight_to_arrival(void **state)
{
    struct fixture *fixture = *state;
    const struct device_facts facts = facts_of("1.0");
    struct policy_decision decision;

    assert_false(fleet_check_in(fixture->fleet, 1, &facts, false, &decision));
    assert_int_equal(enter(fixture, 1, "1.0"), CHANGE_DONE);
    assert_int_equal(check_in(fixture, 1, "1.0").state, STATE_UNASSIGNED);
    assert_int_equal(assign(fixture, 1, "demo", NULL), CHANGE_DONE);
    assert_int_equal(check_in(fixture, 1, "1.0").state, STATE_NO_RELEASE);
    assert_int_equal(publish(fixture, CHANGE_RELEASE, "1.1", "stable"), CHANGE_DONE);
    assert_int_equal(fixture->released, 1);
    decision = check_in(fixture, 1, "1.0");
    assert_true(decision.offer);
    assert_int_equal(offer(fixture, 1, decision.target->id), CHANGE_DONE);
    const uint32_t transfer = fleet_transfer_begin(fixture->fleet, 1, 400000);
    fleet_transfer_progress(fixture->fleet, 1, transfer, 1000);
    assert_int_equal(view_of(fixture, 1).decision.state, STATE_UPDATING);
    assert_int_equal(view_of(fixture, 1).transfer_sent, 1000);
    fleet_transfer_end(fixture->fleet, 1, transfer, true);
    assert_int_equal(view_of(fixture, 1).transfer_size, 0);
    assert_int_equal(view_of(fixture, 1).decision.state, STATE_UPDATING);
    assert_int_equal(check_in(fixture, 1, "1.1").state, STATE_CURRENT);
    assert_int_equal(view_of(fixture, 1).offers.count, 0);
}

static void all_of_it_survives_a_restart(void **state)
{
    struct fixture *fixture = *state;

    enter(fixture, 1, "1.0");
    assign(fixture, 1, "demo", "lab");
    publish(fixture, CHANGE_RELEASE, "1.1", "stable");
    publish(fixture, CHANGE_RELEASE, "1.2", "stable");
    publish(fixture, CHANGE_NEWEST, "1.1", "stable");
    offer(fixture, 1, fleet_newest_for_all(fixture->fleet, "demo", "stable")->id);
    check_in(fixture, 1, "0.9"); /* written behind */
    reopen(fixture);
    const struct device_view view = view_of(fixture, 1);
    assert_string_equal(view.assignment.product, "demo");
    assert_string_equal(view.assignment.group, "lab");
    assert_string_equal(view.facts.version, "0.9");
    assert_string_equal(view.decision.target->version, "1.1");
    assert_int_equal(view.offers.count, 1);
    assert_true(fleet_next_release(fixture->fleet) >
                fleet_release(fixture->fleet, "demo", "1.2")->id);
}

static void a_transfer_that_is_over_does_not_touch_the_next(void **state)
{
    struct fixture *fixture = *state;

    enter(fixture, 1, "1.0");
    const uint32_t old = fleet_transfer_begin(fixture->fleet, 1, 100);
    const uint32_t new = fleet_transfer_begin(fixture->fleet, 1, 200);
    fleet_transfer_progress(fixture->fleet, 1, old, 99);
    fleet_transfer_end(fixture->fleet, 1, old, false);
    assert_int_equal(view_of(fixture, 1).transfer_sent, 0);
    assert_int_equal(view_of(fixture, 1).transfer_size, 200);
    fleet_transfer_end(fixture->fleet, 1, new, true);
    assert_int_equal(view_of(fixture, 1).transfer_size, 0);
}

static void what_cannot_be_written_does_not_happen(void **state)
{
    struct fixture *fixture = *state;
    struct device_view view;

    enter(fixture, 1, "1.0");
    publish(fixture, CHANGE_RELEASE, "1.1", "stable");
    atomic_store(&writes_fail, true);
    assert_int_equal(enter(fixture, 2, "1.0"), CHANGE_FAILED);
    assert_int_equal(assign(fixture, 1, "demo", NULL), CHANGE_FAILED);
    assert_int_equal(publish(fixture, CHANGE_RELEASE, "1.2", "stable"), CHANGE_FAILED);
    assert_int_equal(offer(fixture, 1, 1), CHANGE_FAILED);
    assert_int_equal(perform(fixture, change_new(CHANGE_REMOVE, 1)), CHANGE_FAILED);
    assert_false(fleet_view(fixture->fleet, 2, &view));
    assert_null(view_of(fixture, 1).assignment.product);
    assert_int_equal(view_of(fixture, 1).offers.count, 0);
    assert_null(fleet_release(fixture->fleet, "demo", "1.2"));
    check_in(fixture, 1, "0.9"); /* goes on: answers come from memory */
    atomic_store(&writes_fail, false);
    assert_int_equal(assign(fixture, 1, "demo", NULL), CHANGE_DONE);
    reopen(fixture);
    assert_string_equal(view_of(fixture, 1).facts.version, "0.9");
    assert_string_equal(view_of(fixture, 1).assignment.product, "demo");
    assert_null(fleet_release(fixture->fleet, "demo", "1.2"));
}

static void offers_hold_back_until_retried(void **state)
{
    struct fixture *fixture = *state;

    enter(fixture, 1, "1.0");
    assign(fixture, 1, "demo", NULL);
    publish(fixture, CHANGE_RELEASE, "1.1", "stable");
    for (int i = 0; i < 3; i++) {
        const struct policy_decision decision = check_in(fixture, 1, "1.0");
        assert_true(decision.offer);
        offer(fixture, 1, decision.target->id);
    }
    assert_int_equal(check_in(fixture, 1, "1.0").state, STATE_FAILING);
    reopen(fixture);
    assert_int_equal(check_in(fixture, 1, "1.0").state, STATE_FAILING);
    perform(fixture, change_new(CHANGE_FORGET_OFFERS, 1));
    assert_int_equal(check_in(fixture, 1, "1.0").state, STATE_DUE);
    publish(fixture, CHANGE_RELEASE, "1.2", "stable");
    assert_int_equal(check_in(fixture, 1, "1.0").offers, 0);
}

static void groups_apply_to_their_members(void **state)
{
    struct fixture *fixture = *state;
    struct change *change = change_new(CHANGE_GROUP, 0);
    struct group group;

    enter(fixture, 1, "1.0");
    assign(fixture, 1, "demo", "lab");
    publish(fixture, CHANGE_RELEASE, "1.1", "stable");
    publish(fixture, CHANGE_RELEASE, "2.0", "beta");
    assert_true(fleet_group(fixture->fleet, "lab", &group));
    strcpy(change->as.group.name, "lab");
    change->as.group.settings = (struct settings){.set = SETTING_CHANNEL, .channel = "beta"};
    perform(fixture, change);
    assert_string_equal(check_in(fixture, 1, "1.0").target->version, "2.0");
    reopen(fixture);
    assert_string_equal(check_in(fixture, 1, "1.0").target->version, "2.0");
}

static void the_version_is_found_by_digest(void **state)
{
    struct fixture *fixture = *state;
    struct device_facts facts = facts_of("");
    struct policy_decision decision;

    enter(fixture, 1, "");
    assign(fixture, 1, "demo", NULL);
    publish(fixture, CHANGE_RELEASE, "a", "stable");
    publish(fixture, CHANGE_RELEASE, "b", "stable");
    assert_null(view_of(fixture, 1).version);
    memset(facts.sketch_md5, 'a', UD_MD5_SIZE);
    fleet_check_in(fixture->fleet, 1, &facts, false, &decision);
    assert_string_equal(view_of(fixture, 1).version, "a");
    assert_int_equal(decision.state, STATE_DUE);
    memset(facts.sketch_md5, 'b', UD_MD5_SIZE);
    fleet_check_in(fixture->fleet, 1, &facts, false, &decision);
    assert_string_equal(view_of(fixture, 1).version, "b");
    assert_int_equal(decision.state, STATE_CURRENT);
}

static void releases_without_their_files_are_not_offered(void **state)
{
    struct fixture *fixture = *state;

    enter(fixture, 1, "1.0");
    assign(fixture, 1, "demo", NULL);
    publish(fixture, CHANGE_RELEASE, "1.1", "stable");
    fixture->files_missing = true;
    reopen(fixture);
    assert_int_equal(check_in(fixture, 1, "1.0").rule, RULE_FILE_MISSING);
    const struct release *release = fleet_release(fixture->fleet, "demo", "1.1");
    fleet_note_file(fixture->fleet, release, &release->image.files[0], true);
    assert_int_equal(check_in(fixture, 1, "1.0").rule, RULE_DUE);
}

/* Pointers to a release and its files, once given out, stay good. */
static void a_form_is_added_to_a_release_in_use(void **state)
{
    struct fixture *fixture = *state;
    struct change *change = change_new(CHANGE_FILE, 0);
    struct release *copy = calloc(1, sizeof *copy);

    enter(fixture, 1, "1.0");
    assign(fixture, 1, "demo", NULL);
    publish(fixture, CHANGE_RELEASE, "1.1", "stable");
    const struct release *release = fleet_release(fixture->fleet, "demo", "1.1");
    assert_true(fleet_copy_release(fixture->fleet, "demo", "1.1", copy));
    assert_false(fleet_copy_release(fixture->fleet, "demo", "1.2", copy));
    copy->image.files[0].size = 1; /* what is there stays as it is */
    copy->image.files[copy->image.file_count++] = (struct release_file){.size = 200000};
    change->as.release = copy;
    assert_int_equal(perform(fixture, change), CHANGE_DONE);
    assert_ptr_equal(fleet_release(fixture->fleet, "demo", "1.1"), release);
    for (int i = 0; i < 2; i++) {
        release = fleet_release(fixture->fleet, "demo", "1.1");
        assert_int_equal(release->image.file_count, 2);
        assert_int_equal(release->image.files[0].size, 400000);
        assert_int_equal(release->image.files[1].size, 200000);
        reopen(fixture);
    }
}

static void changes_are_told_once(void **state)
{
    struct fixture *fixture = *state;
    struct mac_list list = {0};

    for (mac_address mac = 1; mac <= 10; mac++)
        enter(fixture, mac, "1.0");
    fleet_take_changed(fixture->fleet, &list, SIZE_MAX);
    assert_int_equal(list.count, 10);
    fleet_take_changed(fixture->fleet, &list, SIZE_MAX);
    assert_int_equal(list.count, 10);
    check_in(fixture, 3, "1.0");
    check_in(fixture, 3, "1.0");
    perform(fixture, change_new(CHANGE_REMOVE, 4));
    assert_int_equal(fixture->removed, 1);
    list.count = 0;
    fleet_take_changed(fixture->fleet, &list, SIZE_MAX);
    assert_int_equal(list.count, 1);
    assert_true(list.macs[0] == 3);
    publish(fixture, CHANGE_RELEASE, "1.1", "stable"); /* may change every target */
    list.count = 0;
    fleet_take_changed(fixture->fleet, &list, 5);
    assert_int_equal(list.count, 5);
    fleet_take_changed(fixture->fleet, &list, 100);
    assert_int_equal(list.count, 9);
    free(list.macs);
}

static void devices_are_listed_by_mac(void **state)
{
    struct fixture *fixture = *state;
    struct device_view view;
    mac_address last = 0;
    unsigned count = 0;

    for (mac_address mac = 1; mac <= 300; mac++)
        assign(fixture, mac * 7919 % 1009, "demo", NULL);
    struct fleet_walk *walk = fleet_walk_begin(fixture->fleet, 0);
    assert_non_null(walk);
    for (; fleet_walk_next(walk, &view); count++) {
        assert_true(view.mac > last);
        last = view.mac;
    }
    assert_int_equal(count, 300);
    assert_false(fleet_walk_next(walk, &view));
    fleet_walk_end(walk);
    walk = fleet_walk_begin(fixture->fleet, last);
    assert_true(fleet_walk_next(walk, &view));
    assert_int_equal(view.mac, last);
    assert_false(fleet_walk_next(walk, &view));
    fleet_walk_end(walk);
}

struct seen {
    unsigned times[1009];
    unsigned others; /* than those of the product */
};

static void note_seen(void *ctx, const struct device_view *view)
{
    struct seen *seen = ctx;

    seen->times[view->mac]++;
    seen->others += view->product == NULL || strcmp(view->product, "demo") != 0;
}

static void each_device_is_counted_once(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {.others = 0};

    for (mac_address mac = 1; mac <= 301; mac++)
        assign(fixture, mac * 7919 % 1009, "demo", NULL);
    assert_true(fleet_count_devices(fixture->fleet, note_seen, &seen));
    for (mac_address mac = 1; mac <= 301; mac++)
        assert_int_equal(seen.times[mac * 7919 % 1009], 1);
    assert_int_equal(seen.others, 0);
}

static void add_brief(void *ctx, const struct device_brief *brief)
{
    struct device_brief *briefs = ctx; /* by MAC */

    if (strcmp(brief->version, "a") == 0)
        briefs[1] = *brief;
    else if (strcmp(brief->version, "1.0") == 0)
        briefs[2] = *brief;
    else if (brief->last_seen_ms == 0)
        briefs[3] = *brief;
}

static void a_brief_says_what_a_view_says(void **state)
{
    struct fixture *fixture = *state;
    struct device_facts facts = facts_of("");
    struct device_brief briefs[4] = {{.product = NULL}};
    struct policy_decision decision;
    struct change *change = change_new(CHANGE_GROUP, 0);

    memset(facts.sketch_md5, 'a', UD_MD5_SIZE);
    enter(fixture, 1, "");
    assign(fixture, 1, "demo", NULL);
    publish(fixture, CHANGE_RELEASE, "a", "stable");
    fleet_check_in(fixture->fleet, 1, &facts, false, &decision); /* tells a digest alone */
    enter(fixture, 2, "1.0");
    assign(fixture, 2, NULL, "lab");
    strcpy(change->as.group.name, "lab");
    change->as.group.settings = (struct settings){.set = SETTING_PRODUCT, .product = "lamp"};
    perform(fixture, change);
    assign(fixture, 3, "demo", NULL); /* never heard of */
    assert_true(fleet_each_brief(fixture->fleet, add_brief, briefs));
    assert_int_equal(briefs[1].last_seen_ms, view_of(fixture, 1).last_seen_ms);
    assert_string_equal(briefs[1].product, "demo");
    assert_string_equal(briefs[2].product, "lamp");
    assert_string_equal(briefs[3].product, "demo");
    assert_string_equal(briefs[3].version, "");
}

static void what_is_written_behind_is_in_order_of_macs(void **state)
{
    struct fixture *fixture = *state;

    for (mac_address mac = 1; mac <= 300; mac++)
        enter(fixture, mac, "1.0");
    for (mac_address mac = 1; mac <= 300; mac++)
        check_in(fixture, mac * 7919 % 307 % 300 + 1, "1.1");
    reopen(fixture);
    assert_true(atomic_load(&written_behind) > 250);
    assert_int_equal(atomic_load(&written_out_of_order), 0);
    assert_string_equal(view_of(fixture, 200).facts.version, "1.1");
}

#define NOON_MS     INT64_C(4000000000000) /* after any clock of today */
#define PATIENCE_MS 60000

static bool grows(const atomic_uint *count, unsigned beyond)
{
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (atomic_load(count) <= beyond && clock_monotonic_ms() < until_ms)
        usleep(5000);
    return atomic_load(count) > beyond;
}

static void who_says_nothing_new_costs_a_time_and_in_order(void **state)
{
    struct fixture *fixture = *state;

    for (mac_address mac = 1; mac <= 300; mac++)
        enter(fixture, mac, "1.0");
    atomic_store(&fixture->now_ms, NOON_MS);
    for (int round = 0; round < 3; round++)
        for (mac_address mac = 1; mac <= 300; mac++)
            check_in(fixture, mac * 7919 % 307 % 300 + 1, "1.0");
    const bool is_known = view_of(fixture, 200).last_seen_ms == NOON_MS;
    reopen(fixture);
    assert_true(is_known);
    assert_int_equal(atomic_load(&written_behind), 0);
    assert_in_range(atomic_load(&written_times), 250, 300);
    assert_int_equal(atomic_load(&written_out_of_order), 0);
    assert_true(view_of(fixture, 200).last_seen_ms == NOON_MS);
    assert_true(view_of(fixture, 200).first_seen_ms < NOON_MS);
}

/* Rounds go on by themselves; what failed comes again. */
static void times_are_written_while_the_fleet_is_open(void **state)
{
    struct fixture *fixture = *state;

    fixture->heard_round_ms = 1;
    reopen(fixture);
    enter(fixture, 1, "1.0");
    check_in(fixture, 1, "1.0");
    assert_true(grows(&written_times, 0));
    atomic_store(&writes_fail, true);
    const unsigned before = atomic_load(&written_times);
    check_in(fixture, 1, "1.0");
    assert_true(grows(&written_times, before + 1)); /* tried twice at least */
    atomic_store(&writes_fail, false);
    atomic_store(&fixture->now_ms, NOON_MS);
    check_in(fixture, 1, "1.0");
    reopen(fixture);
    assert_true(view_of(fixture, 1).last_seen_ms == NOON_MS);
    assert_null(fleet_take_heard(fixture->fleet));
}

static void what_is_asked_for_is_written_at_once(void **state)
{
    struct fixture *fixture = *state;

    enter(fixture, 1, "1.0");
    check_in(fixture, 1, "1.0");
    atomic_store(&writes_fail, true);
    assert_int_equal(perform(fixture, fleet_take_heard(fixture->fleet)), CHANGE_FAILED);
    atomic_store(&writes_fail, false);
    assert_int_equal(perform(fixture, fleet_take_heard(fixture->fleet)), CHANGE_DONE);
    assert_null(fleet_take_heard(fixture->fleet));
}

static void a_clock_set_back_sets_back_what_is_stored(void **state)
{
    struct fixture *fixture = *state;
    const int64_t year_ms = INT64_C(365) * 24 * 3600 * 1000;

    atomic_store(&fixture->now_ms, NOON_MS + year_ms);
    enter(fixture, 1, "1.0");
    check_in(fixture, 1, "1.1");
    reopen(fixture);
    atomic_store(&fixture->now_ms, NOON_MS);
    check_in(fixture, 1, "1.1");
    reopen(fixture);
    assert_true(view_of(fixture, 1).last_seen_ms == NOON_MS);
}

/* In a process of its own: one device has told something new, which is written, and two have
 * asked after what was gathered was written. */
static void die_after_a_while(struct fixture *fixture)
{
    atomic_store(&fixture->now_ms, NOON_MS);
    open_fleet(fixture);
    for (mac_address mac = 1; mac <= 2; mac++) {
        enter(fixture, mac, "1.0");
        check_in(fixture, mac, "1.0");
    }
    if (perform(fixture, fleet_take_heard(fixture->fleet)) != CHANGE_DONE)
        _exit(1);
    atomic_store(&fixture->now_ms, NOON_MS + 20000);
    check_in(fixture, 1, "1.0");
    check_in(fixture, 2, "1.1");
    if (!grows(&written_behind, 0) ||
        perform(fixture, change_new(CHANGE_FORGET_OFFERS, 1)) != CHANGE_DONE ||
        assign(fixture, 1, "demo", "lamps") != CHANGE_DONE)
        _exit(2);
    raise(SIGKILL);
}

static void who_is_killed_forgets_the_last_times_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    int status;

    fleet_close(fixture->fleet);
    const pid_t child = fork();
    if (child == 0)
        die_after_a_while(fixture);
    assert_int_equal(waitpid(child, &status, 0), child);
    open_fleet(fixture);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(view_of(fixture, 1).last_seen_ms == NOON_MS);
    assert_true(view_of(fixture, 2).last_seen_ms == NOON_MS + 20000);
    assert_string_equal(view_of(fixture, 2).facts.version, "1.1");
    assert_string_equal(view_of(fixture, 1).assignment.group, "lamps");
}

#define WORKERS 4

static void *hammer(void *ctx)
{
    struct fixture *fixture = ctx;

    for (int i = 0; i < 300; i++) {
        const struct device_facts facts = facts_of(i % 2 ? "1.0" : "1.1");
        struct policy_decision decision;
        struct device_view view;
        const mac_address mac = (mac_address)(1 + i % 7);

        if (!fleet_check_in(fixture->fleet, mac, &facts, false, &decision))
            enter(fixture, mac, "1.0");
        else if (i % 11 == 0)
            perform(fixture, change_new(CHANGE_REMOVE, mac));
        else if (decision.offer)
            offer(fixture, mac, decision.target->id);
        else
            assign(fixture, mac, "demo", i % 2 ? "lab" : "");
        fleet_view(fixture->fleet, mac, &view);
    }
    return NULL;
}

static void many_threads_at_once(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[WORKERS];

    publish(fixture, CHANGE_RELEASE, "1.1", "stable");
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, hammer, fixture);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    for (mac_address mac = 1; mac <= 7; mac++) {
        struct device_view before, after;
        const bool is_there = fleet_view(fixture->fleet, mac, &before);
        if (mac == 1)
            reopen(fixture);
        assert_int_equal(fleet_view(fixture->fleet, mac, &after), is_there);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_device_from_first_sight_to_arrival, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_of_it_survives_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_transfer_that_is_over_does_not_touch_the_next, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_does_not_happen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(offers_hold_back_until_retried, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_apply_to_their_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_version_is_found_by_digest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(releases_without_their_files_are_not_offered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_form_is_added_to_a_release_in_use, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changes_are_told_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(devices_are_listed_by_mac, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_device_is_counted_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_brief_says_what_a_view_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_written_behind_is_in_order_of_macs, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_says_nothing_new_costs_a_time_and_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(times_are_written_while_the_fleet_is_open, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_asked_for_is_written_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_set_back_sets_back_what_is_stored, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_is_killed_forgets_the_last_times_and_nothing_else,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_threads_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_tray_takes_nobody_until_there_is_room, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
