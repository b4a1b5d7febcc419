#include "server/store/sql_store.h"

#include "server/store/db_sqlite.h"

#include <stdio.h>
#include <stdlib.h>

static void close_store(struct store *base)
{
    struct sql_store *store = (struct sql_store *)base;

    sql_leave(store);
    for (int i = 0; i < STATEMENT_COUNT; i++)
        db_finalize(store->statements[i]);
    db_close(store->database);
    free(store->node.touches.list);
    free(store->node.later.list);
    free(store);
}

static int open_database(struct sql_store *store, const struct db_class *class,
                         const char *location, char error[STORE_ERROR_SIZE])
{
    enum db_status status;

    store->database = class->open(location, DB_SERVE, &status);
    if (status == DB_OK && sql_migrate(store->database, error) != 0)
        return -1;
    if (status == DB_OK && sql_prepare(store) == DB_OK && sql_join(store) == DB_OK)
        return 0;
    snprintf(error, STORE_ERROR_SIZE, "%s", sql_error(store));
    return -1;
}

static struct store *open_store(const struct store_class *class, const struct db_class *database,
                                const char *location, char error[STORE_ERROR_SIZE])
{
    struct sql_store *store = calloc(1, sizeof *store);

    if (store == NULL) {
        snprintf(error, STORE_ERROR_SIZE, "out of memory");
        return NULL;
    }
    store->base.class = class;
    if (open_database(store, database, location, error) == 0)
        return &store->base;
    close_store(&store->base);
    return NULL;
}

int sql_open_to_read(const struct db_class *class, const char *location, struct db **database)
{
    enum db_status status;

    *database = class->open(location, DB_READ, &status);
    return status;
}

int sql_end_reading(struct db *database, int status, char error[STORE_ERROR_SIZE])
{
    if (status != DB_OK)
        snprintf(error, STORE_ERROR_SIZE, "%s", db_error(database));
    db_close(database);
    return status == DB_OK ? 0 : -1;
}

/* --- SQLite --- */

static struct store *sqlite_open(const char *location, char error[STORE_ERROR_SIZE])
{
    return open_store(&store_sqlite, &db_sqlite, location, error);
}

static int sqlite_read_history(const char *location, mac_address device, history_visit *visit,
                               void *ctx, char error[STORE_ERROR_SIZE])
{
    return sql_read_history(&db_sqlite, location, device, visit, ctx, error);
}

static int sqlite_read_audit(const char *location, const struct audit_query *query,
                             bool (*visit)(void *ctx, const struct audit_record *record), void *ctx,
                             char error[STORE_ERROR_SIZE])
{
    return sql_read_audit(&db_sqlite, location, query, visit, ctx, error);
}

const struct store_class store_sqlite = {
    .name = "sqlite",
    .open = sqlite_open,
    .load = sql_load,
    .apply = sql_apply,
    .load_accounts = sql_load_accounts,
    .read_history = sqlite_read_history,
    .read_audit = sqlite_read_audit,
    .load_webhooks = sql_load_webhooks,
    .snapshot = sqlite_snapshot,
    .check = sqlite_check,
    .close = close_store,
};

/* --- PostgreSQL --- */

static struct store *postgres_open(const char *location, char error[STORE_ERROR_SIZE])
{
    return open_store(&store_postgres, &db_postgres, location, error);
}

static int postgres_read_history(const char *location, mac_address device, history_visit *visit,
                                 void *ctx, char error[STORE_ERROR_SIZE])
{
    return sql_read_history(&db_postgres, location, device, visit, ctx, error);
}

static int postgres_read_audit(const char *location, const struct audit_query *query,
                               bool (*visit)(void *ctx, const struct audit_record *record),
                               void *ctx, char error[STORE_ERROR_SIZE])
{
    return sql_read_audit(&db_postgres, location, query, visit, ctx, error);
}

/* When memory is out the device is as memory has it, until somebody changes it. */
static void reread(struct store *base, mac_address mac)
{
    (void)sql_put_off((struct sql_store *)base, mac);
}

static int postgres_socket(struct store *base)
{
    struct db *database = ((struct sql_store *)base)->database;

    return database->class->socket(database);
}

static bool postgres_was_told(struct store *base)
{
    struct db *database = ((struct sql_store *)base)->database;

    return database->class->was_notified(database);
}

const struct store_class store_postgres = {
    .name = "postgres",
    .open = postgres_open,
    .load = sql_load,
    .apply = sql_apply,
    .load_accounts = sql_load_accounts,
    .read_history = postgres_read_history,
    .read_audit = postgres_read_audit,
    .follow = sql_follow,
    .stand = sql_stand,
    .reread = reread,
    .socket = postgres_socket,
    .was_told = postgres_was_told,
    .load_webhooks = sql_load_webhooks,
    .close = close_store,
};
