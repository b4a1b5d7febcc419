#include "server/store/sql_store.h"

#include <stdio.h>
#include <string.h>

static void bind_string(struct db_statement *statement, int place, const char *text)
{
    db_bind_text(statement, place, text);
}

int sql_append_event(struct sql_store *store, mac_address device, const struct device_event *event)
{
    struct db_statement *append = store->statements[STATEMENT_EVENT];
    struct db_statement *trim = store->statements[STATEMENT_TRIM_EVENTS];

    db_bind_number(append, 1, (int64_t)device);
    db_bind_number(append, 2, event->at_ms);
    bind_string(append, 3, event_name(event->kind));
    bind_string(append, 4, event->version);
    bind_string(append, 5, event->before);
    db_bind_number(append, 6, (int64_t)event->bytes);
    db_bind_number(append, 7, (int64_t)event->duration_ms);
    bind_string(append, 8, event->reason);
    const int status = db_run(append);
    if (status != DB_OK)
        return status;
    db_bind_number(trim, 1, (int64_t)device);
    db_bind_number(trim, 2, HISTORY_MAX);
    return db_run(trim);
}

static const char select_events[] =
    "SELECT kind, at_ms, version, before_version, bytes, duration_ms, reason FROM device_events"
    " WHERE mac = ?1 ORDER BY number DESC";

static void copy_text(struct db_statement *row, int column, char *out, size_t size)
{
    const char *text = db_text(row, column);

    snprintf(out, size, "%s", text != NULL ? text : "");
}

static void read_event(struct db_statement *row, struct device_event *event)
{
    char name[16];
    int kind = 0;

    memset(event, 0, sizeof *event);
    copy_text(row, 0, name, sizeof name);
    while (kind < EVENT_KIND_COUNT && strcmp(name, event_name((enum event_kind)kind)) != 0)
        kind++;
    event->kind = (enum event_kind)kind;
    event->at_ms = db_number(row, 1);
    copy_text(row, 2, event->version, sizeof event->version);
    copy_text(row, 3, event->before, sizeof event->before);
    event->bytes = (uint64_t)db_number(row, 4);
    event->duration_ms = (uint64_t)db_number(row, 5);
    copy_text(row, 6, event->reason, sizeof event->reason);
}

static int read_events(struct db *database, mac_address device, history_visit *visit, void *ctx)
{
    struct db_statement *row;
    struct device_event event;
    int status = db_prepare(database, select_events, &row);

    if (status != DB_OK)
        return status;
    db_bind_number(row, 1, (int64_t)device);
    while ((status = db_step(row)) == DB_ROW) {
        read_event(row, &event);
        if (event.kind != EVENT_KIND_COUNT)
            visit(ctx, &event);
    }
    db_finalize(row);
    return status == DB_DONE ? DB_OK : status;
}

int sql_read_history(const struct db_class *class, const char *location, mac_address device,
                     history_visit *visit, void *ctx, char error[STORE_ERROR_SIZE])
{
    struct db *database;
    int status = sql_open_to_read(class, location, &database);

    if (status == DB_OK)
        status = read_events(database, device, visit, ctx);
    return sql_end_reading(database, status, error);
}
