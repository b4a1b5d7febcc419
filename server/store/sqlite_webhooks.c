/* Webhooks and their deliveries, which get into the tables with the changes they tell
 * of: neither is there without the other. */
#include "server/store/sqlite_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_SIZE "100" /* deliveries that are over, kept of each webhook */

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql, int *status)
{
    sqlite3_stmt *statement = NULL;

    *status = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    return statement;
}

static int finish(sqlite3_stmt *statement, int status)
{
    if (status != SQLITE_OK)
        return status;
    status = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

static int write_webhook(struct sqlite_store *store, const char *sql, const struct webhook *webhook)
{
    int status;
    sqlite3_stmt *statement = prepare(store->database, sql, &status);

    sqlite3_bind_int64(statement, 1, webhook->id);
    sqlite3_bind_text(statement, 2, webhook->url, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, webhook->events, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, webhook->secret, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 5, webhook->is_disabled);
    sqlite3_bind_text(statement, 6, webhook->reason, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 7, webhook->created_ms);
    sqlite3_bind_int64(statement, 8, webhook->failing_ms);
    sqlite3_bind_int64(statement, 9, webhook->dropped);
    return finish(statement, status);
}

static int run_for(struct sqlite_store *store, const char *sql, uint32_t id)
{
    int status;
    sqlite3_stmt *statement = prepare(store->database, sql, &status);

    sqlite3_bind_int64(statement, 1, id);
    return finish(statement, status);
}

static int write_delivery(struct sqlite_store *store, const char *sql,
                          const struct delivery *delivery)
{
    int status;
    sqlite3_stmt *statement = prepare(store->database, sql, &status);

    sqlite3_bind_int64(statement, 1, delivery->id);
    sqlite3_bind_int64(statement, 2, delivery->attempts);
    sqlite3_bind_int64(statement, 3, delivery->next_ms);
    sqlite3_bind_int64(statement, 4, delivery->done_ms);
    sqlite3_bind_int64(statement, 5, delivery->status);
    sqlite3_bind_text(statement, 6, delivery->error, -1, SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(statement) > 6) {
        sqlite3_bind_int64(statement, 7, delivery->webhook);
        sqlite3_bind_text(statement, 8, delivery->event, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 9, delivery->created_ms);
        sqlite3_bind_text(statement, 10, delivery->body, -1, SQLITE_STATIC);
    }
    return finish(statement, status);
}

static const char set_webhook[] =
    "UPDATE webhooks SET url = ?2, events = ?3, secret = ?4, disabled = ?5, reason = ?6,"
    " created_ms = ?7, failing_ms = ?8, dropped = ?9 WHERE id = ?1";

/* What operators set may be newer than what the attempt began with. */
static const char note_webhook[] =
    "UPDATE webhooks SET disabled = max(disabled, ?5), failing_ms = ?8, dropped = ?9,"
    " reason = CASE WHEN disabled OR NOT ?5 THEN reason ELSE ?6 END WHERE id = ?1";

static int apply_tried(struct sqlite_store *store, const struct webhook_change *change)
{
    int status = write_webhook(store, note_webhook, &change->webhook);

    if (status == SQLITE_OK)
        status = write_delivery(store,
                                "UPDATE webhook_deliveries SET attempts = ?2, next_ms = ?3,"
                                " done_ms = ?4, status = ?5, error = ?6 WHERE id = ?1",
                                &change->delivery);
    if (status != SQLITE_OK || change->delivery.done_ms == 0)
        return status;
    return run_for(store,
                   "DELETE FROM webhook_deliveries WHERE webhook = ?1 AND done_ms <> 0 AND id <="
                   " (SELECT id FROM webhook_deliveries WHERE webhook = ?1 AND done_ms <> 0"
                   " ORDER BY id DESC LIMIT 1 OFFSET " LOG_SIZE ")",
                   change->webhook.id);
}

static int expect_one(struct sqlite_store *store, int status, enum change_result *result)
{
    if (status == SQLITE_OK && sqlite3_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    return status;
}

int sqlite_apply_webhook(struct sqlite_store *store, const struct webhook_change *change,
                         enum change_result *result)
{
    const struct webhook *webhook = &change->webhook;

    switch (change->kind) {
    case WEBHOOK_ADD:
        return write_webhook(store,
                             "INSERT INTO webhooks (id, url, events, secret, disabled, reason,"
                             " created_ms, failing_ms, dropped)"
                             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                             webhook);
    case WEBHOOK_SET:
        return expect_one(store, write_webhook(store, set_webhook, webhook), result);
    case WEBHOOK_REMOVE: {
        const int status =
            run_for(store, "DELETE FROM webhook_deliveries WHERE webhook = ?1", webhook->id);
        if (status != SQLITE_OK)
            return status;
        return expect_one(store, run_for(store, "DELETE FROM webhooks WHERE id = ?1", webhook->id),
                          result);
    }
    case WEBHOOK_TRIED:
        return apply_tried(store, change);
    case WEBHOOK_TEST:
    default:
        return SQLITE_OK;
    }
}

int sqlite_append_deliveries(struct sqlite_store *store, const struct delivery *list)
{
    int status = SQLITE_OK;

    for (; list != NULL && status == SQLITE_OK; list = list->next)
        status = write_delivery(store,
                                "INSERT INTO webhook_deliveries (id, attempts, next_ms, done_ms,"
                                " status, error, webhook, event, created_ms, body)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                                list);
    return status;
}

/* --- reading --- */

static void copy_text(sqlite3_stmt *row, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    snprintf(out, size, "%s", text != NULL ? text : "");
}

static int load_webhooks(struct sqlite_store *store, const struct webhook_reader *reader, void *ctx)
{
    struct webhook webhook;
    int status, result = 0;
    sqlite3_stmt *row = prepare(store->database,
                                "SELECT id, url, events, secret, disabled, reason, created_ms,"
                                " failing_ms, dropped FROM webhooks ORDER BY id",
                                &status);

    while (result == 0 && (status = sqlite3_step(row)) == SQLITE_ROW) {
        webhook.id = (uint32_t)sqlite3_column_int64(row, 0);
        copy_text(row, 1, webhook.url, sizeof webhook.url);
        copy_text(row, 2, webhook.events, sizeof webhook.events);
        copy_text(row, 3, webhook.secret, sizeof webhook.secret);
        webhook.is_disabled = sqlite3_column_int(row, 4) != 0;
        copy_text(row, 5, webhook.reason, sizeof webhook.reason);
        webhook.created_ms = sqlite3_column_int64(row, 6);
        webhook.failing_ms = sqlite3_column_int64(row, 7);
        webhook.dropped = (uint32_t)sqlite3_column_int64(row, 8);
        result = reader->webhook(ctx, &webhook);
    }
    sqlite3_finalize(row);
    return result != 0 ? result : status == SQLITE_DONE ? 0 : -1;
}

static void read_delivery(sqlite3_stmt *row, struct delivery *delivery)
{
    const char *body = (const char *)sqlite3_column_text(row, 9);

    *delivery = (struct delivery){
        .id = (uint32_t)sqlite3_column_int64(row, 0),
        .webhook = (uint32_t)sqlite3_column_int64(row, 1),
        .created_ms = sqlite3_column_int64(row, 3),
        .attempts = (uint32_t)sqlite3_column_int64(row, 4),
        .next_ms = sqlite3_column_int64(row, 5),
        .done_ms = sqlite3_column_int64(row, 6),
        .status = (unsigned)sqlite3_column_int(row, 7),
        .body = body != NULL ? strdup(body) : NULL,
    };
    copy_text(row, 2, delivery->event, sizeof delivery->event);
    copy_text(row, 8, delivery->error, sizeof delivery->error);
}

#define DELIVERY_COLUMNS                                                                           \
    "id, webhook, event, created_ms, attempts, next_ms, done_ms, status, error, body"

int sqlite_load_webhooks(struct store *base, const struct webhook_reader *reader, void *ctx)
{
    struct sqlite_store *store = (struct sqlite_store *)base;
    struct delivery delivery;
    int status, result = load_webhooks(store, reader, ctx);
    sqlite3_stmt *row =
        prepare(store->database, "SELECT " DELIVERY_COLUMNS " FROM webhook_deliveries ORDER BY id",
                &status);

    while (result == 0 && (status = sqlite3_step(row)) == SQLITE_ROW) {
        read_delivery(row, &delivery);
        result = reader->delivery(ctx, &delivery);
        free(delivery.body);
    }
    sqlite3_finalize(row);
    return result != 0 ? result : status == SQLITE_DONE ? 0 : -1;
}
