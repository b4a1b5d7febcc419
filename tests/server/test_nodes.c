/* Servers that share a database: what one writes the others are told, and of those who
 * decide the same thing one does. */
#include "folder.h"
#include "server/model/clock.h"
#include "server/store/store.h"
#include "tested_store.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

struct fixture {
    struct store *here, *there;
};

static struct store *join(void)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store *store = tested_store()->open(tested_store_location(NULL), error);

    if (store == NULL)
        print_error("%s\n", error);
    return store;
}

static int set_up(void **state)
{
    static struct fixture fixture;

    *state = NULL;
    tested_store_empty(NULL);
    fixture = (struct fixture){join(), join()};
    *state = &fixture;
    return fixture.here != NULL && fixture.there != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    tested_store()->close(fixture->here);
    tested_store()->close(fixture->there);
    return 0;
}

/* As somebody who is at the database. */
static void meddle(const char *sql)
{
    PGconn *connection = PQconnectdb(tested_store_location(NULL));
    PGresult *result = PQexec(connection, sql);

    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(connection);
}

static int64_t count(const char *sql)
{
    PGconn *connection = PQconnectdb(tested_store_location(NULL));
    PGresult *result = PQexec(connection, sql);

    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    const int64_t number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(connection);
    return number;
}

/* --- what a follower was given --- */

struct heard {
    unsigned releases, newest, groups, rollouts, ring_updates, devices, removed;
    uint32_t release;
    enum rollout_state state;
    mac_address mac;
    struct device_offers offers;
    char product[NAME_SIZE];
    int64_t told_ms;
    unsigned times;
    int64_t heard_ms; /* the last of these */
    int answer;       /* to devices */
};

static int hear_release(void *ctx, const struct release *release)
{
    struct heard *heard = ctx;

    heard->releases++;
    heard->release = release->id;
    return 0;
}

static int hear_newest(void *ctx, const char *product, const char *channel, uint32_t release)
{
    struct heard *heard = ctx;

    assert_string_equal(product, "demo");
    assert_string_equal(channel, "stable");
    heard->newest++;
    heard->release = release;
    return 0;
}

static int hear_group(void *ctx, const struct group *group)
{
    struct heard *heard = ctx;

    assert_string_equal(group->name, "lab");
    heard->groups++;
    return 0;
}

static int hear_rollout(void *ctx, const struct rollout *rollout)
{
    struct heard *heard = ctx;

    heard->rollouts++;
    heard->state = rollout->state;
    return 0;
}

static int hear_ring_update(void *ctx, const struct ring_update *update)
{
    struct heard *heard = ctx;

    (void)update;
    heard->ring_updates++;
    return 0;
}

static int hear_device(void *ctx, const struct stored_device *device)
{
    struct heard *heard = ctx;

    heard->devices++;
    heard->mac = device->mac;
    heard->told_ms = device->told_ms;
    heard->offers = device->offers;
    snprintf(heard->product, sizeof heard->product, "%s",
             device->assignment.product != NULL ? device->assignment.product : "");
    return heard->answer;
}

static int hear_removed(void *ctx, mac_address mac)
{
    struct heard *heard = ctx;

    heard->removed++;
    heard->mac = mac;
    return 0;
}

static int hear_time(void *ctx, mac_address mac, int64_t at_ms)
{
    struct heard *heard = ctx;

    heard->times++;
    heard->mac = mac;
    heard->heard_ms = at_ms;
    return 0;
}

static const struct store_reader reader = {hear_release, hear_newest,      hear_group,
                                           hear_rollout, hear_ring_update, hear_device,
                                           hear_removed, hear_time};

/* Returns enum store_news. */
static int follow(struct store *store, struct heard *heard)
{
    char error[STORE_ERROR_SIZE] = "";

    *heard = (struct heard){.answer = heard->answer};
    const int news = store->class->follow(store, &reader, heard, error);
    if (news < 0)
        print_error("%s\n", error);
    return news;
}

/* --- changes --- */

static enum change_result apply_saying(struct store *store, struct change *change,
                                       char error[STORE_ERROR_SIZE])
{
    enum change_result result;

    store->class->apply(store, &change, 1, &result, error);
    change_free(change);
    return result;
}

static enum change_result apply(struct store *store, struct change *change)
{
    char error[STORE_ERROR_SIZE] = "";
    const enum change_result result = apply_saying(store, change, error);

    if (result == CHANGE_FAILED)
        print_error("%s\n", error);
    return result;
}

static struct change *assign(mac_address mac, const char *group)
{
    struct change *change = change_new(CHANGE_ASSIGN, mac);
    struct settings *settings = &change->as.assign.settings;

    settings->set = SETTING_PRODUCT | (group[0] != '\0' ? SETTING_GROUP : 0);
    strcpy(settings->product, "demo");
    strcpy(settings->group, group);
    return change;
}

static struct change *publish(uint32_t id, const char *version)
{
    struct change *change = change_new(CHANGE_RELEASE, 0);

    change->as.release = calloc(1, sizeof *change->as.release);
    change->as.release->id = id;
    strcpy(change->as.release->product, "demo");
    strcpy(change->as.release->version, version);
    strcpy(change->as.release->channel, "stable");
    change->as.release->image.file_count = 1;
    return change;
}

static struct change *with_rollout(enum change_kind kind, enum rollout_state state,
                                   uint32_t revision, uint64_t lease)
{
    static const struct release release = {.id = 1, .product = "demo"};
    struct change *change = change_new(kind, 0);
    struct rollout *rollout = calloc(1, sizeof *rollout);

    *rollout = (struct rollout){.id = 1, .release_id = 1, .release = &release, .stage_count = 1};
    rollout->stages[0].percent = 100;
    rollout->state = state;
    rollout->revision = revision;
    change->as.rollout = rollout;
    change->lease = lease;
    return change;
}

/* Of release 1, decided when the device had been offered it so often. */
static struct change *offer(mac_address mac, uint32_t rollout, struct device_offers seen)
{
    struct change *change = change_new(CHANGE_OFFER, mac);

    change->as.offer.release = 1;
    change->as.offer.rollout = rollout;
    change->is_conditional = true;
    change->seen.offers = seen;
    return change;
}

/* --- tests --- */

static void what_one_writes_the_other_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {0};

    apply(fixture->here, publish(1, "1.0.0"));
    apply(fixture->here, assign(7, "lab"));
    apply(fixture->here, with_rollout(CHANGE_ROLLOUT, ROLLOUT_PLANNED, 0, 0));
    assert_true(follow(fixture->there, &heard) & STORE_NEWS);
    assert_int_equal(heard.releases, 1);
    assert_int_equal(heard.newest, 1);
    assert_int_equal(heard.groups, 1);
    assert_int_equal(heard.rollouts, 1);
    assert_int_equal(heard.devices, 1);
    assert_int_equal(heard.mac, 7);
    assert_string_equal(heard.product, "demo");
    assert_int_equal(follow(fixture->there, &heard), 0);
    assert_int_equal(heard.devices, 0);
    /* Who wrote it knows. */
    assert_int_equal(follow(fixture->here, &heard), 0);
    apply(fixture->there, change_new(CHANGE_REMOVE, 7));
    assert_int_equal(follow(fixture->here, &heard), STORE_NEWS);
    assert_int_equal(heard.removed, 1);
    assert_int_equal(heard.mac, 7);
}

/* As a round of the fleet's ends: `others_ms` is the earliest time it wrote, 0 before its end. */
static enum change_result hear_of(struct store *store, mac_address mac, int64_t at_ms,
                                  int64_t others_ms)
{
    struct change *change = change_new(CHANGE_HEARD, 0);

    change->as.heard = calloc(1, sizeof *change->as.heard + sizeof change->as.heard->devices[0]);
    change->as.heard->since_ms = others_ms;
    change->as.heard->count = 1;
    change->as.heard->devices[0] = (struct heard_device){mac, at_ms};
    return apply(store, change);
}

static void whom_one_heard_the_other_is_told_at_the_end_of_a_round(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {0};

    for (mac_address mac = 7; mac <= 9; mac++)
        apply(fixture->here, assign(mac, ""));
    hear_of(fixture->there, 7, 1000, 1000);
    follow(fixture->there, &heard);
    assert_int_equal(heard.times, 0);
    follow(fixture->here, &heard);
    hear_of(fixture->here, 8, 5000, 0);
    assert_int_equal(follow(fixture->there, &heard), 0);
    assert_int_equal(heard.times, 0);
    hear_of(fixture->here, 9, 6000, 5000);
    assert_int_equal(follow(fixture->there, &heard), STORE_HEARD);
    assert_int_equal(heard.devices, 0);
    assert_int_equal(heard.times, 2); /* the one of before is old news */
    assert_int_equal(follow(fixture->there, &heard), 0);
    hear_of(fixture->there, 9, 5500, 5500); /* what this one heard before that */
    assert_int_equal(follow(fixture->here, &heard), STORE_HEARD);
    assert_int_equal(heard.times, 1);
    assert_int_equal(heard.mac, 9);
    assert_true(heard.heard_ms == 6000);
}

static void a_device_there_is_no_use_for_now_comes_again(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {.answer = STORE_LATER};

    apply(fixture->here, assign(7, ""));
    follow(fixture->there, &heard);
    assert_int_equal(heard.devices, 1);
    follow(fixture->there, &heard);
    assert_int_equal(heard.devices, 1);
    heard.answer = 0;
    follow(fixture->there, &heard);
    assert_int_equal(heard.devices, 1);
    follow(fixture->there, &heard);
    assert_int_equal(heard.devices, 0);
    fixture->there->class->reread(fixture->there, 7);
    follow(fixture->there, &heard);
    assert_int_equal(heard.devices, 1);
}

static void of_two_who_offer_the_same_one_does(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {0};

    apply(fixture->here, publish(1, "1.0.0"));
    apply(fixture->here, assign(7, ""));
    assert_int_equal(apply(fixture->here, offer(7, 0, (struct device_offers){0, 0})), CHANGE_DONE);
    assert_int_equal(apply(fixture->there, offer(7, 0, (struct device_offers){0, 0})),
                     CHANGE_CONFLICT);
    follow(fixture->there, &heard);
    assert_int_equal(heard.offers.release, 1);
    assert_int_equal(heard.offers.count, 1);
    assert_int_equal(apply(fixture->there, offer(7, 0, heard.offers)), CHANGE_DONE);
    assert_int_equal(apply(fixture->here, offer(7, 0, heard.offers)), CHANGE_CONFLICT);
}

static void a_rollout_that_was_stopped_elsewhere_offers_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct device_offers none = {0, 0}, one = {1, 1};

    apply(fixture->here, publish(1, "1.0.0"));
    apply(fixture->here, assign(7, ""));
    apply(fixture->here, with_rollout(CHANGE_ROLLOUT, ROLLOUT_PLANNED, 0, 0));
    assert_int_equal(apply(fixture->there, offer(7, 1, none)), CHANGE_CONFLICT);
    apply(fixture->here, with_rollout(CHANGE_PROGRESS, ROLLOUT_RUNNING, 1, 0));
    assert_int_equal(apply(fixture->there, offer(7, 1, none)), CHANGE_DONE);
    apply(fixture->here, with_rollout(CHANGE_PROGRESS, ROLLOUT_PAUSED, 2, 0));
    assert_int_equal(apply(fixture->there, offer(7, 1, one)), CHANGE_CONFLICT);
}

static struct store_standing stand(struct store *store)
{
    struct store_standing standing;
    char error[STORE_ERROR_SIZE] = "";

    if (store->class->stand(store, &standing, error) != 0)
        print_error("%s\n", error);
    return standing;
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

/* Stands again and again until it leads, or does not. */
static uint64_t stand_until(struct store *store, bool leads)
{
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct store_standing standing = stand(store);

    while ((standing.lease != 0) != leads && clock_monotonic_ms() < until_ms) {
        pause_a_little();
        standing = stand(store);
    }
    assert_true((standing.lease != 0) == leads);
    return standing.lease;
}

static void one_judges_and_a_lost_lease_decides_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct store_standing first = stand(fixture->here), second = stand(fixture->there);

    assert_true(first.lease != 0);
    assert_int_equal(second.lease, 0);
    assert_int_equal(second.nodes, 2);
    assert_int_equal(first.rank + second.rank, 1);
    apply(fixture->here, publish(1, "1.0.0"));
    apply(fixture->here, with_rollout(CHANGE_ROLLOUT, ROLLOUT_PLANNED, 0, 0));
    assert_int_equal(
        apply(fixture->here, with_rollout(CHANGE_PROGRESS, ROLLOUT_RUNNING, 1, first.lease)),
        CHANGE_DONE);
    /* It stops for longer than its lease. */
    meddle("UPDATE cluster SET lease_until_ms = 0");
    const uint64_t next = stand_until(fixture->there, true);
    assert_true(next > first.lease);
    assert_int_equal(
        apply(fixture->here, with_rollout(CHANGE_PROGRESS, ROLLOUT_HALTED, 2, first.lease)),
        CHANGE_CONFLICT);
    assert_int_equal(apply(fixture->there, with_rollout(CHANGE_PROGRESS, ROLLOUT_HALTED, 2, next)),
                     CHANGE_DONE);
    stand_until(fixture->here, false);
}

static void who_was_forgotten_reads_everything_before_it_writes(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {0};
    char error[STORE_ERROR_SIZE] = "";

    apply(fixture->there, assign(7, ""));
    meddle("DELETE FROM nodes; DELETE FROM changes");
    assert_int_equal(apply_saying(fixture->here, assign(8, ""), error), CHANGE_FAILED);
    assert_non_null(strstr(error, "forgotten"));
    assert_int_equal(follow(fixture->here, &heard), STORE_RELOAD);
    assert_int_equal(apply(fixture->here, assign(8, "")), CHANGE_DONE);
    assert_int_equal(follow(fixture->here, &heard), 0);
    assert_int_equal(follow(fixture->there, &heard), STORE_RELOAD);
}

static void a_newer_server_may_shut_others_out(void **state)
{
    struct fixture *fixture = *state;
    char error[STORE_ERROR_SIZE] = "";

    meddle("UPDATE cluster SET oldest_schema = 999");
    assert_int_equal(apply_saying(fixture->here, assign(7, ""), error), CHANGE_FAILED);
    assert_non_null(strstr(error, "upgrade this one"));
    meddle("UPDATE cluster SET oldest_schema = 1");
    assert_int_equal(apply(fixture->here, assign(7, "")), CHANGE_DONE);
}

static void the_log_is_cut_where_everybody_has_read_it(void **state)
{
    struct fixture *fixture = *state;
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct heard heard = {0};

    stand(fixture->here);
    apply(fixture->here, assign(7, ""));
    assert_int_equal(count("SELECT count(*) FROM changes"), 1);
    follow(fixture->here, &heard);
    follow(fixture->there, &heard);
    while (count("SELECT count(*) FROM changes") != 0 && clock_monotonic_ms() < until_ms) {
        stand(fixture->there);
        stand(fixture->here);
        pause_a_little();
    }
    assert_int_equal(count("SELECT count(*) FROM changes"), 0);
}

static void a_connection_that_is_cut_is_made_again(void **state)
{
    struct fixture *fixture = *state;

    apply(fixture->here, assign(7, ""));
    assert_true(count("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                      " WHERE application_name LIKE 'updraft %'") >= 2);
    assert_int_equal(apply(fixture->here, assign(8, "")), CHANGE_DONE);
    assert_int_equal(count("SELECT count(*) FROM devices"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_one_writes_the_other_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whom_one_heard_the_other_is_told_at_the_end_of_a_round,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_device_there_is_no_use_for_now_comes_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_two_who_offer_the_same_one_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rollout_that_was_stopped_elsewhere_offers_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_judges_and_a_lost_lease_decides_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_was_forgotten_reads_everything_before_it_writes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_newer_server_may_shut_others_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_log_is_cut_where_everybody_has_read_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_connection_that_is_cut_is_made_again, set_up, tear_down),
    };

    if (tested_store_is_file()) {
        puts("ok 1 - nodes # SKIP a database in a file has one server; see ./test cluster");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
