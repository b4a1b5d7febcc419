#include "server/store/sql_store.h"

#include "server/model/clock.h"

#include <stdio.h>
#include <string.h>

/* The last instant that clock_format() has a text for: the end of the year 9999. */
#define LAST_MS INT64_C(253402300799999)

static const char *text_of(struct db_statement *row, int column)
{
    const char *text = db_text(row, column);

    return text != NULL ? text : "";
}

/* What was tampered with may be anything: it becomes something that has a text, and
 * another hash. */
static void read_record(struct db_statement *row, struct audit_record *record)
{
    struct audit_note *note = &record->note;
    const void *hash = db_bytes(row, 6);

    memset(record, 0, sizeof *record);
    record->number = (uint64_t)db_number(row, 0);
    note->at_ms = db_number(row, 1);
    if (note->at_ms < 0 || note->at_ms > LAST_MS)
        note->at_ms = 0;
    audit_text(note->who, sizeof note->who, text_of(row, 2));
    audit_text(note->address, sizeof note->address, text_of(row, 3));
    audit_text(note->action, sizeof note->action, text_of(row, 4));
    audit_text(note->detail, sizeof note->detail, text_of(row, 5));
    if (db_length(row, 6) == AUDIT_HASH_SIZE)
        memcpy(record->hash, hash, AUDIT_HASH_SIZE);
}

static int read_end(struct db_statement *statement, struct audit_chain *chain)
{
    const int status = db_step(statement);

    if (status == DB_ROW) {
        chain->number = (uint64_t)db_number(statement, 0);
        if (db_length(statement, 1) == AUDIT_HASH_SIZE)
            memcpy(chain->hash, db_bytes(statement, 1), AUDIT_HASH_SIZE);
    }
    db_reset(statement);
    return status == DB_ROW || status == DB_DONE ? DB_OK : status;
}

static void bind_string(struct db_statement *statement, int place, const char *text)
{
    db_bind_text(statement, place, text);
}

int sql_append_audit(struct sql_store *store, const struct audit_note *note)
{
    struct db_statement *append = store->statements[STATEMENT_AUDIT];
    struct audit_chain chain = {0};
    struct audit_record record;
    const int status = read_end(store->statements[STATEMENT_AUDIT_END], &chain);

    if (status != DB_OK)
        return status;
    audit_continue(&chain, note, &record);
    db_bind_number(append, 1, (int64_t)record.number);
    db_bind_number(append, 2, note->at_ms);
    bind_string(append, 3, note->who);
    bind_string(append, 4, note->address);
    bind_string(append, 5, note->action);
    bind_string(append, 6, note->detail);
    db_bind_bytes(append, 7, record.hash, sizeof record.hash);
    return db_run(append);
}

static const char oldest_first[] =
    "SELECT number, at_ms, who, address, action, detail, hash FROM audit"
    " WHERE number > ?1 ORDER BY number ASC LIMIT ?2";
static const char newest_first[] =
    "SELECT number, at_ms, who, address, action, detail, hash FROM audit"
    " WHERE number < ?1 ORDER BY number DESC LIMIT ?2";

static int read_records(struct db *database, const struct audit_query *query,
                        bool (*visit)(void *ctx, const struct audit_record *record), void *ctx)
{
    struct db_statement *row;
    struct audit_record record;
    bool goes_on = true;
    int status = db_prepare(database, query->is_newest_first ? newest_first : oldest_first, &row);

    if (status != DB_OK)
        return status;
    const uint64_t from = query->is_newest_first && query->from == 0 ? INT64_MAX : query->from;
    db_bind_number(row, 1, (int64_t)(from > INT64_MAX ? INT64_MAX : from));
    db_bind_number(row, 2, query->limit != 0 ? (int64_t)query->limit : INT64_MAX);
    while (goes_on && (status = db_step(row)) == DB_ROW) {
        read_record(row, &record);
        goes_on = visit(ctx, &record);
    }
    db_finalize(row);
    return status == DB_DONE || status == DB_ROW ? DB_OK : status;
}

int sql_read_audit(const struct db_class *class, const char *location,
                   const struct audit_query *query,
                   bool (*visit)(void *ctx, const struct audit_record *record), void *ctx,
                   char error[STORE_ERROR_SIZE])
{
    struct db *database;
    int status = sql_open_to_read(class, location, &database);

    if (status == DB_OK)
        status = read_records(database, query, visit, ctx);
    return sql_end_reading(database, status, error);
}
