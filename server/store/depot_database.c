/* Firmware files in the database: each in pieces, in rows that come and go together. */
#include "server/blobs/depot.h"

#include "server/model/clock.h"
#include "server/store/db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_SIZE 262144u /* bytes in a row */

struct depot_database {
    struct depot base;
    const char *location;
};

/* A connection for each call: they are few, and the database may have been away since the
 * last one. Null, with a line in error, when there is none. */
static struct db *connect_to(const struct depot *depot, char error[DEPOT_ERROR_SIZE])
{
    const struct depot_database *database = (const struct depot_database *)depot;
    enum db_status status;
    struct db *db = db_postgres.open(database->location, DB_READ, &status);

    if (status == DB_OK)
        return db;
    snprintf(error, DEPOT_ERROR_SIZE, "%s", db_error(db));
    db_close(db);
    return NULL;
}

static int end(struct db *db, enum db_status status, char error[DEPOT_ERROR_SIZE])
{
    if (status == DB_FAILED)
        snprintf(error, DEPOT_ERROR_SIZE, "%s", db_error(db));
    db_close(db);
    return status == DB_FAILED ? -1 : 0;
}

static int has(struct depot *depot, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size,
               char error[DEPOT_ERROR_SIZE])
{
    static const char sql[] = "SELECT 1 FROM blobs WHERE sha256 = ?1 AND size = ?2";
    struct db *db = connect_to(depot, error);
    struct db_statement *statement;

    if (db == NULL)
        return -1;
    enum db_status status = db_prepare(db, sql, &statement);
    if (status == DB_OK) {
        db_bind_bytes(statement, 1, sha256, UD_SHA256_SIZE);
        db_bind_number(statement, 2, (int64_t)size);
        status = db_step(statement);
        db_finalize(statement);
    }
    return end(db, status, error) == 0 ? status == DB_ROW : -1;
}

/* --- putting --- */

/* Runs a statement whose first parameter is the digest. */
static enum db_status run(struct db *db, const char *sql, const uint8_t *sha256, int64_t second,
                          int64_t third)
{
    struct db_statement *statement;

    if (db_prepare(db, sql, &statement) != DB_OK)
        return DB_FAILED;
    db_bind_bytes(statement, 1, sha256, UD_SHA256_SIZE);
    if (db_parameters(statement) > 1)
        db_bind_number(statement, 2, second);
    if (db_parameters(statement) > 2)
        db_bind_number(statement, 3, third);
    const enum db_status status = db_run(statement);
    db_finalize(statement);
    return status;
}

/* Of the descriptor's next piece, how many bytes; -1 when they cannot be read. */
static ssize_t read_piece(int file, uint8_t *piece, uint64_t offset)
{
    size_t filled = 0;
    ssize_t length;

    do {
        length = pread(file, piece + filled, PIECE_SIZE - filled, (off_t)(offset + filled));
        if (length > 0)
            filled += (size_t)length;
    } while ((length > 0 && filled < PIECE_SIZE) || (length < 0 && errno == EINTR));
    return length < 0 ? -1 : (ssize_t)filled;
}

/* DB_DONE: the file does not have so many bytes to read. */
static enum db_status put_pieces(struct db_statement *statement, const uint8_t *sha256, int file,
                                 uint64_t size)
{
    uint8_t *piece = malloc(PIECE_SIZE);
    enum db_status status = piece != NULL ? DB_OK : DB_FAILED;
    int64_t place = 0;

    for (uint64_t done = 0; status == DB_OK && done < size; place++) {
        const ssize_t length = read_piece(file, piece, done);
        if (length <= 0) {
            status = DB_DONE;
            break;
        }
        db_bind_bytes(statement, 1, sha256, UD_SHA256_SIZE);
        db_bind_number(statement, 2, place);
        db_bind_bytes(statement, 3, piece, (int)length);
        status = db_run(statement);
        done += (uint64_t)length;
    }
    free(piece);
    return status;
}

static enum db_status put_rows(struct db *db, const uint8_t *sha256, int file, uint64_t size)
{
    static const char enter[] =
        "INSERT INTO blobs (sha256, size, stored_ms) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (sha256) DO UPDATE SET size = excluded.size, stored_ms = excluded.stored_ms";
    static const char drop[] = "DELETE FROM blob_pieces WHERE sha256 = ?1";
    static const char add[] = "INSERT INTO blob_pieces (sha256, place, bytes) VALUES (?1, ?2, ?3)";
    struct db_statement *statement;

    /* The first row also keeps out others who put the same file. */
    if (run(db, enter, sha256, (int64_t)size, clock_now_ms()) != DB_OK ||
        run(db, drop, sha256, 0, 0) != DB_OK || db_prepare(db, add, &statement) != DB_OK)
        return DB_FAILED;
    const enum db_status status = put_pieces(statement, sha256, file, size);
    db_finalize(statement);
    return status;
}

static int put(struct depot *depot, const uint8_t sha256[UD_SHA256_SIZE], int file, uint64_t size,
               char error[DEPOT_ERROR_SIZE])
{
    struct db *db = connect_to(depot, error);

    if (db == NULL)
        return -1;
    enum db_status status = db_exec(db, "BEGIN");
    if (status == DB_OK)
        status = put_rows(db, sha256, file, size);
    /* What is not committed ends with the connection. */
    if (status == DB_OK)
        status = db_exec(db, "COMMIT");
    if (status != DB_DONE)
        return end(db, status, error);
    snprintf(error, DEPOT_ERROR_SIZE, "the file cannot be read: %s", strerror(errno));
    db_close(db);
    return -1;
}

/* --- getting --- */

static enum db_status get_pieces(struct db_statement *statement, struct blob_upload *into)
{
    enum db_status status;

    while ((status = db_step(statement)) == DB_ROW)
        if (blob_upload_write(into, db_bytes(statement, 0), (size_t)db_length(statement, 0)) != 0)
            break;
    return status;
}

/* One statement sees one state of the rows, even while they are put anew. */
static int get(struct depot *depot, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size,
               struct blob_upload *into, char error[DEPOT_ERROR_SIZE])
{
    static const char sql[] = "SELECT bytes FROM blob_pieces WHERE sha256 = ?1 ORDER BY place";
    struct db *db = connect_to(depot, error);
    struct db_statement *statement;

    if (db == NULL)
        return -1;
    enum db_status status = db_prepare_stream(db, sql, &statement);
    if (status == DB_OK) {
        db_bind_bytes(statement, 1, sha256, UD_SHA256_SIZE);
        status = get_pieces(statement, into);
        db_finalize(statement);
    }
    const int write_error = blob_upload_finish(into);
    if (end(db, status, error) != 0)
        return -1;
    if (write_error == 0 && blob_upload_size(into) == size)
        return 0;
    snprintf(error, DEPOT_ERROR_SIZE, "%s",
             write_error != 0 ? strerror(-write_error) : "it is not there whole");
    return -1;
}

/* --- sweeping --- */

struct listed {
    uint8_t sha256[UD_SHA256_SIZE];
};

/* Those that are old enough. DB_DONE, or DB_FAILED. */
static enum db_status list_old(struct db *db, int64_t before_ms, struct listed **list,
                               size_t *count)
{
    struct db_statement *statement;
    enum db_status status =
        db_prepare(db, "SELECT sha256 FROM blobs WHERE stored_ms < ?1", &statement);

    if (status != DB_OK)
        return status;
    db_bind_number(statement, 1, before_ms);
    while ((status = db_step(statement)) == DB_ROW) {
        struct listed *longer = realloc(*list, (*count + 1) * sizeof **list);
        if (longer == NULL)
            break;
        *list = longer;
        if (db_length(statement, 0) == UD_SHA256_SIZE)
            memcpy(longer[(*count)++].sha256, db_bytes(statement, 0), UD_SHA256_SIZE);
    }
    db_finalize(statement);
    return status;
}

static bool remove_one(struct db *db, const uint8_t *sha256, int64_t before_ms)
{
    static const char drop[] = "DELETE FROM blobs WHERE sha256 = ?1 AND stored_ms < ?2";
    static const char drop_pieces[] = "DELETE FROM blob_pieces WHERE sha256 = ?1";

    if (db_exec(db, "BEGIN") == DB_OK && run(db, drop, sha256, before_ms, 0) == DB_OK &&
        db_changes(db) == 1 && run(db, drop_pieces, sha256, 0, 0) == DB_OK &&
        db_exec(db, "COMMIT") == DB_OK)
        return true;
    db_exec(db, "ROLLBACK");
    return false;
}

static int sweep(struct depot *depot,
                 bool (*is_wanted)(void *ctx, const uint8_t sha256[UD_SHA256_SIZE]), void *ctx,
                 char error[DEPOT_ERROR_SIZE])
{
    const int64_t before_ms = clock_now_ms() - DEPOT_KEEP_MS;
    struct db *db = connect_to(depot, error);
    struct listed *list = NULL;
    size_t count = 0;
    int removed = 0;

    if (db == NULL)
        return -1;
    const enum db_status status = list_old(db, before_ms, &list, &count);
    for (size_t i = 0; i < count; i++)
        if (!is_wanted(ctx, list[i].sha256))
            removed += remove_one(db, list[i].sha256, before_ms);
    free(list);
    return end(db, status, error) == 0 ? removed : -1;
}

static void close_database(struct depot *depot)
{
    free(depot);
}

static const struct depot_class database = {
    "the database", has, put, get, sweep, close_database,
};

struct depot *depot_database_open(const char *location)
{
    struct depot_database *depot = malloc(sizeof *depot);

    if (depot == NULL)
        return NULL;
    *depot = (struct depot_database){{&database}, location};
    return &depot->base;
}
