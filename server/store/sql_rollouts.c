/* Rollouts and their stages. */
#include "server/store/sql_store.h"

#include <stdio.h>
#include <string.h>

static int insert_stage(struct db_statement *statement, const struct rollout *rollout,
                        uint8_t place)
{
    const struct rollout_stage *stage = &rollout->stages[place];

    db_bind_number(statement, 1, rollout->id);
    db_bind_number(statement, 2, place);
    db_bind_number(statement, 3, stage->devices);
    db_bind_number(statement, 4, stage->percent);
    db_bind_number(statement, 5, stage->success);
    db_bind_number(statement, 6, stage->failure);
    db_bind_number(statement, 7, stage->needs_approval);
    db_bind_number(statement, 8, stage->time_limit_s);
    return db_run(statement);
}

static int insert_rollout(struct db_statement *statement, const struct rollout *rollout)
{
    db_bind_number(statement, 1, rollout->id);
    db_bind_number(statement, 2, rollout->release_id);
    db_bind_text(statement, 3, rollout->target.group);
    db_bind_text(statement, 4, rollout->target.channel);
    db_bind_text(statement, 5, rollout->target.from);
    db_bind_text(statement, 6, rollout->target.sdk);
    db_bind_number(statement, 7, rollout->window.from_min);
    db_bind_number(statement, 8, rollout->window.to_min);
    db_bind_number(statement, 9, rollout->window.offset_min);
    db_bind_number(statement, 10, rollout->attempts);
    db_bind_number(statement, 11, rollout->silence_s);
    db_bind_text(statement, 12, rollout->channel);
    db_bind_number(statement, 13, rollout->start_ms);
    db_bind_number(statement, 14, rollout->downgrade);
    db_bind_text(statement, 15, rollout->target.filter.text);
    return db_run(statement);
}

int sql_apply_rollout(struct sql_store *store, const struct rollout *rollout,
                      enum change_result *result)
{
    int status = insert_rollout(store->statements[STATEMENT_ROLLOUT], rollout);

    if (status == DB_OK && db_changes(store->database) == 0) {
        *result = CHANGE_CONFLICT;
        return DB_OK;
    }
    for (uint8_t i = 0; i < rollout->stage_count && status == DB_OK; i++)
        status = insert_stage(store->statements[STATEMENT_STAGE], rollout, i);
    return status;
}

static int update_end(struct db_statement *statement, const struct rollout *rollout, uint8_t place)
{
    db_bind_number(statement, 1, rollout->id);
    db_bind_number(statement, 2, place);
    db_bind_number(statement, 3, (int64_t)rollout->stages[place].end);
    return db_run(statement);
}

int sql_apply_progress(struct sql_store *store, const struct rollout *rollout, uint64_t lease,
                       enum change_result *result)
{
    struct db_statement *statement = store->statements[STATEMENT_PROGRESS];

    db_bind_number(statement, 1, rollout->id);
    db_bind_number(statement, 2, rollout->revision);
    db_bind_text(statement, 3, rollout_state_name(rollout->state));
    db_bind_number(statement, 4, rollout->stage);
    db_bind_number(statement, 5, rollout->opened_ms);
    db_bind_number(statement, 6, rollout->forgiven);
    db_bind_text(statement, 7, rollout->reason);
    db_bind_number(statement, 8, (int64_t)lease);
    int status = db_run(statement);
    if (status == DB_OK && db_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    for (uint8_t i = 0; i < rollout->stage && status == DB_OK && *result == CHANGE_DONE; i++)
        status = update_end(store->statements[STATEMENT_STAGE_END], rollout, i);
    return status;
}

/* --- loading --- */

#define SELECT_ROLLOUTS                                                                            \
    "SELECT id, release, device_group, channel, from_version, sdk_version, window_from, "          \
    "window_to,"                                                                                   \
    " window_offset, attempts, silence_s, promotes, start_ms, state, stage, opened_ms, forgiven,"  \
    " revision, reason, downgrade, filter FROM rollouts"

static const char all_rollouts[] = SELECT_ROLLOUTS " ORDER BY id";
static const char touched_rollouts[] =
    SELECT_ROLLOUTS " WHERE id IN (SELECT number FROM changes WHERE kind = 3 AND sequence > ?1"
                    " AND node <> ?2) ORDER BY id";

static const char select_stages[] =
    "SELECT devices, percent, success, failure, needs_approval, time_limit_s, end_place"
    " FROM rollout_stages WHERE rollout = ?1 ORDER BY place";

static void copy_text(struct db_statement *row, int column, char *out, size_t size)
{
    const char *text = db_text(row, column);

    snprintf(out, size, "%s", text != NULL ? text : "");
}

static uint32_t number_at(struct db_statement *row, int column)
{
    return (uint32_t)db_number(row, column);
}

static enum rollout_state state_at(struct db_statement *row, int column)
{
    char name[20];
    int state = 0;

    copy_text(row, column, name, sizeof name);
    while (state < ROLLOUT_STATE_COUNT &&
           strcmp(name, rollout_state_name((enum rollout_state)state)) != 0)
        state++;
    return (enum rollout_state)state;
}

static bool add_stage(struct rollout *rollout, struct db_statement *row)
{
    if (rollout->stage_count >= ROLLOUT_STAGES)
        return false;
    rollout->stages[rollout->stage_count++] = (struct rollout_stage){
        .devices = number_at(row, 0),
        .percent = (uint8_t)number_at(row, 1),
        .success = (uint8_t)number_at(row, 2),
        .failure = (uint8_t)number_at(row, 3),
        .needs_approval = number_at(row, 4) != 0,
        .time_limit_s = number_at(row, 5),
        .end = (uint64_t)db_number(row, 6),
    };
    return true;
}

static bool load_stages(struct sql_store *store, struct rollout *rollout)
{
    struct db_statement *row;
    bool is_sound = true;

    if (db_prepare(store->database, select_stages, &row) != DB_OK)
        return false;
    db_bind_number(row, 1, rollout->id);
    while (is_sound && db_step(row) == DB_ROW)
        is_sound = add_stage(rollout, row);
    return db_finalize(row) == DB_OK && is_sound && rollout->stage_count > 0 &&
           rollout->stage <= rollout->stage_count;
}

static bool read_plan(struct db_statement *row, struct rollout *rollout)
{
    char filter[FILTER_TEXT_SIZE], error[FILTER_ERROR_SIZE];

    rollout->id = number_at(row, 0);
    rollout->release_id = number_at(row, 1);
    copy_text(row, 2, rollout->target.group, sizeof rollout->target.group);
    copy_text(row, 3, rollout->target.channel, sizeof rollout->target.channel);
    copy_text(row, 4, rollout->target.from, sizeof rollout->target.from);
    copy_text(row, 5, rollout->target.sdk, sizeof rollout->target.sdk);
    rollout->window.from_min = (uint16_t)number_at(row, 6);
    rollout->window.to_min = (uint16_t)number_at(row, 7);
    rollout->window.offset_min = (int16_t)db_number(row, 8);
    rollout->attempts = (uint8_t)number_at(row, 9);
    rollout->silence_s = number_at(row, 10);
    copy_text(row, 11, rollout->channel, sizeof rollout->channel);
    rollout->start_ms = db_number(row, 12);
    rollout->downgrade = number_at(row, 19) != 0;
    copy_text(row, 20, filter, sizeof filter);
    return filter_parse(filter, &rollout->target.filter, error);
}

static void read_progress(struct db_statement *row, struct rollout *rollout)
{
    rollout->state = state_at(row, 13);
    rollout->stage = (uint8_t)number_at(row, 14);
    rollout->opened_ms = db_number(row, 15);
    rollout->forgiven = number_at(row, 16);
    rollout->revision = number_at(row, 17);
    copy_text(row, 18, rollout->reason, sizeof rollout->reason);
}

int sql_load_rollouts(struct sql_store *store, bool is_touched, const struct store_reader *reader,
                      void *ctx)
{
    struct db_statement *row;
    int result = 0, status;

    if (db_prepare(store->database, is_touched ? touched_rollouts : all_rollouts, &row) != DB_OK)
        return -1;
    if (is_touched) {
        db_bind_number(row, 1, store->node.read);
        db_bind_number(row, 2, store->node.id);
    }
    while ((status = db_step(row)) == DB_ROW && result == 0) {
        struct rollout rollout = {.id = 0};
        const bool is_planned = read_plan(row, &rollout);
        read_progress(row, &rollout);
        const bool is_sound =
            is_planned && rollout.state != ROLLOUT_STATE_COUNT && load_stages(store, &rollout);
        result = is_sound ? reader->rollout(ctx, &rollout) : -1;
    }
    db_finalize(row);
    if (result != 0)
        return result;
    return status == DB_DONE ? 0 : -1;
}
