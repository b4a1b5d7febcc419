#include "server/store/sqlite_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Durable when a commit returns: the log is synced before it does. Others may read
 * meanwhile; the lock of the data folder keeps a second server out. */
static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                               "PRAGMA temp_store = MEMORY;";

static void sqlite_close(struct store *base)
{
    struct sqlite_store *store = (struct sqlite_store *)base;

    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->database);
    free(store);
}

static int open_database(struct sqlite_store *store, const char *path, char error[STORE_ERROR_SIZE])
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int status = sqlite3_open_v2(path, &store->database, flags, NULL);

    /* It holds digests of secrets; the files SQLite puts beside it get the same mode. */
    if (status == SQLITE_OK && chmod(path, S_IRUSR | S_IWUSR) != 0) {
        snprintf(error, STORE_ERROR_SIZE, "%s", strerror(errno));
        return -1;
    }
    sqlite3_busy_timeout(store->database, SQLITE_BUSY_MS);
    if (status == SQLITE_OK)
        status = sqlite3_exec(store->database, settings, NULL, NULL, NULL);
    if (status == SQLITE_OK) {
        if (sqlite_migrate(store->database, error) != 0)
            return -1;
        status = sqlite_prepare(store);
    }
    if (status == SQLITE_OK)
        return 0;
    snprintf(error, STORE_ERROR_SIZE, "%s", sqlite3_errmsg(store->database));
    return -1;
}

static struct store *sqlite_open(const char *location, char error[STORE_ERROR_SIZE])
{
    struct sqlite_store *store = calloc(1, sizeof *store);

    if (store == NULL) {
        snprintf(error, STORE_ERROR_SIZE, "out of memory");
        return NULL;
    }
    store->base.class = &store_sqlite;
    if (open_database(store, location, error) == 0)
        return &store->base;
    sqlite_close(&store->base);
    return NULL;
}

int sqlite_open_to_read(const char *location, sqlite3 **database)
{
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    const int status = sqlite3_open_v2(location, database, flags, NULL);

    if (status == SQLITE_OK)
        sqlite3_busy_timeout(*database, SQLITE_BUSY_MS);
    return status;
}

int sqlite_end_reading(sqlite3 *database, int status, char error[STORE_ERROR_SIZE])
{
    if (status != SQLITE_OK)
        snprintf(error, STORE_ERROR_SIZE, "%s",
                 database != NULL ? sqlite3_errmsg(database) : sqlite3_errstr(status));
    sqlite3_close(database);
    return status == SQLITE_OK ? 0 : -1;
}

const struct store_class store_sqlite = {
    .name = "sqlite",
    .open = sqlite_open,
    .load = sqlite_load,
    .apply = sqlite_apply,
    .load_accounts = sqlite_load_accounts,
    .read_history = sqlite_read_history,
    .read_audit = sqlite_read_audit,
    .load_webhooks = sqlite_load_webhooks,
    .snapshot = sqlite_snapshot,
    .check = sqlite_check,
    .close = sqlite_close,
};
