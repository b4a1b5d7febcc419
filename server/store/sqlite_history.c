#include "server/store/sqlite_store.h"

#include <stdio.h>
#include <string.h>

static void bind_string(sqlite3_stmt *statement, int place, const char *text)
{
    sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

int sqlite_append_event(struct sqlite_store *store, mac_address device,
                        const struct device_event *event)
{
    sqlite3_stmt *append = store->statements[STATEMENT_EVENT];
    sqlite3_stmt *trim = store->statements[STATEMENT_TRIM_EVENTS];

    sqlite3_bind_int64(append, 1, (int64_t)device);
    sqlite3_bind_int64(append, 2, event->at_ms);
    bind_string(append, 3, event_name(event->kind));
    bind_string(append, 4, event->version);
    bind_string(append, 5, event->before);
    sqlite3_bind_int64(append, 6, (int64_t)event->bytes);
    sqlite3_bind_int64(append, 7, (int64_t)event->duration_ms);
    bind_string(append, 8, event->reason);
    const int status = sqlite_run(append);
    if (status != SQLITE_OK)
        return status;
    sqlite3_bind_int64(trim, 1, (int64_t)device);
    sqlite3_bind_int64(trim, 2, HISTORY_MAX);
    return sqlite_run(trim);
}

static const char select_events[] =
    "SELECT kind, at_ms, version, before_version, bytes, duration_ms, reason FROM device_events"
    " WHERE mac = ?1 ORDER BY number DESC";

static void copy_text(sqlite3_stmt *row, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    snprintf(out, size, "%s", text != NULL ? text : "");
}

static void read_event(sqlite3_stmt *row, struct device_event *event)
{
    char name[16];
    int kind = 0;

    memset(event, 0, sizeof *event);
    copy_text(row, 0, name, sizeof name);
    while (kind < EVENT_KIND_COUNT && strcmp(name, event_name((enum event_kind)kind)) != 0)
        kind++;
    event->kind = (enum event_kind)kind;
    event->at_ms = sqlite3_column_int64(row, 1);
    copy_text(row, 2, event->version, sizeof event->version);
    copy_text(row, 3, event->before, sizeof event->before);
    event->bytes = (uint64_t)sqlite3_column_int64(row, 4);
    event->duration_ms = (uint64_t)sqlite3_column_int64(row, 5);
    copy_text(row, 6, event->reason, sizeof event->reason);
}

static int read_events(sqlite3 *database, mac_address device, history_visit *visit, void *ctx)
{
    sqlite3_stmt *row;
    struct device_event event;
    int status = sqlite3_prepare_v2(database, select_events, -1, &row, NULL);

    if (status != SQLITE_OK)
        return status;
    sqlite3_bind_int64(row, 1, (int64_t)device);
    while ((status = sqlite3_step(row)) == SQLITE_ROW) {
        read_event(row, &event);
        if (event.kind != EVENT_KIND_COUNT)
            visit(ctx, &event);
    }
    sqlite3_finalize(row);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

int sqlite_read_history(const char *location, mac_address device, history_visit *visit, void *ctx,
                        char error[STORE_ERROR_SIZE])
{
    sqlite3 *database = NULL;
    int status = sqlite_open_to_read(location, &database);

    if (status == SQLITE_OK)
        status = read_events(database, device, visit, ctx);
    return sqlite_end_reading(database, status, error);
}
