/* Key updates, and which of them devices were offered. */
#include "server/store/sql_store.h"

#include <stdio.h>
#include <string.h>

static int insert_update(struct db_statement *statement, const struct ring_update *update)
{
    db_bind_number(statement, 1, update->id);
    db_bind_text(statement, 2, update->product);
    db_bind_number(statement, 3, update->number);
    db_bind_number(statement, 4, update->published_ms);
    db_bind_bytes(statement, 5, update->bytes, (int)update->length);
    return db_run(statement);
}

static int withdraw(struct db_statement *statement, const struct ring_update *update)
{
    db_bind_number(statement, 1, update->id);
    return db_run(statement);
}

int sql_apply_ring(struct sql_store *store, const struct change *change, enum change_result *result)
{
    int status;

    if (change->kind == CHANGE_RING_OFFER) {
        db_bind_number(store->statements[STATEMENT_RING_OFFER], 2, change->as.offer.release);
        return sql_apply_decided(store, STATEMENT_RING_OFFER, 3, change, result);
    }
    if (change->kind == CHANGE_RING_ARRIVED)
        return sql_apply_decided(store, STATEMENT_RING_ARRIVED, 2, change, result);
    if (change->kind == CHANGE_RING_UPDATE)
        status = insert_update(store->statements[STATEMENT_RING_UPDATE], change->as.ring_update);
    else
        status = withdraw(store->statements[STATEMENT_RING_WITHDRAW], change->as.ring_update);
    if (status == DB_OK && db_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    return status;
}

/* --- loading --- */

static bool read_update(struct db_statement *row, struct ring_update *update)
{
    const int length = db_length(row, 4);
    const char *product = db_text(row, 1);

    if (product == NULL || length <= 0 ||
        ring_update_read(db_bytes(row, 4), (size_t)length, update))
        return false;
    update->id = (uint32_t)db_number(row, 0);
    snprintf(update->product, sizeof update->product, "%s", product);
    update->published_ms = db_number(row, 2);
    update->is_withdrawn = db_number(row, 3) != 0;
    return true;
}

#define SELECT_UPDATES "SELECT id, product, published_ms, withdrawn, content FROM ring_updates"

static const char all_updates[] = SELECT_UPDATES " ORDER BY id";
static const char touched_updates[] =
    SELECT_UPDATES " WHERE id IN (SELECT number FROM changes WHERE kind = 7 AND sequence > ?1"
                   " AND node <> ?2) ORDER BY id";

int sql_load_ring_updates(struct sql_store *store, bool is_touched,
                          const struct store_reader *reader, void *ctx)
{
    struct db_statement *row;
    int result = 0, status;

    if (db_prepare(store->database, is_touched ? touched_updates : all_updates, &row) != DB_OK)
        return -1;
    if (is_touched) {
        db_bind_number(row, 1, store->node.read);
        db_bind_number(row, 2, store->node.id);
    }
    while ((status = db_step(row)) == DB_ROW && result == 0) {
        struct ring_update update = {.id = 0};
        result = read_update(row, &update) ? reader->ring_update(ctx, &update) : -1;
    }
    db_finalize(row);
    if (result != 0)
        return result;
    return status == DB_DONE ? 0 : -1;
}
