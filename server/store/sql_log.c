/* The log that tells servers which rows others have changed. It says where; what is there
 * now, the rows say. */
#include "server/store/sql_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_AT_ONCE 500

static int add(struct touches *touches, enum touched kind, int64_t number)
{
    if (touches->count > 0 && touches->list[touches->count - 1].kind == kind &&
        touches->list[touches->count - 1].number == number)
        return DB_OK;
    if (touches->count == touches->capacity) {
        const size_t capacity = touches->capacity ? touches->capacity * 2 : 64;
        struct touch *list = realloc(touches->list, capacity * sizeof *list);
        if (list == NULL)
            return DB_FAILED;
        touches->list = list;
        touches->capacity = capacity;
    }
    touches->list[touches->count++] = (struct touch){kind, number};
    return DB_OK;
}

static int touch_rollout(struct touches *touches, const struct rollout *rollout)
{
    const int status = add(touches, TOUCHED_RELEASE, rollout->release_id);

    return status == DB_OK ? add(touches, TOUCHED_ROLLOUT, rollout->id) : status;
}

/* Of a device that may have got into a group that is new. */
static int touch_settings(struct touches *touches, const struct change *change, const char *group)
{
    const int status = group[0] != '\0' ? add(touches, TOUCHED_GROUPS, 0) : DB_OK;

    return status == DB_OK ? add(touches, TOUCHED_DEVICE, (int64_t)change->device) : status;
}

static int touch_heard(struct touches *touches, const struct heard_times *heard)
{
    return heard->since_ms != 0 ? add(touches, TOUCHED_HEARD, heard->since_ms) : DB_OK;
}

static int touch_kind(struct touches *touches, const struct change *change)
{
    if (change->kind == CHANGE_EVENT)
        return DB_OK;
    if (change->kind == CHANGE_HEARD)
        return touch_heard(touches, change->as.heard);
    if (change->kind == CHANGE_ACCOUNT)
        return add(touches, TOUCHED_ACCOUNTS, 0);
    if (change->kind == CHANGE_WEBHOOK)
        return add(touches, TOUCHED_WEBHOOKS, 0);
    if (change->kind == CHANGE_GROUP)
        return add(touches, TOUCHED_GROUPS, 0);
    if (change->kind == CHANGE_ASSIGN)
        return touch_settings(touches, change, change->as.assign.settings.group);
    if (change->kind == CHANGE_REGISTER)
        return touch_settings(touches, change, change->as.seen.group);
    return add(touches, TOUCHED_DEVICE, (int64_t)change->device);
}

int sql_touch(struct sql_store *store, const struct change *change)
{
    struct touches *touches = &store->node.touches;
    int status = DB_OK;

    if (store->node.id == 0)
        return DB_OK;
    if (change->deliveries != NULL)
        status = add(touches, TOUCHED_WEBHOOKS, 0);
    if (status != DB_OK)
        return status;
    if (change_has_release(change))
        return add(touches, TOUCHED_RELEASE, change->as.release->id);
    if (change_has_rollout(change))
        return touch_rollout(touches, change->as.rollout);
    if (change_has_ring_update(change))
        return add(touches, TOUCHED_RING_UPDATE, change->as.ring_update->id);
    return touch_kind(touches, change);
}

static int append_some(struct sql_store *store, size_t first, size_t count)
{
    char *sql = NULL;
    size_t size;
    FILE *out = open_memstream(&sql, &size);

    if (out == NULL)
        return DB_FAILED;
    fputs("INSERT INTO changes (sequence, place, node, kind, number)"
          " SELECT sequence, entries.place, node, kind, number FROM cluster, (VALUES ",
          out);
    for (size_t i = first; i < first + count; i++)
        fprintf(out, "%s(%zu, %lld, %d, CAST(%lld AS BIGINT))", i > first ? ", " : "", i,
                (long long)store->node.id, (int)store->node.touches.list[i].kind,
                (long long)store->node.touches.list[i].number);
    fputs(") AS entries (place, node, kind, number) WHERE cluster.place = 1", out);
    const int status = fclose(out) == 0 ? (int)db_exec(store->database, sql) : DB_FAILED;
    free(sql);
    return status;
}

int sql_append_touches(struct sql_store *store)
{
    const size_t total = store->node.touches.count;
    int status = DB_OK;

    for (size_t i = 0; i < total && status == DB_OK; i += ROWS_AT_ONCE)
        status = append_some(store, i, total - i < ROWS_AT_ONCE ? total - i : ROWS_AT_ONCE);
    return status;
}

/* Where there is no NOTIFY, they find out a little later. */
void sql_tell_others(struct sql_store *store)
{
    if (store->node.touches.count > 0)
        (void)db_exec(store->database, "NOTIFY updraft_changes");
}

/* --- following --- */

static const struct {
    enum touched kind;
    enum store_news news;
} news_of[] = {
    {TOUCHED_DEVICE, STORE_NEWS},       {TOUCHED_RELEASE, STORE_NEWS},
    {TOUCHED_ROLLOUT, STORE_NEWS},      {TOUCHED_GROUPS, STORE_NEWS},
    {TOUCHED_RING_UPDATE, STORE_NEWS},  {TOUCHED_ACCOUNTS, STORE_ACCOUNTS},
    {TOUCHED_WEBHOOKS, STORE_WEBHOOKS}, {TOUCHED_HEARD, STORE_HEARD},
};

static const char select_kinds[] =
    "SELECT DISTINCT kind FROM changes WHERE sequence > ?1 AND node <> ?2";

/* enum store_news of what others have logged, or -1. */
static int read_kinds(struct sql_store *store)
{
    struct db_statement *row;
    int status, news = 0;

    if (db_prepare(store->database, select_kinds, &row) != DB_OK)
        return -1;
    db_bind_number(row, 1, store->node.read);
    db_bind_number(row, 2, store->node.id);
    while ((status = db_step(row)) == DB_ROW)
        for (size_t i = 0; i < sizeof news_of / sizeof news_of[0]; i++)
            if (db_number(row, 0) == (int64_t)news_of[i].kind)
                news |= (int)news_of[i].news;
    db_finalize(row);
    return status == DB_DONE ? news : -1;
}

/* The end of the log; lost is who is not among the nodes any more: then entries may be gone
 * that were not read. And who has read more than there is. */
static int read_end(struct sql_store *store, int64_t *end)
{
    static const char sql[] = "SELECT cluster.sequence, (SELECT count(*) FROM nodes WHERE id = ?1)"
                              " FROM cluster WHERE place = 1";
    struct db_statement *row;

    if (db_prepare(store->database, sql, &row) != DB_OK)
        return DB_FAILED;
    db_bind_number(row, 1, store->node.id);
    const int status = db_step(row);
    if (status == DB_ROW) {
        *end = db_number(row, 0);
        store->node.is_lost |= db_number(row, 1) == 0 || *end < store->node.read;
    }
    db_finalize(row);
    return status == DB_ROW ? DB_OK : DB_FAILED;
}

int sql_put_off(struct sql_store *store, mac_address mac)
{
    return add(&store->node.later, TOUCHED_DEVICE, (int64_t)mac) == DB_OK ? 0 : -1;
}

/* Those that were put off the last time; some may be again. */
static int load_later(struct sql_store *store, const struct store_reader *reader, void *ctx)
{
    const struct touches before = store->node.later;
    int result = 0;

    store->node.later = (struct touches){0};
    for (size_t i = 0; i < before.count && result == 0; i++)
        result = sql_load_one_device(store, (mac_address)before.list[i].number, reader, ctx);
    if (result == 0) {
        free(before.list);
        return 0;
    }
    free(store->node.later.list);
    store->node.later = before;
    return result;
}

/* Within a snapshot. */
static int read_news(struct sql_store *store, const struct store_reader *reader, void *ctx)
{
    int64_t end = store->node.read;

    if (read_end(store, &end) != DB_OK)
        return -1;
    if (store->node.is_lost)
        return 0;
    const int news = end > store->node.read ? read_kinds(store) : 0;
    if (news < 0 || load_later(store, reader, ctx) != 0)
        return -1;
    if ((news & STORE_NEWS) != 0 && sql_load_touched(store, reader, ctx) != 0)
        return -1;
    if ((news & STORE_HEARD) != 0 && sql_load_touched_heard(store, reader, ctx) != 0)
        return -1;
    store->node.read = end;
    return news;
}

static int follow(struct sql_store *store, const struct store_reader *reader, void *ctx)
{
    if (store->node.is_lost)
        return 0;
    if (sql_begin_snapshot(store) != DB_OK)
        return -1;
    const int news = read_news(store, reader, ctx);
    if (news < 0) {
        snprintf(store->message, sizeof store->message, "%s", db_error(store->database));
        db_rollback(store->database);
    } else if (db_commit(store->database) != DB_OK)
        return -1;
    return news;
}

int sql_follow(struct store *base, const struct store_reader *reader, void *ctx,
               char error[STORE_ERROR_SIZE])
{
    struct sql_store *store = (struct sql_store *)base;
    int news = follow(store, reader, ctx);

    if (news >= 0 && store->node.is_lost)
        news = sql_join(store) == DB_OK ? STORE_RELOAD : -1;
    if (news < 0)
        snprintf(error, STORE_ERROR_SIZE, "%s", sql_error(store));
    return news;
}
