/* The audit log: the chain by itself, and in the store together with the changes. */
#include "folder.h"
#include "server/store/store.h"
#include "tested_store.h"
#include "updraft/hex.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RECORDS 5

static struct audit_note note_of(const char *who, const char *action)
{
    struct audit_note note = {.at_ms = 1795255230123, .address = "192.0.2.1"};

    audit_text(note.who, sizeof note.who, who);
    audit_text(note.action, sizeof note.action, action);
    audit_text(note.detail, sizeof note.detail, "{\"product\":\"demo\"}");
    return note;
}

static void a_number_is_put_where_it_belongs(void **state)
{
    struct audit_note note = note_of("user anna", "POST /tokens");

    (void)state;
    audit_text(note.detail, sizeof note.detail, "token # (#1), viewer");
    note.is_numbered = true;
    audit_number(&note, 4294967295u);
    assert_string_equal(note.detail, "token 4294967295 (#1), viewer");
    assert_false(note.is_numbered);
    memset(note.detail, 'x', sizeof note.detail - 1);
    note.detail[0] = '#';
    audit_number(&note, 12345);
    assert_int_equal(strlen(note.detail), AUDIT_DETAIL_SIZE - 1);
    assert_memory_equal(note.detail, "12345xxx", 8);
    audit_text(note.detail, sizeof note.detail, "nothing");
    audit_number(&note, 1);
    assert_string_equal(note.detail, "nothing");
}

/* --- the chain --- */

static void make_chain(struct audit_record records[RECORDS])
{
    struct audit_chain chain = {0};

    for (unsigned i = 0; i < RECORDS; i++) {
        const struct audit_note note = note_of("user anna", "PUT /devices/x");
        audit_continue(&chain, &note, &records[i]);
        chain.number = records[i].number;
        memcpy(chain.hash, records[i].hash, AUDIT_HASH_SIZE);
    }
}

/* Follows the records, `without` left out (RECORDS: none); the number before the fault. */
static enum audit_fault follow_all(const struct audit_record records[RECORDS], unsigned without,
                                   uint64_t *number)
{
    struct audit_chain chain = {0};
    enum audit_fault fault = AUDIT_SOUND;

    for (unsigned i = 0; i < RECORDS && fault == AUDIT_SOUND; i++)
        if (i != without)
            fault = audit_follow(&chain, &records[i]);
    *number = chain.number;
    return fault;
}

static void an_untouched_chain_is_sound(void **state)
{
    struct audit_record records[RECORDS];
    uint64_t number;

    (void)state;
    make_chain(records);
    assert_int_equal(follow_all(records, RECORDS, &number), AUDIT_SOUND);
    assert_int_equal(number, RECORDS);
}

/* The value is Python's: hashlib.sha256(bytes(32) + b"1\n2026-11-21T10:00:30.123Z\nuser anna\n"
 * b"192.0.2.1\nPUT /devices/x\n" b'{"product":"demo"}\n'). */
static void the_canonical_form_is_as_documented(void **state)
{
    struct audit_record records[RECORDS];
    char hash[2 * AUDIT_HASH_SIZE + 1];

    (void)state;
    make_chain(records);
    ud_hex_encode(records[0].hash, AUDIT_HASH_SIZE, hash);
    assert_string_equal(hash, "3c16a3c0d9afcab98b6eb52118b98b8d877b2898ce7d6b862fceb77ef44f7122");
}

static void every_field_counts(void **state)
{
    static const size_t offsets[] = {
        offsetof(struct audit_record, note.who),    offsetof(struct audit_record, note.address),
        offsetof(struct audit_record, note.action), offsetof(struct audit_record, note.detail),
        offsetof(struct audit_record, note.at_ms),  offsetof(struct audit_record, hash)};
    struct audit_record records[RECORDS];
    uint64_t number;

    (void)state;
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        make_chain(records);
        ((char *)&records[2])[offsets[i]] ^= 1;
        assert_int_equal(follow_all(records, RECORDS, &number), AUDIT_ALTERED);
        assert_int_equal(number, 2);
    }
}

static void what_is_left_out_is_missed(void **state)
{
    struct audit_record records[RECORDS];
    uint64_t number;

    (void)state;
    make_chain(records);
    for (unsigned i = 0; i + 1 < RECORDS; i++) {
        assert_int_equal(follow_all(records, i, &number), AUDIT_MISSING);
        assert_int_equal(number, i);
    }
}

/* Whoever renumbers what is left cannot hide that something is gone. */
static void renumbering_does_not_help(void **state)
{
    struct audit_record records[RECORDS];
    uint64_t number;

    (void)state;
    make_chain(records);
    for (unsigned i = 2; i < RECORDS; i++)
        records[i].number--;
    assert_int_equal(follow_all(records, 1, &number), AUDIT_ALTERED);
    assert_int_equal(number, 1);
}

static void texts_are_cut_between_characters(void **state)
{
    char text[6];

    (void)state;
    audit_text(text, sizeof text, "abcd\xc3\xa9");
    assert_string_equal(text, "abcd");
    audit_text(text, sizeof text, "abc\xc3\xa9");
    assert_string_equal(text, "abc\xc3\xa9");
    audit_text(text, sizeof text, "a\nb\x1b");
    assert_string_equal(text, "a?b?");
}

/* --- in the store --- */

struct fixture {
    char folder[FOLDER_PATH_SIZE];
    char path[FOLDER_PATH_SIZE];
    struct store *store;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char error[STORE_ERROR_SIZE];

    folder_join(fixture->path, folder_make(fixture->folder), "updraft.db");
    fixture->store = tested_store()->open(tested_store_empty(fixture->path), error);
    *state = fixture;
    return fixture->store != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    tested_store()->close(fixture->store);
    folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static enum change_result apply(struct fixture *fixture, struct change *change, const char *who)
{
    char error[STORE_ERROR_SIZE] = "";
    enum change_result result;

    if (who != NULL) {
        change->audit = malloc(sizeof *change->audit);
        *change->audit = note_of(who, "PUT /devices/x");
    }
    tested_store()->apply(fixture->store, &change, 1, &result, error);
    change_free(change);
    return result;
}

struct reading {
    struct audit_chain chain;
    enum audit_fault fault;
    unsigned count;
    uint64_t numbers[RECORDS];
    char who[AUDIT_WHO_SIZE]; /* of the last */
};

static bool read_one(void *ctx, const struct audit_record *record)
{
    struct reading *reading = ctx;

    if (reading->count < RECORDS)
        reading->numbers[reading->count] = record->number;
    reading->count++;
    strcpy(reading->who, record->note.who);
    reading->fault = audit_follow(&reading->chain, record);
    return true;
}

static struct reading read_log(const struct fixture *fixture, const struct audit_query *query)
{
    struct reading reading = {.fault = AUDIT_SOUND};
    char error[STORE_ERROR_SIZE];

    assert_int_equal(tested_store()->read_audit(tested_store_location(fixture->path), query,
                                                read_one, &reading, error),
                     0);
    return reading;
}

static const struct audit_query everything = {.limit = 0};

static void a_change_and_its_record_are_one(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(apply(fixture, change_new(CHANGE_REGISTER, 7), "user anna"), CHANGE_DONE);
    assert_int_equal(apply(fixture, change_new(CHANGE_REMOVE, 7), NULL), CHANGE_DONE);
    const struct reading reading = read_log(fixture, &everything);
    assert_int_equal(reading.count, 1);
    assert_string_equal(reading.who, "user anna");
}

static void what_was_not_changed_is_not_recorded(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(apply(fixture, change_new(CHANGE_REGISTER, 7), NULL), CHANGE_DONE);
    assert_int_equal(apply(fixture, change_new(CHANGE_REGISTER, 7), "user anna"), CHANGE_CONFLICT);
    assert_int_equal(read_log(fixture, &everything).count, 0);
}

/* The second change of the batch cannot be carried out, so nothing of the first stays. */
static void a_batch_that_fails_leaves_no_record(void **state)
{
    struct fixture *fixture = *state;
    struct change *changes[2] = {change_new(CHANGE_REGISTER, 7),
                                 change_new((enum change_kind)999, 8)};
    enum change_result results[2];
    char error[STORE_ERROR_SIZE];

    changes[0]->audit = malloc(sizeof *changes[0]->audit);
    *changes[0]->audit = note_of("user anna", "POST /devices");
    tested_store()->apply(fixture->store, changes, 2, results, error);
    assert_int_equal(results[0], CHANGE_FAILED);
    change_free(changes[0]);
    change_free(changes[1]);
    assert_int_equal(read_log(fixture, &everything).count, 0);
    assert_int_equal(apply(fixture, change_new(CHANGE_REMOVE, 7), "user anna"), CHANGE_DONE);
    assert_int_equal(read_log(fixture, &everything).fault, AUDIT_SOUND);
}

static void write_records(struct fixture *fixture)
{
    for (unsigned i = 0; i < RECORDS; i++)
        assert_int_equal(apply(fixture, change_new(CHANGE_REMOVE, 7), "user anna"), CHANGE_DONE);
}

static void pages_are_read_from_both_ends(void **state)
{
    struct fixture *fixture = *state;
    const struct audit_query newest = {.is_newest_first = true, .limit = 2};
    const struct audit_query before = {.is_newest_first = true, .from = 4, .limit = 2};
    const struct audit_query after = {.from = 3};

    write_records(fixture);
    struct reading reading = read_log(fixture, &newest);
    assert_int_equal(reading.count, 2);
    assert_int_equal(reading.numbers[0], 5);
    assert_int_equal(reading.numbers[1], 4);
    assert_int_equal(read_log(fixture, &before).numbers[0], 3);
    reading = read_log(fixture, &after);
    assert_int_equal(reading.count, 2);
    assert_int_equal(reading.numbers[0], 4);
}

/* 0 when it ran. */
static int run_in_postgres(const char *sql)
{
    PGconn *connection = PQconnectdb(tested_store_location(NULL));
    PGresult *result = PQexec(connection, sql);
    const ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    PQfinish(connection);
    return status != PGRES_COMMAND_OK;
}

static int run_sql(const struct fixture *fixture, const char *sql)
{
    sqlite3 *database;

    if (!tested_store_is_file())
        return run_in_postgres(sql);

    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    const int status = sqlite3_exec(database, sql, NULL, NULL, NULL);
    sqlite3_close(database);
    return status;
}

static void the_table_only_grows(void **state)
{
    struct fixture *fixture = *state;

    write_records(fixture);
    assert_int_not_equal(run_sql(fixture, "UPDATE audit SET who = 'user bert' WHERE number = 2"),
                         SQLITE_OK);
    assert_int_not_equal(run_sql(fixture, "DELETE FROM audit WHERE number = 2"), SQLITE_OK);
    assert_int_equal(read_log(fixture, &everything).fault, AUDIT_SOUND);
}

static void tampering_behind_its_back_is_named(void **state)
{
    struct fixture *fixture = *state;

    write_records(fixture);
    assert_int_equal(run_sql(fixture, tested_store_is_file()
                                          ? "DROP TRIGGER audit_is_not_changed"
                                          : "GRANT UPDATE ON audit TO CURRENT_USER"),
                     SQLITE_OK);
    assert_int_equal(run_sql(fixture, "UPDATE audit SET who = 'user bert' WHERE number = 4"),
                     SQLITE_OK);
    struct reading reading = read_log(fixture, &everything);
    assert_int_equal(reading.fault, AUDIT_MISSING); /* what follows the altered one */
    assert_int_equal(reading.chain.number, 3);
    assert_int_equal(run_sql(fixture, "UPDATE audit SET who = 'user anna' WHERE number = 4;"
                                      "UPDATE audit SET hash = '0' WHERE number = 5"),
                     SQLITE_OK);
    reading = read_log(fixture, &everything);
    assert_int_equal(reading.fault, AUDIT_ALTERED);
    assert_int_equal(reading.chain.number, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_untouched_chain_is_sound),
        cmocka_unit_test(the_canonical_form_is_as_documented),
        cmocka_unit_test(every_field_counts),
        cmocka_unit_test(what_is_left_out_is_missed),
        cmocka_unit_test(renumbering_does_not_help),
        cmocka_unit_test(texts_are_cut_between_characters),
        cmocka_unit_test_setup_teardown(a_change_and_its_record_are_one, set_up, tear_down),
        cmocka_unit_test(a_number_is_put_where_it_belongs),
        cmocka_unit_test_setup_teardown(what_was_not_changed_is_not_recorded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_fails_leaves_no_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages_are_read_from_both_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_table_only_grows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tampering_behind_its_back_is_named, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
