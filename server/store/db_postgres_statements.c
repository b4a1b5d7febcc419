/* Statements, prepared once they run again. */
#include "server/store/db_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parameters are written $1 here. */
static char *translate(const char *sql, int *count)
{
    char *text = strdup(sql);

    *count = 0;
    for (char *at = text; at != NULL && (at = strchr(at, '?')) != NULL; at++) {
        const int place = (int)strtol(at + 1, NULL, 10);
        *at = '$';
        if (place > *count)
            *count = place;
    }
    return text;
}

struct db_statement *postgres_prepare(struct db *base, const char *sql, bool is_streamed)
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
           (statement->result = postgres_next_answer(db)) != NULL)
        PQclear(statement->result);
    statement->is_running = false;
}

void postgres_reset(struct db_statement *base)
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

    if (statement->session != db->session || !postgres_is_connected(db))
        return;
    snprintf(sql, sizeof sql, "DEALLOCATE %s", statement->name);
    PQclear(postgres_execute(db, sql));
}

enum db_status postgres_finalize(struct db_statement *base)
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
    const bool is_done = is_sent && postgres_judge(db, postgres_last_answer(db)) == DB_OK;
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
    PGresult *result = postgres_next_answer(db), *rest;

    while (!statement->is_streamed && (rest = postgres_next_answer(db)) != NULL)
        PQclear(rest);
    return result;
}

static enum db_status fail(struct postgres_statement *statement)
{
    struct postgres_db *db = db_of(statement->base.db);

    postgres_keep_error(db);
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

    if (!postgres_is_connected(db) || !send(statement))
        return fail(statement);
    statement->is_running = true;
    if (statement->is_streamed)
        PQsetSingleRowMode(db->connection);
    const enum db_status status = next_result(statement);
    if (status != DB_FAILED)
        db->changes = (unsigned)strtoul(PQcmdTuples(statement->result), NULL, 10);
    return status;
}

enum db_status postgres_step(struct db_statement *base)
{
    struct postgres_statement *statement = statement_of(base);

    if (!statement->is_running)
        return start(statement);
    if (++statement->row < PQntuples(statement->result))
        return DB_ROW;
    return statement->is_streamed ? next_result(statement) : DB_DONE;
}
