#include "server/store/db.h"

void db_close(struct db *db)
{
    if (db != NULL)
        db->class->close(db);
}

const char *db_error(struct db *db)
{
    return db != NULL ? db->class->error(db) : "out of memory";
}

enum db_status db_exec(struct db *db, const char *sql)
{
    return db->class->exec(db, sql);
}

enum db_status db_begin(struct db *db)
{
    return db->class->begin(db);
}

enum db_status db_begin_snapshot(struct db *db)
{
    return db_exec(db, db->class->begin_snapshot);
}

enum db_status db_begin_schema(struct db *db)
{
    return db->class->begin_schema(db);
}

enum db_status db_commit(struct db *db)
{
    return db->class->commit(db);
}

void db_rollback(struct db *db)
{
    db->class->rollback(db);
}

unsigned db_changes(struct db *db)
{
    return db->class->changes(db);
}

enum db_status db_prepare(struct db *db, const char *sql, struct db_statement **statement)
{
    *statement = db->class->prepare(db, sql, false);
    return *statement != NULL ? DB_OK : DB_FAILED;
}

enum db_status db_prepare_stream(struct db *db, const char *sql, struct db_statement **statement)
{
    *statement = db->class->prepare(db, sql, true);
    return *statement != NULL ? DB_OK : DB_FAILED;
}

enum db_status db_finalize(struct db_statement *statement)
{
    return statement != NULL ? statement->db->class->finalize(statement) : DB_FAILED;
}

enum db_status db_step(struct db_statement *statement)
{
    return statement != NULL ? statement->db->class->step(statement) : DB_FAILED;
}

enum db_status db_run(struct db_statement *statement)
{
    const enum db_status status = db_step(statement);

    db_reset(statement);
    return status == DB_DONE ? DB_OK : DB_FAILED;
}

void db_reset(struct db_statement *statement)
{
    if (statement != NULL)
        statement->db->class->reset(statement);
}

int db_parameters(struct db_statement *statement)
{
    return statement != NULL ? statement->db->class->parameters(statement) : 0;
}

void db_bind_number(struct db_statement *statement, int place, int64_t value)
{
    if (statement != NULL)
        statement->db->class->bind_number(statement, place, value);
}

void db_bind_text(struct db_statement *statement, int place, const char *text)
{
    if (statement != NULL && text != NULL)
        statement->db->class->bind_text(statement, place, text);
}

void db_bind_bytes(struct db_statement *statement, int place, const void *data, int length)
{
    if (statement != NULL)
        statement->db->class->bind_bytes(statement, place, data, length);
}

bool db_is_null(struct db_statement *row, int column)
{
    return row->db->class->is_null(row, column);
}

int64_t db_number(struct db_statement *row, int column)
{
    return row->db->class->number(row, column);
}

const char *db_text(struct db_statement *row, int column)
{
    return row->db->class->text(row, column);
}

const void *db_bytes(struct db_statement *row, int column)
{
    int length;

    return row->db->class->bytes(row, column, &length);
}

int db_length(struct db_statement *row, int column)
{
    int length;

    row->db->class->bytes(row, column, &length);
    return length;
}
