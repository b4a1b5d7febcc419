/* PostgreSQL, or whatever speaks its protocol.
 *
 * One server has the database at a time: it holds an advisory lock, and each of its
 * transactions counts itself in a row that names its owner. After the connection was lost,
 * the lock says that the session before is over, the owner that nobody else was here
 * meanwhile, and the count whether the last commit came through.
 */
#include "server/store/db.h"

#include <libpq-fe.h>
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
#define RETRY_MS       200
#define CONNECT_S      "5"
#define LOCK_NUMBER    "7307742681" /* chosen at random */

#define ONE_SERVER "SELECT pg_try_advisory_lock(" LOCK_NUMBER ")"

static const char make_owner[] =
    "CREATE TABLE IF NOT EXISTS server_owner (place INTEGER PRIMARY KEY, owner BIGINT NOT NULL,"
    " commits BIGINT NOT NULL);"
    "INSERT INTO server_owner (place, owner, commits) VALUES (1, 0, 0)"
    " ON CONFLICT (place) DO NOTHING;"
    "UPDATE server_owner SET owner = owner + 1 WHERE place = 1";

static const char taken[] = "another server uses this database: stop it first";

static const char lost[] = "another server had this database meanwhile: restart this one, or stop "
                           "the other";

struct postgres_db {
    struct db base;
    char *location;
    enum db_use use;
    PGconn *connection;
    char name[NAME_LENGTH]; /* of this server, among the database's sessions */
    unsigned session;       /* counts connections: prepared statements end with them */
    unsigned statements;
    unsigned changes;
    int64_t owner;
    int64_t commits;
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

static enum db_status refuse(struct postgres_db *db, const char *why)
{
    snprintf(db->message, sizeof db->message, "%s", why);
    return DB_FAILED;
}

/* Takes the result over. */
static enum db_status judge(struct postgres_db *db, PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);
    const bool is_done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

    if (is_done)
        db->changes = (unsigned)strtoul(PQcmdTuples(result), NULL, 10);
    else
        keep_message(db, PQerrorMessage(db->connection));
    PQclear(result);
    return is_done ? DB_OK : DB_FAILED;
}

static enum db_status run_text(struct db *base, const char *sql)
{
    struct postgres_db *db = db_of(base);

    return judge(db, PQexec(db->connection, sql));
}

/* A column of the first row, as a number. */
static bool ask(struct postgres_db *db, const char *sql, int column, int64_t *answer)
{
    PGresult *result = PQexec(db->connection, sql);
    const bool has_row = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;

    if (has_row) {
        const char *text = PQgetvalue(result, 0, column);
        *answer = text[0] == 't' ? 1 : strtoll(text, NULL, 10);
    } else
        keep_message(db, PQerrorMessage(db->connection));
    PQclear(result);
    return has_row;
}

static bool connect_to(struct postgres_db *db)
{
    const char *const names[] = {"connect_timeout", "keepalives_idle", "dbname", "application_name",
                                 NULL};
    const char *const values[] = {CONNECT_S, "10", db->location, db->name, NULL};

    PQfinish(db->connection);
    db->connection = PQconnectdbParams(names, values, 1);
    db->session++;
    if (PQstatus(db->connection) == CONNECTION_OK)
        return run_text(&db->base, "SET client_min_messages TO warning") == DB_OK;
    keep_message(db, PQerrorMessage(db->connection));
    return false;
}

/* The session that was cut off may not have been noticed to be. */
static void end_session_before(struct postgres_db *db)
{
    char sql[192];

    snprintf(sql, sizeof sql,
             "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
             " WHERE application_name = '%s' AND pid <> pg_backend_pid()",
             db->name);
    PQclear(PQexec(db->connection, sql));
}

static bool take_lock(struct postgres_db *db)
{
    int64_t is_taken = 0;

    if (!ask(db, ONE_SERVER, 0, &is_taken))
        return false;
    if (is_taken == 0)
        refuse(db, taken);
    return is_taken != 0;
}

static bool read_owner(struct postgres_db *db, int64_t *owner, int64_t *commits)
{
    static const char sql[] = "SELECT owner, commits FROM server_owner WHERE place = 1";

    return ask(db, sql, 0, owner) && ask(db, sql, 1, commits);
}

static void disconnect(struct postgres_db *db)
{
    PQfinish(db->connection);
    db->connection = NULL;
}

/* *commits: how many there are in the database now. */
static bool reconnect(struct postgres_db *db, int64_t *commits)
{
    int64_t owner;

    if (!connect_to(db))
        return false;
    end_session_before(db);
    if (take_lock(db) && read_owner(db, &owner, commits)) {
        if (owner == db->owner)
            return true;
        refuse(db, lost);
    }
    disconnect(db);
    return false;
}

static bool is_connected(const struct postgres_db *db)
{
    return db->connection != NULL && PQstatus(db->connection) == CONNECTION_OK;
}

static void make_name(struct postgres_db *db)
{
    uint64_t number = 0;

    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        number = (uint64_t)time(NULL);
    snprintf(db->name, sizeof db->name, "updraft %llx", (unsigned long long)number);
}

static enum db_status open_for(struct postgres_db *db)
{
    if (!connect_to(db))
        return DB_FAILED;
    if (db->use == DB_READ)
        return DB_OK;
    if (!take_lock(db) || run_text(&db->base, make_owner) != DB_OK ||
        !read_owner(db, &db->owner, &db->commits))
        return DB_FAILED;
    return DB_OK;
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
        *status = open_for(db);
    return &db->base;
}

static void close_url(struct db *base)
{
    struct postgres_db *db = db_of(base);

    disconnect(db);
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

static enum db_status begin_owned(struct postgres_db *db)
{
    char sql[160];

    snprintf(sql, sizeof sql,
             "BEGIN; UPDATE server_owner SET commits = %lld WHERE place = 1 AND owner = %lld",
             (long long)db->commits + 1, (long long)db->owner);
    if (run_text(&db->base, sql) != DB_OK)
        return DB_FAILED;
    return db->changes == 1 ? DB_OK : refuse(db, lost);
}

/* A connection that was lost while nothing was under way is made anew. */
static enum db_status begin(struct db *base)
{
    struct postgres_db *db = db_of(base);

    if (is_connected(db) && begin_owned(db) == DB_OK)
        return DB_OK;
    if (is_connected(db) || !reconnect(db, &db->commits))
        return DB_FAILED;
    return begin_owned(db);
}

/* The connection was lost on the way: whether the transaction is durable must be known
 * before anything else is written, however long the database is away. */
static enum db_status find_out(struct postgres_db *db)
{
    const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
    const int64_t before = db->commits;

    while (!reconnect(db, &db->commits)) {
        if (strcmp(db->message, lost) == 0)
            return DB_FAILED;
        nanosleep(&pause, NULL);
    }
    return db->commits != before ? DB_OK : refuse(db, "the connection to the database was lost");
}

static enum db_status commit(struct db *base)
{
    struct postgres_db *db = db_of(base);
    PGresult *result = PQexec(db->connection, "COMMIT");
    /* The answer to a commit of what has failed is that it was rolled back. */
    const bool is_committed =
        PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;

    if (!is_committed)
        keep_message(db, PQerrorMessage(db->connection));
    PQclear(result);
    if (is_committed)
        db->commits++;
    else if (!is_connected(db))
        return find_out(db);
    return is_committed ? DB_OK : DB_FAILED;
}

static void rollback(struct db *base)
{
    struct postgres_db *db = db_of(base);

    if (is_connected(db) && PQtransactionStatus(db->connection) != PQTRANS_IDLE)
        PQclear(PQexec(db->connection, "ROLLBACK"));
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
    PGconn *connection = db_of(statement->base.db)->connection;

    PQclear(statement->result);
    statement->result = NULL;
    while (statement->is_streamed && statement->is_running &&
           (statement->result = PQgetResult(connection)) != NULL)
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
    PQclear(PQexec(db->connection, sql));
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
    PGresult *result = PQprepare(db->connection, statement->name, statement->sql, statement->count,
                                 statement->types);
    const bool is_done = judge(db, result) == DB_OK;
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
    PGconn *connection = db_of(statement->base.db)->connection;
    PGresult *result = PQgetResult(connection), *rest;

    while (!statement->is_streamed && (rest = PQgetResult(connection)) != NULL)
        PQclear(rest);
    return result;
}

static enum db_status fail(struct postgres_statement *statement)
{
    struct postgres_db *db = db_of(statement->base.db);

    keep_message(db, PQerrorMessage(db->connection));
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
    .open = open_url,
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
