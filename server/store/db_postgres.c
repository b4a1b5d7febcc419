/* PostgreSQL, or whatever speaks its protocol. */
#include "server/store/db.h"

#include "server/model/clock.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* Types' numbers, from PostgreSQL's pg_type.dat. */
#define TYPE_UNKNOWN 0
#define TYPE_BYTES   17
#define TYPE_NUMBER  20
#define TYPE_TEXT    25

#define PARAMETERS_MAX 40
#define NUMBER_SIZE    8
#define NAME_LENGTH    32
#define MESSAGE_SIZE   200
#define CONNECT_S      "5"
#define UNANSWERED_MS  "10000"      /* packets, before the connection counts as lost */
#define ANSWER_MS      15000        /* a statement, the same */
#define LOCK_NUMBER    "7307742681" /* chosen at random */
#define CHANNEL        "updraft_changes"

/* What one may wait for another, or for a database that does not answer. Who stops in the
 * middle of a transaction is disconnected before others give up waiting for it. */
static const char serve_settings[] = "SET statement_timeout = '10s';"
                                     "SET lock_timeout = '8s';"
                                     "SET idle_in_transaction_session_timeout = '4s'";

struct postgres_db {
    struct db base;
    char *location;
    enum db_use use;
    PGconn *connection;
    char name[NAME_LENGTH]; /* of this server, among the database's sessions */
    unsigned session;       /* counts connections: prepared statements end with them */
    unsigned statements;
    unsigned changes;
    bool is_patient;            /* tables are being changed: however long that takes */
    bool is_cut_off;            /* no answer came: whatever still comes is not to be read */
    char message[MESSAGE_SIZE]; /* "" = the connection has it */
};

struct parameter {
    Oid type; /* TYPE_UNKNOWN: null */
    const void *data;
    int length;
    uint8_t number[NUMBER_SIZE];
};

struct postgres_statement {
    struct db_statement base;
    char *sql;
    bool is_streamed;
    bool is_running;
    bool has_failed;
    int count; /* of parameters */
    unsigned uses;
    unsigned session; /* that it is prepared in, 0 = none */
    char name[NAME_LENGTH];
    Oid types[PARAMETERS_MAX]; /* that it is prepared for */
    struct parameter parameters[PARAMETERS_MAX];
    PGresult *result;
    int row;
};

static struct postgres_db *db_of(struct db *db)
{
    return (struct postgres_db *)db;
}

static struct postgres_statement *statement_of(struct db_statement *statement)
{
    return (struct postgres_statement *)statement;
}

/* --- connecting --- */

static void keep_message(struct postgres_db *db, const char *text)
{
    const size_t length = strcspn(text, "\n");

    snprintf(db->message, sizeof db->message, "%.*s", (int)length, text);
}

static void keep_error(struct postgres_db *db)
{
    if (!db->is_cut_off)
        keep_message(db, PQerrorMessage(db->connection));
}

/* Takes the result over. */
static enum db_status judge(struct postgres_db *db, PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);
    const bool is_done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

    if (is_done)
        db->changes = (unsigned)strtoul(PQcmdTuples(result), NULL, 10);
    else
        keep_error(db);
    PQclear(result);
    return is_done ? DB_OK : DB_FAILED;
}

static bool is_connected(const struct postgres_db *db)
{
    return db->connection != NULL && !db->is_cut_off && PQstatus(db->connection) == CONNECTION_OK;
}

static bool answers_until(struct postgres_db *db, int64_t until_ms)
{
    struct pollfd answer = {.fd = PQsocket(db->connection), .events = POLLIN};
    const int64_t left_ms = until_ms - clock_monotonic_ms();

    return poll(&answer, 1, db->is_patient ? -1 : left_ms > 0 ? (int)left_ms : 0) > 0;
}

/* The next result of what was sent; null: there is none (left), or no connection any more. */
static PGresult *next_answer(struct postgres_db *db)
{
    const int64_t until_ms = clock_monotonic_ms() + ANSWER_MS;

    while (is_connected(db) && PQisBusy(db->connection) != 0) {
        if (!answers_until(db, until_ms)) {
            db->is_cut_off = true;
            keep_message(db, "the database does not answer");
        } else if (PQconsumeInput(db->connection) == 0)
            break;
    }
    return db->is_cut_off ? NULL : PQgetResult(db->connection);
}

/* Waits for the end of what was sent: the last of its results. */
static PGresult *last_answer(struct postgres_db *db)
{
    PGresult *last = NULL, *next;

    while ((next = next_answer(db)) != NULL) {
        PQclear(last);
        last = next;
    }
    return last;
}

static PGresult *execute(struct postgres_db *db, const char *sql)
{
    return PQsendQuery(db->connection, sql) == 1 ? last_answer(db) : NULL;
}

static enum db_status run_text(struct db *base, const char *sql)
{
    struct postgres_db *db = db_of(base);

    return judge(db, execute(db, sql));
}

/* What is not there in other databases of this protocol may be missing. */
static void run_if_known(struct postgres_db *db, const char *sql)
{
    PQclear(execute(db, sql));
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
    const char *const names[] = {"connect_timeout", "keepalives_idle",  "tcp_user_timeout",
                                 "dbname",          "application_name", NULL};
    const char *const values[] = {CONNECT_S, "10", UNANSWERED_MS, db->location, db->name, NULL};

    PQfinish(db->connection);
    db->is_cut_off = db->is_patient = false;
    db->connection = PQconnectdbParams(names, values, 1);
    if (PQstatus(db->connection) != CONNECTION_OK) {
        keep_message(db, PQerrorMessage(db->connection));
        return DB_FAILED;
    }
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
    return is_connected(db_of(db));
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

    if (!is_connected(db))
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

/* --- transactions --- */

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
    PGresult *result = execute(db, "COMMIT");
    /* The answer to a commit of what has failed is that it was rolled back. */
    const bool is_committed =
        PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;

    if (!is_committed)
        keep_error(db);
    PQclear(result);
    db->is_patient = false;
    if (is_committed)
        return DB_OK;
    return is_connected(db) ? DB_FAILED : DB_UNKNOWN;
}

static void rollback(struct db *base)
{
    struct postgres_db *db = db_of(base);

    if (is_connected(db) && PQtransactionStatus(db->connection) != PQTRANS_IDLE)
        PQclear(execute(db, "ROLLBACK"));
    db->is_patient = false;
}

/* --- statements --- */

/* Parameters are written $1 here. */
static char *translate(const char *sql, int *count)
{
    char *text = strdup(sql);

    *count = 0;
    for (char *at = text; at != NULL && (at = strchr(at, '?')) != NULL; at++) {
        const int place = atoi(at + 1);
        *at = '$';
        if (place > *count)
            *count = place;
    }
    return text;
}

static struct db_statement *prepare(struct db *base, const char *sql, bool is_streamed)
{
    struct postgres_statement *statement = calloc(1, sizeof *statement);

    if (statement == NULL)
        return NULL;
    statement->base.db = base;
    statement->is_streamed = is_streamed;
    statement->sql = translate(sql, &statement->count);
    snprintf(statement->name, sizeof statement->name, "s%u", ++db_of(base)->statements);
    if (statement->sql != NULL && statement->count <= PARAMETERS_MAX)
        return &statement->base;
    free(statement->sql);
    free(statement);
    return NULL;
}

/* What is left of a stream must be taken before the connection is of use again. */
static void end_run(struct postgres_statement *statement)
{
    struct postgres_db *db = db_of(statement->base.db);

    PQclear(statement->result);
    statement->result = NULL;
    while (statement->is_streamed && statement->is_running &&
           (statement->result = next_answer(db)) != NULL)
        PQclear(statement->result);
    statement->is_running = false;
}

static void reset(struct db_statement *base)
{
    struct postgres_statement *statement = statement_of(base);

    end_run(statement);
    statement->has_failed = false;
    memset(statement->parameters, 0, sizeof statement->parameters);
}

static void drop_prepared(struct postgres_statement *statement)
{
    struct postgres_db *db = db_of(statement->base.db);
    char sql[NAME_LENGTH + 16];

    if (statement->session != db->session || !is_connected(db))
        return;
    snprintf(sql, sizeof sql, "DEALLOCATE %s", statement->name);
    PQclear(execute(db, sql));
}

static enum db_status finalize(struct db_statement *base)
{
    struct postgres_statement *statement = statement_of(base);
    const bool has_failed = statement->has_failed;

    end_run(statement);
    drop_prepared(statement);
    free(statement->sql);
    free(statement);
    return has_failed ? DB_FAILED : DB_OK;
}

/* A null goes with any type. */
static bool fits_types(const struct postgres_statement *statement)
{
    for (int i = 0; i < statement->count; i++)
        if (statement->parameters[i].type != TYPE_UNKNOWN &&
            statement->parameters[i].type != statement->types[i])
            return false;
    return true;
}

static bool is_ready(struct postgres_statement *statement)
{
    struct postgres_db *db = db_of(statement->base.db);
    const bool has_types = fits_types(statement);

    if (statement->session == db->session && has_types)
        return true;
    drop_prepared(statement);
    for (int i = 0; i < statement->count; i++)
        if (statement->parameters[i].type != TYPE_UNKNOWN)
            statement->types[i] = statement->parameters[i].type;
    const bool is_sent = PQsendPrepare(db->connection, statement->name, statement->sql,
                                       statement->count, statement->types) == 1;
    const bool is_done = is_sent && judge(db, last_answer(db)) == DB_OK;
    statement->session = is_done ? db->session : 0;
    return is_done;
}

static bool send(struct postgres_statement *statement)
{
    struct postgres_db *db = db_of(statement->base.db);
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX], formats[PARAMETERS_MAX];
    Oid types[PARAMETERS_MAX];

    for (int i = 0; i < statement->count; i++) {
        values[i] = statement->parameters[i].data;
        lengths[i] = statement->parameters[i].length;
        types[i] = statement->parameters[i].type;
        formats[i] = 1;
    }
    /* What runs once is not worth a round trip of its own. */
    if (statement->uses++ == 0)
        return PQsendQueryParams(db->connection, statement->sql, statement->count, types, values,
                                 lengths, formats, 1) == 1;
    return is_ready(statement) &&
           PQsendQueryPrepared(db->connection, statement->name, statement->count, values, lengths,
                               formats, 1) == 1;
}

/* All of it, when it is not streamed. */
static PGresult *take_result(struct postgres_statement *statement)
{
    struct postgres_db *db = db_of(statement->base.db);
    PGresult *result = next_answer(db), *rest;

    while (!statement->is_streamed && (rest = next_answer(db)) != NULL)
        PQclear(rest);
    return result;
}

static enum db_status fail(struct postgres_statement *statement)
{
    struct postgres_db *db = db_of(statement->base.db);

    keep_error(db);
    statement->has_failed = true;
    return DB_FAILED;
}

static enum db_status next_result(struct postgres_statement *statement)
{
    PQclear(statement->result);
    statement->result = take_result(statement);
    statement->row = 0;
    const ExecStatusType status = PQresultStatus(statement->result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_SINGLE_TUPLE)
        return fail(statement);
    return PQntuples(statement->result) > 0 ? DB_ROW : DB_DONE;
}

static enum db_status start(struct postgres_statement *statement)
{
    struct postgres_db *db = db_of(statement->base.db);

    if (!is_connected(db) || !send(statement))
        return fail(statement);
    statement->is_running = true;
    if (statement->is_streamed)
        PQsetSingleRowMode(db->connection);
    const enum db_status status = next_result(statement);
    if (status != DB_FAILED)
        db->changes = (unsigned)strtoul(PQcmdTuples(statement->result), NULL, 10);
    return status;
}

static enum db_status step(struct db_statement *base)
{
    struct postgres_statement *statement = statement_of(base);

    if (!statement->is_running)
        return start(statement);
    if (++statement->row < PQntuples(statement->result))
        return DB_ROW;
    return statement->is_streamed ? next_result(statement) : DB_DONE;
}

/* --- values --- */

static int parameters(struct db_statement *statement)
{
    return statement_of(statement)->count;
}

static void bind(struct db_statement *base, int place, struct parameter value)
{
    struct postgres_statement *statement = statement_of(base);

    if (place <= statement->count)
        statement->parameters[place - 1] = value;
}

static void bind_number(struct db_statement *base, int place, int64_t value)
{
    struct postgres_statement *statement = statement_of(base);
    struct parameter *parameter = &statement->parameters[place - 1];

    bind(base, place, (struct parameter){.type = TYPE_NUMBER, .length = NUMBER_SIZE});
    if (place > statement->count)
        return;
    for (int i = 0; i < NUMBER_SIZE; i++)
        parameter->number[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
    parameter->data = parameter->number;
}

static void bind_text(struct db_statement *statement, int place, const char *text)
{
    bind(statement, place,
         (struct parameter){.type = TYPE_TEXT, .data = text, .length = (int)strlen(text)});
}

static void bind_bytes(struct db_statement *statement, int place, const void *data, int length)
{
    bind(statement, place, (struct parameter){.type = TYPE_BYTES, .data = data, .length = length});
}

static bool is_null(struct db_statement *base, int column)
{
    const struct postgres_statement *row = statement_of(base);

    return PQgetisnull(row->result, row->row, column) != 0;
}

static const char *text(struct db_statement *base, int column)
{
    const struct postgres_statement *row = statement_of(base);

    return is_null(base, column) ? NULL : PQgetvalue(row->result, row->row, column);
}

static const void *bytes(struct db_statement *base, int column, int *length)
{
    const struct postgres_statement *row = statement_of(base);

    *length = PQgetlength(row->result, row->row, column);
    return PQgetvalue(row->result, row->row, column);
}

/* Of two, four or eight bytes, the sign in the first. */
static int64_t number(struct db_statement *base, int column)
{
    int length;
    const uint8_t *data = bytes(base, column, &length);

    if (length == 0 || length > NUMBER_SIZE)
        return 0;
    uint64_t value = data[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < length; i++)
        value = value << 8 | data[i];
    return (int64_t)value;
}

const struct db_class db_postgres = {
    .bytes_type = "BYTEA",
    /* Held against mistakes; against a thief of the password there is the chain of hashes. */
    .keep_audit = "REVOKE UPDATE, DELETE ON audit FROM CURRENT_USER;",
    .begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                      "SET LOCAL statement_timeout = 0",
    .begin_schema = begin_schema,
    .is_shared = true,
    .open = open_url,
    .connect = connect_to,
    .is_connected = has_connection,
    .socket = socket_of,
    .was_notified = was_notified,
    .close = close_url,
    .error = last_error,
    .exec = run_text,
    .begin = begin,
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
