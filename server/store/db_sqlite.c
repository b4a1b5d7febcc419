#include "server/store/db_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Durable when a commit returns: the log is synced before it does. Others may read
 * meanwhile; the lock of the data folder keeps a second server out. */
static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                               "PRAGMA temp_store = MEMORY;";

struct sqlite_db {
    struct db base;
    sqlite3 *handle;
};

struct sqlite_statement {
    struct db_statement base;
    sqlite3_stmt *handle;
};

static sqlite3 *handle_of(struct db *db)
{
    return ((struct sqlite_db *)db)->handle;
}

static sqlite3_stmt *statement_of(struct db_statement *statement)
{
    return ((struct sqlite_statement *)statement)->handle;
}

static enum db_status status_of(int status)
{
    return status == SQLITE_OK ? DB_OK : DB_FAILED;
}

static enum db_status run_text(struct db *db, const char *sql)
{
    return status_of(sqlite3_exec(handle_of(db), sql, NULL, NULL, NULL));
}

static struct db *open_file(const char *location, enum db_use use, enum db_status *status)
{
    struct sqlite_db *db = calloc(1, sizeof *db);
    const int mode =
        use == DB_SERVE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;

    *status = DB_FAILED;
    if (db == NULL)
        return NULL;
    db->base.class = &db_sqlite;
    if (sqlite3_open_v2(location, &db->handle, mode | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return &db->base;
    sqlite3_busy_timeout(db->handle, SQLITE_BUSY_MS);
    *status = DB_OK;
    /* It holds digests of secrets; the files SQLite puts beside it get the same mode. */
    if (use == DB_SERVE && chmod(location, S_IRUSR | S_IWUSR) != 0)
        *status = DB_FAILED;
    if (use == DB_SERVE && *status == DB_OK)
        *status = run_text(&db->base, settings);
    return &db->base;
}

static void close_file(struct db *db)
{
    sqlite3_close(handle_of(db));
    free(db);
}

static const char *last_error(struct db *db)
{
    return sqlite3_errmsg(handle_of(db));
}

static enum db_status begin(struct db *db)
{
    return run_text(db, "BEGIN IMMEDIATE");
}

static enum db_status commit(struct db *db)
{
    return run_text(db, "COMMIT");
}

/* A full disk may have ended the transaction already. */
static void rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(handle_of(db)))
        run_text(db, "ROLLBACK");
}

static unsigned changes(struct db *db)
{
    return (unsigned)sqlite3_changes(handle_of(db));
}

static struct db_statement *prepare(struct db *db, const char *sql, bool is_streamed)
{
    struct sqlite_statement *statement = calloc(1, sizeof *statement);

    (void)is_streamed;
    if (statement == NULL)
        return NULL;
    statement->base.db = db;
    if (sqlite3_prepare_v2(handle_of(db), sql, -1, &statement->handle, NULL) == SQLITE_OK)
        return &statement->base;
    free(statement);
    return NULL;
}

static enum db_status finalize(struct db_statement *statement)
{
    const int status = sqlite3_finalize(statement_of(statement));

    free(statement);
    return status_of(status);
}

static void reset(struct db_statement *statement)
{
    sqlite3_reset(statement_of(statement));
    sqlite3_clear_bindings(statement_of(statement));
}

static enum db_status step(struct db_statement *statement)
{
    const int status = sqlite3_step(statement_of(statement));

    return status == SQLITE_ROW ? DB_ROW : status == SQLITE_DONE ? DB_DONE : DB_FAILED;
}

static int parameters(struct db_statement *statement)
{
    return sqlite3_bind_parameter_count(statement_of(statement));
}

static void bind_number(struct db_statement *statement, int place, int64_t value)
{
    sqlite3_bind_int64(statement_of(statement), place, value);
}

static void bind_text(struct db_statement *statement, int place, const char *text)
{
    sqlite3_bind_text(statement_of(statement), place, text, -1, SQLITE_STATIC);
}

static void bind_bytes(struct db_statement *statement, int place, const void *data, int length)
{
    sqlite3_bind_blob(statement_of(statement), place, data, length, SQLITE_STATIC);
}

static bool is_null(struct db_statement *row, int column)
{
    return sqlite3_column_type(statement_of(row), column) == SQLITE_NULL;
}

static int64_t number(struct db_statement *row, int column)
{
    return sqlite3_column_int64(statement_of(row), column);
}

static const char *text(struct db_statement *row, int column)
{
    return (const char *)sqlite3_column_text(statement_of(row), column);
}

static const void *bytes(struct db_statement *row, int column, int *length)
{
    const void *data = sqlite3_column_blob(statement_of(row), column);

    *length = sqlite3_column_bytes(statement_of(row), column);
    return data;
}

const struct db_class db_sqlite = {
    .bytes_type = "BLOB",
    .row_key = "INTEGER PRIMARY KEY",
    .keep_audit = "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit"
                  "  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
                  "CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit"
                  "  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;",
    .begin_snapshot = "BEGIN",
    .open = open_file,
    .close = close_file,
    .error = last_error,
    .exec = run_text,
    .begin = begin,
    .begin_schema = begin,
    .commit = commit,
    .rollback = rollback,
    .changes = changes,
    .prepare = prepare,
    .finalize = finalize,
    .reset = reset,
    .step = step,
    .parameters = parameters,
    .bind_number = bind_number,
    .bind_text = bind_text,
    .bind_bytes = bind_bytes,
    .is_null = is_null,
    .number = number,
    .text = text,
    .bytes = bytes,
};
