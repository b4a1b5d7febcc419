/* Changes as they are written: each with its entries in the log, or not at all. */
#include "server/store/sql_store.h"

#include <stdio.h>

static int apply_rollout(struct sql_store *store, const struct rollout *rollout,
                         enum change_result *result)
{
    struct db_statement *statement = store->statements[STATEMENT_GO_LIVE];
    const int status = sql_apply_rollout(store, rollout, result);

    if (status != DB_OK || *result != CHANGE_DONE)
        return status;
    db_bind_number(statement, 1, rollout->release_id);
    return db_run(statement);
}

static int apply_progress(struct sql_store *store, const struct change *change,
                          enum change_result *result)
{
    const struct rollout *rollout = change->as.rollout;
    const int status = sql_apply_progress(store, rollout, change->lease, result);

    if (status != DB_OK || *result != CHANGE_DONE || rollout->state != ROLLOUT_FINISHED ||
        rollout->channel[0] == '\0')
        return status;
    struct release promoted = {.id = rollout->release_id};
    snprintf(promoted.product, sizeof promoted.product, "%s", rollout->release->product);
    snprintf(promoted.channel, sizeof promoted.channel, "%s", rollout->channel);
    return sql_apply_newest(store, &promoted);
}

static int apply_one(struct sql_store *store, const struct change *change,
                     enum change_result *result)
{
    *result = CHANGE_DONE;
    switch (change->kind) {
    case CHANGE_REGISTER:
        return sql_apply_register(store, change, result);
    case CHANGE_SEEN:
        return sql_apply_seen(store->statements[STATEMENT_SEEN], change);
    case CHANGE_HEARD:
        return sql_apply_heard(store, change->as.heard);
    case CHANGE_OFFER:
        return sql_apply_offer(store, change, result);
    case CHANGE_TAKEN:
        return sql_apply_taken(store, STATEMENT_TAKEN, change, result);
    case CHANGE_CAME_BACK:
        return sql_apply_decided(store, STATEMENT_CAME_BACK, 2, change, result);
    case CHANGE_ARRIVED:
        return sql_apply_decided(store, STATEMENT_ARRIVED, 2, change, result);
    case CHANGE_FORGET_OFFERS:
        return sql_apply_decided(store, STATEMENT_FORGET_OFFERS, 2, change, result);
    case CHANGE_EVENT:
        return DB_OK;
    case CHANGE_REMOVE:
        return sql_apply_remove(store, change);
    case CHANGE_ASSIGN:
        return sql_apply_assign(store, change);
    case CHANGE_GROUP:
        return sql_apply_group(store, change);
    case CHANGE_RELEASE:
        return sql_apply_release(store, change->as.release, result);
    case CHANGE_NEWEST:
        return sql_apply_newest(store, change->as.release);
    case CHANGE_FILE:
        return sql_apply_file(store, change->as.release, result);
    case CHANGE_RETRY:
        return sql_apply_retry(store, change, result);
    case CHANGE_FS_FILE:
        return sql_apply_fs_file(store, change->as.release, result);
    case CHANGE_FS_OFFER:
        return sql_apply_fs_offer(store, change, result);
    case CHANGE_FS_TAKEN:
        return sql_apply_taken(store, STATEMENT_FS_TAKEN, change, result);
    case CHANGE_FS_ARRIVED:
        return sql_apply_decided(store, STATEMENT_FS_ARRIVED, 2, change, result);
    case CHANGE_RING_UPDATE:
    case CHANGE_RING_WITHDRAWN:
    case CHANGE_RING_OFFER:
    case CHANGE_RING_ARRIVED:
        return sql_apply_ring(store, change, result);
    case CHANGE_EDIT:
        return sql_apply_edit(store, change->as.release, change->goes_live, result);
    case CHANGE_ROLLOUT:
        return apply_rollout(store, change->as.rollout, result);
    case CHANGE_PROGRESS:
        return apply_progress(store, change, result);
    case CHANGE_WEBHOOK:
        return sql_apply_webhook(store, change->as.webhook, result);
    case CHANGE_ACCOUNT:
        return sql_apply_account(store, change->as.account, result);
    default:
        return DB_FAILED;
    }
}

static const char *next_number_of(const struct change *change)
{
    if (change->kind == CHANGE_ROLLOUT)
        return "SELECT max(id) + 1 FROM rollouts";
    if (change->kind == CHANGE_RING_UPDATE)
        return "SELECT max(id) + 1 FROM ring_updates";
    if (change->kind == CHANGE_WEBHOOK)
        return "SELECT max(id) + 1 FROM webhooks";
    return change->as.account->kind == ACCOUNT_TOKEN ? "SELECT max(id) + 1 FROM tokens"
                                                     : "SELECT max(id) + 1 FROM device_secrets";
}

static int read_number(struct sql_store *store, const char *sql, uint32_t *number)
{
    struct db_statement *row;

    if (db_prepare(store->database, sql, &row) != DB_OK)
        return DB_FAILED;
    const int status = db_step(row);
    if (status == DB_ROW)
        *number = (uint32_t)db_number(row, 0);
    db_finalize(row);
    return status == DB_ROW ? DB_OK : DB_FAILED;
}

/* Another server may have given its number to something else: then it gets the next one. */
static int apply_numbered(struct sql_store *store, const struct change *change,
                          enum change_result *result)
{
    uint32_t *number = change_number(change);
    int status = apply_one(store, change, result);

    if (status != DB_OK || *result != CHANGE_CONFLICT || number == NULL)
        return status;
    status = read_number(store, next_number_of(change), number);
    return status == DB_OK && *number != 0 ? apply_one(store, change, result) : status;
}

static int append_note(struct sql_store *store, const struct change *change)
{
    const uint32_t *number = change_number(change);

    if (number != NULL && change->audit->is_numbered)
        audit_number(change->audit, *number);
    return sql_append_audit(store, change->audit);
}

/* A change, its entry in the audit log and what it has webhooks told are one: none is
 * there without the others. */
static int apply_recorded(struct sql_store *store, const struct change *change,
                          enum change_result *result)
{
    int status = apply_numbered(store, change, result);

    if (status == DB_OK && *result == CHANGE_DONE && change->event != NULL)
        status = sql_append_event(store, change->device, change->event);
    if (status == DB_OK && *result == CHANGE_DONE && change->audit != NULL)
        status = append_note(store, change);
    if (status == DB_OK && *result == CHANGE_DONE)
        status = sql_append_deliveries(store, change->deliveries);
    return status;
}

static void give_up(struct sql_store *store, size_t count, enum change_result *results,
                    char error[STORE_ERROR_SIZE])
{
    snprintf(error, STORE_ERROR_SIZE, "%s", sql_error(store));
    db_rollback(store->database);
    for (size_t i = 0; i < count; i++)
        results[i] = CHANGE_FAILED;
}

static int apply_all(struct sql_store *store, struct change *const *changes, size_t count,
                     enum change_result *results)
{
    int status = DB_OK;

    for (size_t i = 0; i < count && status == DB_OK; i++) {
        status = apply_recorded(store, changes[i], &results[i]);
        if (status == DB_OK && results[i] == CHANGE_DONE)
            status = sql_touch(store, changes[i]);
    }
    return status == DB_OK ? sql_append_touches(store) : status;
}

void sql_apply(struct store *base, struct change *const *changes, size_t count,
               enum change_result *results, char error[STORE_ERROR_SIZE])
{
    struct sql_store *store = (struct sql_store *)base;
    int status = sql_begin(store);

    if (status == DB_OK)
        status = apply_all(store, changes, count, results);
    if (status == DB_OK)
        status = sql_commit(store);
    if (status == DB_OK)
        sql_tell_others(store);
    else
        give_up(store, count, results, error);
}
