/* PostgreSQL, or whatever speaks its protocol: connections and transactions. */
#include "server/store/db_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define LOCK_NUMBER "7307742681" /* chosen at random */
#define CHANNEL     "updraft_changes"

/* What one may wait for another, or for a database that does not answer. Who stops in the
 * middle of a transaction is disconnected before others give up waiting for it. */
static const char serve_settings[] = "SET statement_timeout = '10s';"
                                     "SET lock_timeout = '8s';"
                                     "SET idle_in_transaction_session_timeout = '4s'";

static enum db_status run_text(struct db *base, const char *sql)
{
    struct postgres_db *db = db_of(base);

    return postgres_judge(db, postgres_execute(db, sql));
}

/* What is not there in other databases of this protocol may be missing. */
static void run_if_known(struct postgres_db *db, const char *sql)
{
    PQclear(postgres_execute(db, sql));
}

/* The session that was cut off may not have been noticed to be. */
static void end_session_before(struct postgres_db *db)
{
    char sql[192];

    snprintf(sql, sizeof sql,
             "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
             " WHERE application_name = '%s' AND pid <> pg_backend_pid()",
             db->name);
    run_if_known(db, sql);
}

static enum db_status connect_to(struct db *base)
{
    struct postgres_db *db = db_of(base);

    PQfinish(db->connection);
    db->connection = NULL;
    db->is_patient = false;
    if (postgres_connect(db) != DB_OK)
        return DB_FAILED;
    run_if_known(db, "SET client_min_messages TO warning");
    if (db->use == DB_SERVE) {
        if (db->session > 0)
            end_session_before(db);
        run_if_known(db, serve_settings);
        run_if_known(db, "LISTEN " CHANNEL);
    }
    db->session++;
    return DB_OK;
}

static bool has_connection(struct db *db)
{
    return postgres_is_connected(db_of(db));
}

/* One number of both, which nobody reads anything from. */
static uint64_t history_of(struct db *base)
{
    const struct postgres_history *history = &db_of(base)->history;

    return history->system != 0 ? history->system + (uint64_t)history->timeline : 0;
}

static int socket_of(struct db *db)
{
    return has_connection(db) ? PQsocket(db_of(db)->connection) : -1;
}

static bool was_notified(struct db *base)
{
    struct postgres_db *db = db_of(base);
    bool by_another = false;
    PGnotify *note;

    if (!postgres_is_connected(db))
        return false;
    PQconsumeInput(db->connection);
    while ((note = PQnotifies(db->connection)) != NULL) {
        by_another |= note->be_pid != PQbackendPID(db->connection);
        PQfreemem(note);
    }
    return by_another;
}

static void make_name(struct postgres_db *db)
{
    uint64_t number = 0;

    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        number = (uint64_t)time(NULL);
    snprintf(db->name, sizeof db->name, "updraft %llx", (unsigned long long)number);
}

static struct db *open_url(const char *location, enum db_use use, enum db_status *status)
{
    struct postgres_db *db = calloc(1, sizeof *db);

    *status = DB_FAILED;
    if (db == NULL)
        return NULL;
    db->base.class = &db_postgres;
    db->use = use;
    db->location = strdup(location);
    make_name(db);
    if (db->location != NULL)
        *status = connect_to(&db->base);
    return &db->base;
}

static void close_url(struct db *base)
{
    struct postgres_db *db = db_of(base);

    PQfinish(db->connection);
    free(db->location);
    free(db);
}

static const char *last_error(struct db *db)
{
    return db_of(db)->message;
}

static unsigned changes(struct db *db)
{
    return db_of(db)->changes;
}

static enum db_status begin(struct db *db)
{
    return run_text(db, "BEGIN");
}

static enum db_status begin_schema(struct db *base)
{
    db_of(base)->is_patient = true;
    return run_text(base, "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
                          "SELECT pg_advisory_xact_lock(" LOCK_NUMBER ")");
}

static enum db_status commit(struct db *base)
{
    struct postgres_db *db = db_of(base);
    PGresult *result = postgres_execute(db, "COMMIT");
    /* The answer to a commit of what has failed is that it was rolled back. */
    const bool is_committed =
        PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;

    if (!is_committed)
        postgres_keep_error(db);
    PQclear(result);
    db->is_patient = false;
    if (is_committed)
        return DB_OK;
    return postgres_is_connected(db) ? DB_FAILED : DB_UNKNOWN;
}

static void rollback(struct db *base)
{
    struct postgres_db *db = db_of(base);

    if (postgres_is_connected(db) && PQtransactionStatus(db->connection) != PQTRANS_IDLE)
        PQclear(postgres_execute(db, "ROLLBACK"));
    db->is_patient = false;
}

const struct db_class db_postgres = {
    .bytes_type = "BYTEA",
    .row_key = "BIGINT PRIMARY KEY",
    /* Held against mistakes; against a thief of the password there is the chain of hashes. */
    .keep_audit = "REVOKE UPDATE, DELETE ON audit FROM CURRENT_USER;",
    .begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                      "SET LOCAL statement_timeout = 0",
    .begin_schema = begin_schema,
    .is_shared = true,
    .open = open_url,
    .connect = connect_to,
    .is_connected = has_connection,
    .history = history_of,
    .socket = socket_of,
    .was_notified = was_notified,
    .close = close_url,
    .error = last_error,
    .exec = run_text,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .changes = changes,
    .prepare = postgres_prepare,
    .finalize = postgres_finalize,
    .reset = postgres_reset,
    .step = postgres_step,
    .parameters = postgres_parameters,
    .bind_number = postgres_bind_number,
    .bind_text = postgres_bind_text,
    .bind_bytes = postgres_bind_bytes,
    .is_null = postgres_is_null,
    .number = postgres_number,
    .text = postgres_text,
    .bytes = postgres_bytes,
};
