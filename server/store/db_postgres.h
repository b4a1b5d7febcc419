/* What the files of PostgreSQL's connections share. */
#ifndef SERVER_STORE_DB_POSTGRES_H
#define SERVER_STORE_DB_POSTGRES_H

#include "server/store/db.h"

#include <libpq-fe.h>

/* Types' numbers, from PostgreSQL's pg_type.dat. */
#define TYPE_UNKNOWN 0
#define TYPE_BYTES   17
#define TYPE_NUMBER  20
#define TYPE_TEXT    25

#define PARAMETERS_MAX 40
#define NUMBER_SIZE    8
#define NAME_LENGTH    32
#define MESSAGE_SIZE   200

/* Which tables these are: a copy of them that takes over counts one on. */
struct postgres_history {
    uint64_t system; /* 0: unknown */
    int64_t timeline;
};

struct postgres_db {
    struct db base;
    char *location;
    enum db_use use;
    PGconn *connection;
    char name[NAME_LENGTH]; /* of this server, among the database's sessions */
    unsigned session;       /* counts connections: prepared statements end with them */
    unsigned statements;
    unsigned changes;
    struct postgres_history history; /* that the connection is, or was, to */
    bool is_patient;                 /* tables are being changed: however long that takes */
    bool is_cut_off;                 /* no answer came: whatever still comes is not to be read */
    char message[MESSAGE_SIZE];      /* "" = the connection has it */
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

static inline struct postgres_db *db_of(struct db *db)
{
    return (struct postgres_db *)db;
}

static inline struct postgres_statement *statement_of(struct db_statement *statement)
{
    return (struct postgres_statement *)statement;
}

/* Makes db->connection, which is over or null, anew. Never goes back to tables that those it
 * had were a copy of. */
enum db_status postgres_connect(struct postgres_db *db);

/* --- what the database answers --- */

bool postgres_is_connected(const struct postgres_db *db);

/* What `error` tells: the first line of a text, or what the connection says. */
void postgres_keep_message(struct postgres_db *db, const char *text);
void postgres_keep_error(struct postgres_db *db);

/* Keeps the error and how many rows were changed. Takes the result over. */
enum db_status postgres_judge(struct postgres_db *db, PGresult *result);

/* The next result of what was sent; null: there is none (left), or no connection any more. */
PGresult *postgres_next_answer(struct postgres_db *db);

/* Waits for the end of what was sent: the last of its results. */
PGresult *postgres_last_answer(struct postgres_db *db);
PGresult *postgres_execute(struct postgres_db *db, const char *sql);

/* --- as in struct db_class --- */

struct db_statement *postgres_prepare(struct db *base, const char *sql, bool is_streamed);
enum db_status postgres_finalize(struct db_statement *base);
void postgres_reset(struct db_statement *base);
enum db_status postgres_step(struct db_statement *base);

int postgres_parameters(struct db_statement *statement);
void postgres_bind_number(struct db_statement *base, int place, int64_t value);
void postgres_bind_text(struct db_statement *statement, int place, const char *text);
void postgres_bind_bytes(struct db_statement *statement, int place, const void *data, int length);
bool postgres_is_null(struct db_statement *base, int column);
int64_t postgres_number(struct db_statement *base, int column);
const char *postgres_text(struct db_statement *base, int column);
const void *postgres_bytes(struct db_statement *base, int column, int *length);

#endif
