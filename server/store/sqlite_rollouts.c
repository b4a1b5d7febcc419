/* Rollouts and their stages. */
#include "server/store/sqlite_store.h"

#include <stdio.h>

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

static int insert_stage(sqlite3_stmt *statement, const struct rollout *rollout, uint8_t place)
{
    const struct rollout_stage *stage = &rollout->stages[place];

    sqlite3_bind_int64(statement, 1, rollout->id);
    sqlite3_bind_int(statement, 2, place);
    sqlite3_bind_int64(statement, 3, stage->devices);
    sqlite3_bind_int(statement, 4, stage->percent);
    sqlite3_bind_int(statement, 5, stage->success);
    sqlite3_bind_int(statement, 6, stage->failure);
    sqlite3_bind_int(statement, 7, stage->needs_approval);
    sqlite3_bind_int64(statement, 8, stage->time_limit_s);
    return sqlite_run(statement);
}

static int insert_rollout(sqlite3_stmt *statement, const struct rollout *rollout)
{
    sqlite3_bind_int64(statement, 1, rollout->id);
    sqlite3_bind_int64(statement, 2, rollout->release_id);
    bind_text(statement, 3, rollout->target.group);
    bind_text(statement, 4, rollout->target.channel);
    bind_text(statement, 5, rollout->target.from);
    bind_text(statement, 6, rollout->target.sdk);
    sqlite3_bind_int(statement, 7, rollout->window.from_min);
    sqlite3_bind_int(statement, 8, rollout->window.to_min);
    sqlite3_bind_int(statement, 9, rollout->window.offset_min);
    sqlite3_bind_int(statement, 10, rollout->attempts);
    sqlite3_bind_int64(statement, 11, rollout->silence_s);
    bind_text(statement, 12, rollout->channel);
    sqlite3_bind_int64(statement, 13, rollout->start_ms);
    sqlite3_bind_int(statement, 14, rollout->downgrade);
    bind_text(statement, 15, rollout->target.filter.text);
    return sqlite_run(statement);
}

int sqlite_apply_rollout(struct sqlite_store *store, const struct rollout *rollout,
                         enum change_result *result)
{
    int status = insert_rollout(store->statements[STATEMENT_ROLLOUT], rollout);

    if (status == SQLITE_OK && sqlite3_changes(store->database) == 0) {
        *result = CHANGE_CONFLICT;
        return SQLITE_OK;
    }
    for (uint8_t i = 0; i < rollout->stage_count && status == SQLITE_OK; i++)
        status = insert_stage(store->statements[STATEMENT_STAGE], rollout, i);
    return status;
}

static int update_end(sqlite3_stmt *statement, const struct rollout *rollout, uint8_t place)
{
    sqlite3_bind_int64(statement, 1, rollout->id);
    sqlite3_bind_int(statement, 2, place);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)rollout->stages[place].end);
    return sqlite_run(statement);
}

int sqlite_apply_progress(struct sqlite_store *store, const struct rollout *rollout,
                          enum change_result *result)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PROGRESS];

    sqlite3_bind_int64(statement, 1, rollout->id);
    sqlite3_bind_int64(statement, 2, rollout->revision);
    bind_text(statement, 3, rollout_state_name(rollout->state));
    sqlite3_bind_int(statement, 4, rollout->stage);
    sqlite3_bind_int64(statement, 5, rollout->opened_ms);
    sqlite3_bind_int64(statement, 6, rollout->forgiven);
    bind_text(statement, 7, rollout->reason);
    int status = sqlite_run(statement);
    if (status == SQLITE_OK && sqlite3_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    for (uint8_t i = 0; i < rollout->stage && status == SQLITE_OK && *result == CHANGE_DONE; i++)
        status = update_end(store->statements[STATEMENT_STAGE_END], rollout, i);
    return status;
}

/* --- loading --- */

static const char select_rollouts[] =
    "SELECT id, release, device_group, channel, from_version, sdk_version, window_from, window_to,"
    " window_offset, attempts, silence_s, promotes, start_ms, state, stage, opened_ms, forgiven,"
    " revision, reason, downgrade, filter FROM rollouts ORDER BY id";

static const char select_stages[] =
    "SELECT devices, percent, success, failure, needs_approval, time_limit_s, end_place"
    " FROM rollout_stages WHERE rollout = ?1 ORDER BY place";

static void copy_text(sqlite3_stmt *row, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(row, column);

    snprintf(out, size, "%s", text != NULL ? (const char *)text : "");
}

static uint32_t number_at(sqlite3_stmt *row, int column)
{
    return (uint32_t)sqlite3_column_int64(row, column);
}

static enum rollout_state state_at(sqlite3_stmt *row, int column)
{
    char name[20];
    int state = 0;

    copy_text(row, column, name, sizeof name);
    while (state < ROLLOUT_STATE_COUNT &&
           sqlite3_stricmp(name, rollout_state_name((enum rollout_state)state)) != 0)
        state++;
    return (enum rollout_state)state;
}

static bool add_stage(struct rollout *rollout, sqlite3_stmt *row)
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
        .end = (uint64_t)sqlite3_column_int64(row, 6),
    };
    return true;
}

static bool load_stages(struct sqlite_store *store, struct rollout *rollout)
{
    sqlite3_stmt *row;
    bool is_sound = true;

    if (sqlite3_prepare_v2(store->database, select_stages, -1, &row, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int64(row, 1, rollout->id);
    while (is_sound && sqlite3_step(row) == SQLITE_ROW)
        is_sound = add_stage(rollout, row);
    return sqlite3_finalize(row) == SQLITE_OK && is_sound && rollout->stage_count > 0 &&
           rollout->stage <= rollout->stage_count;
}

static bool read_plan(sqlite3_stmt *row, struct rollout *rollout)
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
    rollout->window.offset_min = (int16_t)sqlite3_column_int(row, 8);
    rollout->attempts = (uint8_t)number_at(row, 9);
    rollout->silence_s = number_at(row, 10);
    copy_text(row, 11, rollout->channel, sizeof rollout->channel);
    rollout->start_ms = sqlite3_column_int64(row, 12);
    rollout->downgrade = number_at(row, 19) != 0;
    copy_text(row, 20, filter, sizeof filter);
    return filter_parse(filter, &rollout->target.filter, error);
}

static void read_progress(sqlite3_stmt *row, struct rollout *rollout)
{
    rollout->state = state_at(row, 13);
    rollout->stage = (uint8_t)number_at(row, 14);
    rollout->opened_ms = sqlite3_column_int64(row, 15);
    rollout->forgiven = number_at(row, 16);
    rollout->revision = number_at(row, 17);
    copy_text(row, 18, rollout->reason, sizeof rollout->reason);
}

int sqlite_load_rollouts(struct sqlite_store *store, const struct store_reader *reader, void *ctx)
{
    sqlite3_stmt *row;
    int result = 0, status;

    if (sqlite3_prepare_v2(store->database, select_rollouts, -1, &row, NULL) != SQLITE_OK)
        return -1;
    while ((status = sqlite3_step(row)) == SQLITE_ROW && result == 0) {
        struct rollout rollout = {.id = 0};
        const bool is_planned = read_plan(row, &rollout);
        read_progress(row, &rollout);
        const bool is_sound =
            is_planned && rollout.state != ROLLOUT_STATE_COUNT && load_stages(store, &rollout);
        result = is_sound ? reader->rollout(ctx, &rollout) : -1;
    }
    sqlite3_finalize(row);
    if (result != 0)
        return result;
    return status == SQLITE_DONE ? 0 : -1;
}
