#include "server/store/sqlite_store.h"

#include "server/model/clock.h"

#include <stdio.h>
#include <string.h>

/* The last instant that clock_format() has a text for: the end of the year 9999. */
#define LAST_MS INT64_C(253402300799999)

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text != NULL ? text : "";
}

/* What was tampered with may be anything: it becomes something that has a text, and
 * another hash. */
static void read_record(sqlite3_stmt *row, struct audit_record *record)
{
    struct audit_note *note = &record->note;
    const void *hash = sqlite3_column_blob(row, 6);

    memset(record, 0, sizeof *record);
    record->number = (uint64_t)sqlite3_column_int64(row, 0);
    note->at_ms = sqlite3_column_int64(row, 1);
    if (note->at_ms < 0 || note->at_ms > LAST_MS)
        note->at_ms = 0;
    audit_text(note->who, sizeof note->who, text_of(row, 2));
    audit_text(note->address, sizeof note->address, text_of(row, 3));
    audit_text(note->action, sizeof note->action, text_of(row, 4));
    audit_text(note->detail, sizeof note->detail, text_of(row, 5));
    if (sqlite3_column_bytes(row, 6) == AUDIT_HASH_SIZE)
        memcpy(record->hash, hash, AUDIT_HASH_SIZE);
}

static int read_end(sqlite3_stmt *statement, struct audit_chain *chain)
{
    const int status = sqlite3_step(statement);

    if (status == SQLITE_ROW) {
        chain->number = (uint64_t)sqlite3_column_int64(statement, 0);
        if (sqlite3_column_bytes(statement, 1) == AUDIT_HASH_SIZE)
            memcpy(chain->hash, sqlite3_column_blob(statement, 1), AUDIT_HASH_SIZE);
    }
    sqlite3_reset(statement);
    return status == SQLITE_ROW || status == SQLITE_DONE ? SQLITE_OK : status;
}

static void bind_string(sqlite3_stmt *statement, int place, const char *text)
{
    sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

int sqlite_append_audit(struct sqlite_store *store, const struct audit_note *note)
{
    sqlite3_stmt *append = store->statements[STATEMENT_AUDIT];
    struct audit_chain chain = {0};
    struct audit_record record;
    const int status = read_end(store->statements[STATEMENT_AUDIT_END], &chain);

    if (status != SQLITE_OK)
        return status;
    audit_continue(&chain, note, &record);
    sqlite3_bind_int64(append, 1, (int64_t)record.number);
    sqlite3_bind_int64(append, 2, note->at_ms);
    bind_string(append, 3, note->who);
    bind_string(append, 4, note->address);
    bind_string(append, 5, note->action);
    bind_string(append, 6, note->detail);
    sqlite3_bind_blob(append, 7, record.hash, sizeof record.hash, SQLITE_STATIC);
    return sqlite_run(append);
}

static const char oldest_first[] =
    "SELECT number, at_ms, who, address, action, detail, hash FROM audit"
    " WHERE number > ?1 ORDER BY number ASC LIMIT ?2";
static const char newest_first[] =
    "SELECT number, at_ms, who, address, action, detail, hash FROM audit"
    " WHERE number < ?1 ORDER BY number DESC LIMIT ?2";

static int read_records(sqlite3 *database, const struct audit_query *query,
                        bool (*visit)(void *ctx, const struct audit_record *record), void *ctx)
{
    sqlite3_stmt *row;
    struct audit_record record;
    bool goes_on = true;
    int status = sqlite3_prepare_v2(database, query->is_newest_first ? newest_first : oldest_first,
                                    -1, &row, NULL);

    if (status != SQLITE_OK)
        return status;
    const uint64_t from = query->is_newest_first && query->from == 0 ? INT64_MAX : query->from;
    sqlite3_bind_int64(row, 1, (int64_t)(from > INT64_MAX ? INT64_MAX : from));
    sqlite3_bind_int64(row, 2, query->limit != 0 ? (int64_t)query->limit : -1);
    while (goes_on && (status = sqlite3_step(row)) == SQLITE_ROW) {
        read_record(row, &record);
        goes_on = visit(ctx, &record);
    }
    sqlite3_finalize(row);
    return status == SQLITE_DONE || status == SQLITE_ROW ? SQLITE_OK : status;
}

int sqlite_read_audit(const char *location, const struct audit_query *query,
                      bool (*visit)(void *ctx, const struct audit_record *record), void *ctx,
                      char error[STORE_ERROR_SIZE])
{
    sqlite3 *database = NULL;
    int status = sqlite_open_to_read(location, &database);

    if (status == SQLITE_OK)
        status = read_records(database, query, visit, ctx);
    return sqlite_end_reading(database, status, error);
}
