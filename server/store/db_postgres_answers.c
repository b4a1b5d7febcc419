/* What the database answers, and until when it has to. */
#include "server/store/db_postgres.h"

#include "server/model/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MS 15000 /* a statement, before the connection counts as lost */

void postgres_keep_message(struct postgres_db *db, const char *text)
{
    const size_t length = strcspn(text, "\n");

    snprintf(db->message, sizeof db->message, "%.*s", (int)length, text);
}

void postgres_keep_error(struct postgres_db *db)
{
    if (!db->is_cut_off)
        postgres_keep_message(db, PQerrorMessage(db->connection));
}

enum db_status postgres_judge(struct postgres_db *db, PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);
    const bool is_done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

    if (is_done)
        db->changes = (unsigned)strtoul(PQcmdTuples(result), NULL, 10);
    else
        postgres_keep_error(db);
    PQclear(result);
    return is_done ? DB_OK : DB_FAILED;
}

bool postgres_is_connected(const struct postgres_db *db)
{
    return db->connection != NULL && !db->is_cut_off && PQstatus(db->connection) == CONNECTION_OK;
}

static bool answers_until(struct postgres_db *db, int64_t until_ms)
{
    struct pollfd answer = {.fd = PQsocket(db->connection), .events = POLLIN};
    const int64_t left_ms = until_ms - clock_monotonic_ms();

    return poll(&answer, 1, db->is_patient ? -1 : left_ms > 0 ? (int)left_ms : 0) > 0;
}

PGresult *postgres_next_answer(struct postgres_db *db)
{
    const int64_t until_ms = clock_monotonic_ms() + ANSWER_MS;

    while (postgres_is_connected(db) && PQisBusy(db->connection) != 0) {
        if (!answers_until(db, until_ms)) {
            db->is_cut_off = true;
            postgres_keep_message(db, "the database does not answer");
        } else if (PQconsumeInput(db->connection) == 0)
            break;
    }
    return db->is_cut_off ? NULL : PQgetResult(db->connection);
}

PGresult *postgres_last_answer(struct postgres_db *db)
{
    PGresult *last = NULL, *next;

    while ((next = postgres_next_answer(db)) != NULL) {
        PQclear(last);
        last = next;
    }
    return last;
}

PGresult *postgres_execute(struct postgres_db *db, const char *sql)
{
    return PQsendQuery(db->connection, sql) == 1 ? postgres_last_answer(db) : NULL;
}
