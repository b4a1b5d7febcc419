/* When devices were last heard of is written to a narrow table of its own, many rows at a time. */
#include "server/store/sql_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS_AT_ONCE 500

/* In the database's own process, a row for each run of a statement. */
static int write_each(struct sql_store *store, const struct heard_times *heard)
{
    struct db_statement *update = store->statements[STATEMENT_HEARD];
    struct db_statement *insert = store->statements[STATEMENT_HEARD_FIRST];
    int status = DB_OK;

    for (size_t i = 0; i < heard->count && status == DB_OK; i++) {
        db_bind_number(update, 1, (int64_t)heard->devices[i].mac);
        db_bind_number(update, 2, heard->devices[i].at_ms);
        status = db_run(update);
        if (status != DB_OK || db_changes(store->database) != 0)
            continue;
        db_bind_number(insert, 1, (int64_t)heard->devices[i].mac);
        db_bind_number(insert, 2, heard->devices[i].at_ms);
        status = db_run(insert);
    }
    return status;
}

/* Where each statement is a round trip: hundreds of rows for one. */
static int write_some(struct sql_store *store, const struct heard_device *devices, size_t count)
{
    char *sql = NULL;
    size_t size;
    FILE *out = open_memstream(&sql, &size);

    if (out == NULL)
        return DB_FAILED;
    fputs("INSERT INTO device_times (mac, last_seen_ms) SELECT mac, at_ms FROM (VALUES ", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s(CAST(%" PRIu64 " AS BIGINT), CAST(%" PRId64 " AS BIGINT))",
                i > 0 ? ", " : "", devices[i].mac, devices[i].at_ms);
    fputs(") AS heard (heard_mac, at_ms) JOIN devices ON mac = heard_mac"
          " ON CONFLICT (mac) DO UPDATE SET last_seen_ms = excluded.last_seen_ms WHERE NOT"
          " device_times.last_seen_ms BETWEEN excluded.last_seen_ms + 1"
          " AND excluded.last_seen_ms + " HEARD_LATER_MS,
          out);
    const int status = fclose(out) == 0 ? (int)db_exec(store->database, sql) : DB_FAILED;
    free(sql);
    return status;
}

static int write_together(struct sql_store *store, const struct heard_times *heard)
{
    int status = DB_OK;

    for (size_t i = 0; i < heard->count && status == DB_OK; i += ROWS_AT_ONCE)
        status = write_some(store, heard->devices + i,
                            heard->count - i < ROWS_AT_ONCE ? heard->count - i : ROWS_AT_ONCE);
    return status;
}

int sql_apply_heard(struct sql_store *store, const struct heard_times *heard)
{
    return store->database->class->is_shared ? write_together(store, heard)
                                             : write_each(store, heard);
}
