/* Copies of the database, and whether one is sound. Both on connections of their own. */
#include "server/store/db_sqlite.h"
#include "server/store/sql_store.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int open_existing(const char *location, sqlite3 **database)
{
    /* For writing, too: what a server that was killed left in its log must be
     * brought in before anything can be read. */
    const int status =
        sqlite3_open_v2(location, database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (status == SQLITE_OK)
        sqlite3_busy_timeout(*database, SQLITE_BUSY_MS);
    return status;
}

/* All pages in one step, which is one instant: who writes is not held up, since the
 * log keeps what is new apart. */
static int copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

    if (backup == NULL)
        return sqlite3_errcode(to);
    sqlite3_backup_step(backup, -1);
    return sqlite3_backup_finish(backup);
}

int sqlite_snapshot(const char *location, const char *copy, char error[STORE_ERROR_SIZE])
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    sqlite3 *from = NULL, *to = NULL;
    int status = open_existing(location, &from);

    if (status == SQLITE_OK)
        status = sqlite3_open_v2(copy, &to, flags, NULL);
    if (status == SQLITE_OK && chmod(copy, S_IRUSR | S_IWUSR) != 0)
        status = SQLITE_CANTOPEN;
    if (status == SQLITE_OK)
        status = copy_pages(from, to);
    if (status != SQLITE_OK)
        snprintf(error, STORE_ERROR_SIZE, "%s", sqlite3_errstr(status));
    sqlite3_close(to);
    sqlite3_close(from);
    return status == SQLITE_OK ? 0 : -1;
}

/* The first column of a query's first row, as text. */
static int ask(sqlite3 *database, const char *query, char *answer, size_t size)
{
    sqlite3_stmt *row;
    int status = sqlite3_prepare_v2(database, query, -1, &row, NULL);

    if (status != SQLITE_OK)
        return status;
    status = sqlite3_step(row);
    const char *text = status == SQLITE_ROW ? (const char *)sqlite3_column_text(row, 0) : NULL;
    snprintf(answer, size, "%s", text != NULL ? text : "");
    sqlite3_finalize(row);
    return status == SQLITE_ROW ? SQLITE_OK : status;
}

static int check(sqlite3 *database, char error[STORE_ERROR_SIZE])
{
    char answer[STORE_ERROR_SIZE];
    int version = 0;
    int status = ask(database, "PRAGMA integrity_check(1)", answer, sizeof answer);

    if (status == SQLITE_OK && strcmp(answer, "ok") != 0) {
        snprintf(error, STORE_ERROR_SIZE, "damaged: %.200s", answer);
        return -1;
    }
    if (status == SQLITE_OK)
        status = ask(database, "SELECT max(version) FROM schema_version", answer, sizeof answer);
    if (status != SQLITE_OK) {
        snprintf(error, STORE_ERROR_SIZE, "%s", sqlite3_errmsg(database));
        return -1;
    }
    if (sscanf(answer, "%d", &version) == 1 && version >= 1 && version <= sql_schema_version())
        return 0;
    snprintf(error, STORE_ERROR_SIZE,
             "of schema %.20s, and this updraft knows those up to %d: use the version that made it",
             answer, sql_schema_version());
    return -1;
}

int sqlite_check(const char *location, char error[STORE_ERROR_SIZE])
{
    sqlite3 *database = NULL;
    const int status = open_existing(location, &database);
    int result = -1;

    if (status == SQLITE_OK)
        result = check(database, error);
    else
        snprintf(error, STORE_ERROR_SIZE, "%s", sqlite3_errstr(status));
    sqlite3_close(database);
    return result;
}
