/* A server's transactions, and its place, among the servers that share a database. */
#include "server/store/sql_store.h"

#include "server/model/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NOT_THERE   (-1) /* commits of a node that is not known */
#define RETRY_MS    200
#define PATIENCE_MS 10000   /* until a commit that was not answered counts as lost */
#define KEEP_MS     2000    /* between two signs of life */
#define ALIVE_MS    "15000" /* without one: not counted */
#define FORGET_MS   "60000" /* without one: forgotten */
#define LEASE_MS    10000
#define MARGIN_MS   2000 /* of a lease, in which it is not used any more */

/* The database's own clock, as nodes' may differ. */
#define NOW_MS "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"

static int fail(struct sql_store *store, const char *why)
{
    snprintf(store->message, sizeof store->message, "%s", why);
    return DB_FAILED;
}

/* Not known to the database any more, or knowing more than it. */
static int fail_lost(struct sql_store *store)
{
    const struct db_class *class = store->database->class;
    const bool is_another = class->history(store->database) != store->node.history;

    store->node.is_lost = true;
    return fail(store, is_another
                           ? "another database has taken over: this server reads everything anew"
                           : "the database has forgotten this server: it reads everything anew");
}

const char *sql_error(struct sql_store *store)
{
    return store->message[0] != '\0' ? store->message : db_error(store->database);
}

static bool is_shared(const struct sql_store *store)
{
    return store->database->class->is_shared;
}

/* Up to two columns of the only row; DB_DONE: there is none. */
static int ask(struct sql_store *store, const char *sql, int64_t parameter, int64_t columns[2])
{
    struct db_statement *row;

    if (db_prepare(store->database, sql, &row) != DB_OK)
        return DB_FAILED;
    if (db_parameters(row) > 0)
        db_bind_number(row, 1, parameter);
    const int status = db_step(row);
    for (int i = 0; status == DB_ROW && i < 2; i++)
        columns[i] = db_number(row, i);
    db_finalize(row);
    return status;
}

/* --- coming and going --- */

static int enter(struct sql_store *store)
{
    char sql[160];
    int64_t row[2];
    int status =
        db_exec(store->database, "UPDATE cluster SET last_node = last_node + 1 WHERE place = 1");

    if (status != DB_OK ||
        ask(store, "SELECT last_node, sequence FROM cluster WHERE place = 1", 0, row) != DB_ROW)
        return DB_FAILED;
    snprintf(sql, sizeof sql,
             "INSERT INTO nodes (id, commits, sequence, seen_ms) VALUES (%lld, 0, %lld, " NOW_MS
             ")",
             (long long)row[0], (long long)row[1]);
    status = db_exec(store->database, sql);
    if (status == DB_OK)
        store->node = (struct sql_node){.id = row[0],
                                        .history = store->database->class->history(store->database),
                                        .read = row[1],
                                        .kept_ms = clock_monotonic_ms(),
                                        .touches = store->node.touches,
                                        .later = store->node.later};
    return status;
}

int sql_join(struct sql_store *store)
{
    if (!is_shared(store))
        return DB_OK;
    store->message[0] = '\0';
    int status = db_begin(store->database);
    if (status == DB_OK)
        status = enter(store);
    if (status == DB_OK)
        status = db_commit(store->database);
    if (status == DB_OK)
        return DB_OK;
    db_rollback(store->database);
    store->node.is_lost = true;
    return DB_FAILED;
}

/* The others need not wait for it, nor for its lease to end. */
void sql_leave(struct sql_store *store)
{
    char sql[160];

    if (store->database == NULL || store->node.id == 0)
        return;
    snprintf(sql, sizeof sql,
             "UPDATE cluster SET lease_until_ms = 0 WHERE place = 1 AND judge = %lld;"
             "DELETE FROM nodes WHERE id = %lld",
             (long long)store->node.id, (long long)store->node.id);
    if (store->database->class->is_connected(store->database))
        db_exec(store->database, sql);
}

/* --- transactions --- */

/* A copy that took over may lack what is in memory. */
static int reconnect(struct sql_store *store)
{
    const struct db_class *class = store->database->class;

    store->message[0] = '\0';
    if (class->connect(store->database) != DB_OK)
        return DB_FAILED;
    if (class->history(store->database) != store->node.history)
        store->node.is_lost = true;
    return DB_OK;
}

static int connect_if_lost(struct sql_store *store)
{
    store->message[0] = '\0';
    if (!is_shared(store) || store->database->class->is_connected(store->database))
        return DB_OK;
    return reconnect(store);
}

/* Why the rows that a transaction begins with are not as they should be. */
static int explain(struct sql_store *store)
{
    int64_t row[2];

    db_rollback(store->database);
    if (ask(store, "SELECT oldest_schema, place FROM cluster WHERE place = 1", 0, row) == DB_ROW &&
        row[0] > sql_schema_version())
        return fail(store, "a newer server has changed its tables: upgrade this one");
    return fail_lost(store);
}

static int begin_counted(struct sql_store *store)
{
    char sql[320];

    snprintf(sql, sizeof sql,
             "BEGIN; UPDATE cluster SET sequence = sequence + 1 WHERE place = 1;"
             "UPDATE nodes SET commits = commits + 1 WHERE id = %lld AND commits = %lld AND"
             " (SELECT count(*) FROM cluster WHERE place = 1 AND oldest_schema <= %d"
             " AND sequence > %lld) = 1",
             (long long)store->node.id, (long long)store->node.commits, sql_schema_version(),
             (long long)store->node.read);
    if (db_exec(store->database, sql) != DB_OK) {
        db_rollback(store->database);
        return DB_FAILED;
    }
    return db_changes(store->database) == 1 ? DB_OK : explain(store);
}

int sql_begin(struct sql_store *store)
{
    store->node.touches.count = 0;
    if (!is_shared(store))
        return db_begin(store->database);
    if (connect_if_lost(store) != DB_OK)
        return DB_FAILED;
    if (store->node.is_lost)
        return fail_lost(store);
    if (begin_counted(store) == DB_OK)
        return DB_OK;
    /* What was lost while nothing was under way was noticed only now. */
    if (store->database->class->is_connected(store->database) || reconnect(store) != DB_OK)
        return DB_FAILED;
    return store->node.is_lost ? fail_lost(store) : begin_counted(store);
}

int sql_begin_snapshot(struct sql_store *store)
{
    if (connect_if_lost(store) != DB_OK)
        return DB_FAILED;
    if (db_begin_snapshot(store->database) == DB_OK)
        return DB_OK;
    if (!is_shared(store) || store->database->class->is_connected(store->database) ||
        reconnect(store) != DB_OK)
        return DB_FAILED;
    return db_begin_snapshot(store->database);
}

/* The session before may not be over: the row is locked until it is. What it committed may
 * be on this machine alone, while that waits for its standby; the commit of something
 * that comes after it waits for both. */
static int read_commits(struct sql_store *store, int64_t *commits)
{
    const long long id = (long long)store->node.id;
    char sql[120];
    int64_t row[2];

    snprintf(sql, sizeof sql, "UPDATE nodes SET seen_ms = " NOW_MS " WHERE id = %lld", id);
    if (db_begin(store->database) != DB_OK)
        return DB_FAILED;
    int status =
        ask(store, "SELECT commits, id FROM nodes WHERE id = ?1 FOR UPDATE", store->node.id, row);
    *commits = status == DB_ROW ? row[0] : NOT_THERE;
    if (status == DB_ROW || status == DB_DONE)
        status = db_exec(store->database, sql);
    if (status == DB_OK)
        status = db_commit(store->database);
    if (status == DB_OK)
        return DB_OK;
    db_rollback(store->database);
    return DB_FAILED;
}

/* A copy that took over may have fewer of them. */
static int judge_commits(struct sql_store *store, int64_t commits)
{
    const int64_t before = store->node.commits;

    if (commits == before + 1) {
        store->node.commits = commits;
        return DB_OK;
    }
    store->node.is_lost |= commits != before;
    return fail(store, "the connection to the database was lost");
}

/* The connection was lost on the way: is the transaction durable? */
static int find_out(struct sql_store *store)
{
    const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    int64_t commits;

    while (clock_monotonic_ms() < until_ms) {
        if (reconnect(store) == DB_OK && read_commits(store, &commits) == DB_OK)
            return judge_commits(store, commits);
        nanosleep(&pause, NULL);
    }
    store->node.is_lost = true;
    return fail(store, "the connection to the database was lost");
}

int sql_commit(struct sql_store *store)
{
    const int status = db_commit(store->database);

    if (status == DB_UNKNOWN)
        return find_out(store);
    store->node.commits += status == DB_OK;
    return status;
}

/* --- signs of life --- */

static int keep(struct sql_store *store)
{
    char sql[160];

    snprintf(sql, sizeof sql,
             "UPDATE nodes SET seen_ms = " NOW_MS ", sequence = %lld WHERE id = %lld",
             (long long)store->node.read, (long long)store->node.id);
    if (db_exec(store->database, sql) != DB_OK)
        return DB_FAILED;
    if (db_changes(store->database) != 1)
        store->node.is_lost = true;
    return DB_OK;
}

static int count_nodes(struct sql_store *store)
{
    static const char sql[] = "SELECT count(*), coalesce(sum(CASE WHEN id < ?1 THEN 1 ELSE 0 END),"
                              " 0) FROM nodes WHERE seen_ms > " NOW_MS " - " ALIVE_MS;
    int64_t row[2];

    if (ask(store, sql, store->node.id, row) != DB_ROW)
        return DB_FAILED;
    store->node.standing.nodes = (uint32_t)row[0];
    store->node.standing.rank = (uint32_t)row[1];
    return DB_OK;
}

/* A lease that has run out is anybody's. It is not renewed by who has yet to read the
 * tables. */
static int take_lease(struct sql_store *store)
{
    struct store_standing *standing = &store->node.standing;
    const long long id = (long long)store->node.id;
    const int64_t asked_ms = clock_monotonic_ms();
    int64_t row[2];
    char sql[400];

    snprintf(sql, sizeof sql,
             "UPDATE cluster SET lease = CASE WHEN judge = %lld THEN lease ELSE lease + 1 END,"
             " judge = %lld, lease_until_ms = " NOW_MS " + %d"
             " WHERE place = 1 AND (judge = %lld OR lease_until_ms < " NOW_MS ")",
             id, id, LEASE_MS, id);
    if (db_exec(store->database, sql) != DB_OK ||
        ask(store, "SELECT judge, lease FROM cluster WHERE place = 1", 0, row) != DB_ROW)
        return DB_FAILED;
    standing->lease = row[0] == store->node.id ? (uint64_t)row[1] : 0;
    standing->lease_until_ms = asked_ms + LEASE_MS - MARGIN_MS;
    return DB_OK;
}

/* Whoever judges also tidies up. */
static int forget(struct sql_store *store)
{
    return db_exec(store->database,
                   "DELETE FROM nodes WHERE seen_ms < " NOW_MS " - " FORGET_MS ";"
                   "DELETE FROM changes WHERE sequence <= (SELECT min(sequence) FROM nodes)");
}

static int stand(struct sql_store *store)
{
    int status = connect_if_lost(store);

    if (status == DB_OK)
        status = keep(store);
    if (status == DB_OK && store->node.is_lost)
        return fail_lost(store);
    if (status == DB_OK)
        status = count_nodes(store);
    if (status == DB_OK)
        status = take_lease(store);
    if (status == DB_OK && store->node.standing.lease != 0)
        status = forget(store);
    return status;
}

int sql_stand(struct store *base, struct store_standing *standing, char error[STORE_ERROR_SIZE])
{
    struct sql_store *store = (struct sql_store *)base;
    const int64_t now_ms = clock_monotonic_ms();
    int status = DB_OK;

    if (store->node.standing.nodes == 0 || now_ms >= store->node.kept_ms + KEEP_MS) {
        store->node.kept_ms = now_ms;
        status = stand(store);
    }
    if (store->node.is_lost)
        store->node.standing.lease = 0;
    *standing = store->node.standing;
    if (status != DB_OK)
        snprintf(error, STORE_ERROR_SIZE, "%s", sql_error(store));
    return status == DB_OK ? 0 : -1;
}
