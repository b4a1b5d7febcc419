/* Webhooks and their deliveries, which get into the tables with the changes they tell
 * of: neither is there without the other. */
#include "server/store/sql_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_SIZE "100" /* deliveries that are over, kept of each webhook */

static struct db_statement *prepare(struct db *database, const char *sql, int *status)
{
    struct db_statement *statement = NULL;

    *status = db_prepare(database, sql, &statement);
    return statement;
}

static int finish(struct db_statement *statement, int status)
{
    if (status != DB_OK)
        return status;
    status = db_step(statement);
    db_finalize(statement);
    return status == DB_DONE ? DB_OK : status;
}

static int write_webhook(struct sql_store *store, const char *sql, const struct webhook *webhook)
{
    int status;
    struct db_statement *statement = prepare(store->database, sql, &status);

    db_bind_number(statement, 1, webhook->id);
    db_bind_text(statement, 2, webhook->url);
    db_bind_text(statement, 3, webhook->events);
    db_bind_text(statement, 4, webhook->secret);
    db_bind_number(statement, 5, webhook->is_disabled);
    db_bind_text(statement, 6, webhook->reason);
    db_bind_number(statement, 7, webhook->created_ms);
    db_bind_number(statement, 8, webhook->failing_ms);
    db_bind_number(statement, 9, webhook->dropped);
    return finish(statement, status);
}

static int run_for(struct sql_store *store, const char *sql, uint32_t id)
{
    int status;
    struct db_statement *statement = prepare(store->database, sql, &status);

    db_bind_number(statement, 1, id);
    return finish(statement, status);
}

static int write_delivery(struct sql_store *store, const char *sql, const struct delivery *delivery)
{
    int status;
    struct db_statement *statement = prepare(store->database, sql, &status);

    db_bind_number(statement, 1, delivery->id);
    db_bind_number(statement, 2, delivery->attempts);
    db_bind_number(statement, 3, delivery->next_ms);
    db_bind_number(statement, 4, delivery->done_ms);
    db_bind_number(statement, 5, delivery->status);
    db_bind_text(statement, 6, delivery->error);
    if (db_parameters(statement) > 6) {
        db_bind_number(statement, 7, delivery->webhook);
        db_bind_text(statement, 8, delivery->event);
        db_bind_number(statement, 9, delivery->created_ms);
        db_bind_text(statement, 10, delivery->body);
    }
    return finish(statement, status);
}

static const char set_webhook[] =
    "UPDATE webhooks SET url = ?2, events = ?3, secret = ?4, disabled = ?5, reason = ?6,"
    " created_ms = ?7, failing_ms = ?8, dropped = ?9 WHERE id = ?1";

/* What operators set may be newer than what the attempt began with. */
static const char note_webhook[] =
    "UPDATE webhooks SET disabled = CASE WHEN ?5 <> 0 THEN 1 ELSE disabled END, failing_ms = ?8, "
    "dropped = ?9,"
    " reason = CASE WHEN disabled <> 0 OR ?5 = 0 THEN reason ELSE ?6 END WHERE id = ?1";

static int apply_tried(struct sql_store *store, const struct webhook_change *change)
{
    int status = write_webhook(store, note_webhook, &change->webhook);

    if (status == DB_OK)
        status = write_delivery(store,
                                "UPDATE webhook_deliveries SET attempts = ?2, next_ms = ?3,"
                                " done_ms = ?4, status = ?5, error = ?6 WHERE id = ?1",
                                &change->delivery);
    if (status != DB_OK || change->delivery.done_ms == 0)
        return status;
    return run_for(store,
                   "DELETE FROM webhook_deliveries WHERE webhook = ?1 AND done_ms <> 0 AND id <="
                   " (SELECT id FROM webhook_deliveries WHERE webhook = ?1 AND done_ms <> 0"
                   " ORDER BY id DESC LIMIT 1 OFFSET " LOG_SIZE ")",
                   change->webhook.id);
}

static const char add_webhook[] =
    "INSERT INTO webhooks (id, url, events, secret, disabled, reason, created_ms, failing_ms,"
    " dropped) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING";

static int expect_one(struct sql_store *store, int status, enum change_result *result)
{
    if (status == DB_OK && db_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    return status;
}

int sql_apply_webhook(struct sql_store *store, const struct webhook_change *change,
                      enum change_result *result)
{
    const struct webhook *webhook = &change->webhook;

    switch (change->kind) {
    case WEBHOOK_ADD:
        return expect_one(store, write_webhook(store, add_webhook, webhook), result);
    case WEBHOOK_SET:
        return expect_one(store, write_webhook(store, set_webhook, webhook), result);
    case WEBHOOK_REMOVE: {
        const int status =
            run_for(store, "DELETE FROM webhook_deliveries WHERE webhook = ?1", webhook->id);
        if (status != DB_OK)
            return status;
        return expect_one(store, run_for(store, "DELETE FROM webhooks WHERE id = ?1", webhook->id),
                          result);
    }
    case WEBHOOK_TRIED:
        return apply_tried(store, change);
    case WEBHOOK_TEST:
    default:
        return DB_OK;
    }
}

/* Numbers that no other server gives, too: the row stays locked until the commit. */
static int number_delivery(struct sql_store *store, struct delivery *delivery)
{
    struct db_statement *row;
    int status =
        db_exec(store->database, "UPDATE cluster SET deliveries = deliveries + 1 WHERE place = 1");

    if (status != DB_OK ||
        db_prepare(store->database, "SELECT deliveries FROM cluster WHERE place = 1", &row) !=
            DB_OK)
        return DB_FAILED;
    status = db_step(row);
    if (status == DB_ROW)
        delivery->id = (uint32_t)db_number(row, 0);
    db_finalize(row);
    return status == DB_ROW ? DB_OK : DB_FAILED;
}

int sql_append_deliveries(struct sql_store *store, struct delivery *list)
{
    int status = DB_OK;

    for (; list != NULL && status == DB_OK; list = list->next) {
        status = number_delivery(store, list);
        if (status != DB_OK)
            return status;
        status = write_delivery(store,
                                "INSERT INTO webhook_deliveries (id, attempts, next_ms, done_ms,"
                                " status, error, webhook, event, created_ms, body)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                                list);
    }
    return status;
}

/* --- reading --- */

static void copy_text(struct db_statement *row, int column, char *out, size_t size)
{
    const char *text = db_text(row, column);

    snprintf(out, size, "%s", text != NULL ? text : "");
}

static int load_webhooks(struct sql_store *store, const struct webhook_reader *reader, void *ctx)
{
    struct webhook webhook;
    int status, result = 0;
    struct db_statement *row =
        prepare(store->database,
                "SELECT id, url, events, secret, disabled, reason, created_ms,"
                " failing_ms, dropped FROM webhooks ORDER BY id",
                &status);

    while (result == 0 && (status = db_step(row)) == DB_ROW) {
        webhook.id = (uint32_t)db_number(row, 0);
        copy_text(row, 1, webhook.url, sizeof webhook.url);
        copy_text(row, 2, webhook.events, sizeof webhook.events);
        copy_text(row, 3, webhook.secret, sizeof webhook.secret);
        webhook.is_disabled = db_number(row, 4) != 0;
        copy_text(row, 5, webhook.reason, sizeof webhook.reason);
        webhook.created_ms = db_number(row, 6);
        webhook.failing_ms = db_number(row, 7);
        webhook.dropped = (uint32_t)db_number(row, 8);
        result = reader->webhook(ctx, &webhook);
    }
    db_finalize(row);
    return result != 0 ? result : status == DB_DONE ? 0 : -1;
}

static void read_delivery(struct db_statement *row, struct delivery *delivery)
{
    const char *body = db_text(row, 9);

    *delivery = (struct delivery){
        .id = (uint32_t)db_number(row, 0),
        .webhook = (uint32_t)db_number(row, 1),
        .created_ms = db_number(row, 3),
        .attempts = (uint32_t)db_number(row, 4),
        .next_ms = db_number(row, 5),
        .done_ms = db_number(row, 6),
        .status = (unsigned)db_number(row, 7),
        .body = body != NULL ? strdup(body) : NULL,
    };
    copy_text(row, 2, delivery->event, sizeof delivery->event);
    copy_text(row, 8, delivery->error, sizeof delivery->error);
}

#define DELIVERY_COLUMNS                                                                           \
    "id, webhook, event, created_ms, attempts, next_ms, done_ms, status, error, body"

int sql_load_webhooks(struct store *base, const struct webhook_reader *reader, void *ctx)
{
    struct sql_store *store = (struct sql_store *)base;
    struct delivery delivery;
    int status, result = load_webhooks(store, reader, ctx);
    struct db_statement *row =
        prepare(store->database, "SELECT " DELIVERY_COLUMNS " FROM webhook_deliveries ORDER BY id",
                &status);

    while (result == 0 && (status = db_step(row)) == DB_ROW) {
        read_delivery(row, &delivery);
        result = reader->delivery(ctx, &delivery);
        free(delivery.body);
    }
    db_finalize(row);
    return result != 0 ? result : status == DB_DONE ? 0 : -1;
}
