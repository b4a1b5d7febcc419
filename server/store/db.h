/* A connection to a database that speaks SQL: what the store's statements need of SQLite
 * and of PostgreSQL, and no more. Parameters are written ?1, ?2 and so on in both.
 *
 * Used by one thread at a time.
 */
#ifndef SERVER_STORE_DB_H
#define SERVER_STORE_DB_H

#include "server/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum db_status {
    DB_OK = 0,
    DB_ROW,     /* there is a row to read */
    DB_DONE,    /* there is none (left) */
    DB_FAILED,  /* db_error() says why; the transaction can only be rolled back */
    DB_UNKNOWN, /* of a commit: the connection was lost before it was answered */
};

struct db {
    const struct db_class *class;
};

struct db_statement {
    struct db *db;
};

/* What a connection is for. */
enum db_use {
    DB_SERVE, /* the one that writes */
    DB_READ,  /* beside it */
};

struct db_class {
    const char *bytes_type;     /* what it calls a column of bytes */
    const char *row_key;        /* a whole number of 64 bits that rows are kept by */
    const char *keep_audit;     /* makes the audit log append-only */
    const char *begin_snapshot; /* to read what is there at one instant */
    bool is_shared;             /* several servers may use it, and connections may be lost */
    /* Never null unless memory is out; whether it is connected tells `error`. */
    struct db *(*open)(const char *location, enum db_use use, enum db_status *status);
    void (*close)(struct db *db);
    const char *(*error)(struct db *db);
    /* Anew, after a connection was lost; statements stay usable. These five null: never is. */
    enum db_status (*connect)(struct db *db);
    bool (*is_connected)(struct db *db);
    /* Another number than before: of these tables a copy has taken over, which may lack what was
     * written last. 0: unknown. */
    uint64_t (*history)(struct db *db);
    int (*socket)(struct db *db);        /* readable when there is a notification; -1: none */
    bool (*was_notified)(struct db *db); /* by another connection, since it was last asked */
    enum db_status (*exec)(struct db *db, const char *sql);
    enum db_status (*begin)(struct db *db);
    enum db_status (*begin_schema)(struct db *db); /* to change tables; excludes others who do */
    enum db_status (*commit)(struct db *db);       /* durable on return */
    void (*rollback)(struct db *db);
    unsigned (*changes)(struct db *db);
    struct db_statement *(*prepare)(struct db *db, const char *sql, bool is_streamed);
    enum db_status (*finalize)(struct db_statement *statement);
    void (*reset)(struct db_statement *statement);
    enum db_status (*step)(struct db_statement *statement);
    int (*parameters)(struct db_statement *statement);
    void (*bind_number)(struct db_statement *statement, int place, int64_t value);
    void (*bind_text)(struct db_statement *statement, int place, const char *text);
    void (*bind_bytes)(struct db_statement *statement, int place, const void *data, int length);
    bool (*is_null)(struct db_statement *row, int column);
    int64_t (*number)(struct db_statement *row, int column);
    const char *(*text)(struct db_statement *row, int column);
    const void *(*bytes)(struct db_statement *row, int column, int *length);
};

extern const struct db_class db_sqlite;
extern const struct db_class db_postgres;

void db_close(struct db *db); /* null is fine, here and below */
const char *db_error(struct db *db);
enum db_status db_exec(struct db *db, const char *sql);
enum db_status db_begin(struct db *db);
enum db_status db_begin_snapshot(struct db *db);
enum db_status db_begin_schema(struct db *db);
enum db_status db_commit(struct db *db);
void db_rollback(struct db *db);

/* Rows that the last statement inserted, updated or deleted. */
unsigned db_changes(struct db *db);

enum db_status db_prepare(struct db *db, const char *sql, struct db_statement **statement);

/* For many rows, which are then not all in memory at once: until it is finalized, nothing
 * else may be done with the connection. */
enum db_status db_prepare_stream(struct db *db, const char *sql, struct db_statement **statement);

/* DB_OK, or DB_FAILED when the last step failed. */
enum db_status db_finalize(struct db_statement *statement);
enum db_status db_step(struct db_statement *statement);

/* Runs a statement once and makes it ready for the next time. */
enum db_status db_run(struct db_statement *statement);

void db_reset(struct db_statement *statement);

/* What is bound must live until the statement was run; what is not bound is null. */
int db_parameters(struct db_statement *statement);
void db_bind_number(struct db_statement *statement, int place, int64_t value);
void db_bind_text(struct db_statement *statement, int place, const char *text);
void db_bind_bytes(struct db_statement *statement, int place, const void *data, int length);

/* Of the row at hand, columns from 0 on; texts (null for NULL) live until the next step. */
bool db_is_null(struct db_statement *row, int column);
int64_t db_number(struct db_statement *row, int column);
const char *db_text(struct db_statement *row, int column);
const void *db_bytes(struct db_statement *row, int column);
int db_length(struct db_statement *row, int column);

#endif
