/* Changes to releases, their files and what leads the channels. */
#include "server/store/sql_store.h"

static int apply_channel(struct sql_store *store, const struct release *release)
{
    struct db_statement *statement = store->statements[STATEMENT_CHANNEL];

    db_bind_text(statement, 1, release->product);
    db_bind_text(statement, 2, release->channel);
    db_bind_number(statement, 3, release->id);
    return db_run(statement);
}

/* A draft leads no channel. */
static int apply_channel_if_live(struct sql_store *store, const struct release *release)
{
    return release->state == RELEASE_LIVE ? apply_channel(store, release) : DB_OK;
}

static int insert_release(struct db_statement *statement, const struct release *release)
{
    const struct release_image *image = &release->image;
    const struct release_file *file = &image->files[0];

    db_bind_number(statement, 1, release->id);
    db_bind_text(statement, 2, release->product);
    db_bind_text(statement, 3, release->version);
    db_bind_text(statement, 4, release->channel);
    db_bind_text(statement, 5, release->name);
    db_bind_number(statement, 6, release->published_ms);
    db_bind_number(statement, 7, (int)image->chip);
    db_bind_text(statement, 8, image->chip_name);
    db_bind_number(statement, 9, image->flash_mode);
    db_bind_number(statement, 10, image->flash_size);
    db_bind_number(statement, 11, file->size);
    db_bind_number(statement, 12, image->image_size);
    db_bind_number(statement, 13, file->inflate_lead);
    db_bind_number(statement, 14, file->compressed);
    db_bind_number(statement, 15, file->is_signed);
    db_bind_bytes(statement, 16, file->md5, UD_MD5_SIZE);
    db_bind_bytes(statement, 17, file->sha256, UD_SHA256_SIZE);
    db_bind_number(statement, 18, image->has_description);
    db_bind_text(statement, 19, image->project);
    db_bind_text(statement, 20, image->version);
    db_bind_text(statement, 21, image->sdk);
    db_bind_text(statement, 22, image->built);
    sql_bind_bytes_if(statement, 23, file->has_signer, file->signer, UD_KEY_ID_SIZE);
    db_bind_text(statement, 24, release_state_name(release->state));
    db_bind_text(statement, 25, release->requires);
    db_bind_text(statement, 26, release->notes);
    return db_run(statement);
}

static int insert_digest(struct db_statement *statement, uint32_t release, unsigned place,
                         const uint8_t *digest, int length)
{
    db_bind_number(statement, 1, release);
    db_bind_number(statement, 2, place);
    db_bind_bytes(statement, 3, digest, length);
    return db_run(statement);
}

static int insert_digests(struct db_statement *statement, const struct release *release)
{
    const struct release_digests *digests = &release->image.digests;
    unsigned place = 0;
    int status = DB_OK;

    for (unsigned i = 0; status == DB_OK && i < digests->md5_count; i++)
        status = insert_digest(statement, release->id, place++, digests->md5[i], UD_MD5_SIZE);
    for (unsigned i = 0; status == DB_OK && i < digests->sha256_count; i++)
        status = insert_digest(statement, release->id, place++, digests->sha256[i], UD_SHA256_SIZE);
    return status;
}

static int insert_file(struct db_statement *statement, uint32_t release, int place,
                       const struct release_file *file)
{
    db_bind_number(statement, 1, release);
    db_bind_number(statement, 2, place);
    db_bind_number(statement, 3, file->size);
    db_bind_number(statement, 4, file->inflate_lead);
    db_bind_number(statement, 5, file->compressed);
    db_bind_number(statement, 6, file->is_signed);
    sql_bind_bytes_if(statement, 7, file->has_signer, file->signer, UD_KEY_ID_SIZE);
    db_bind_bytes(statement, 8, file->md5, UD_MD5_SIZE);
    db_bind_bytes(statement, 9, file->sha256, UD_SHA256_SIZE);
    return db_run(statement);
}

static int insert_further_files(struct db_statement *statement, const struct release *release)
{
    int status = DB_OK;

    for (uint8_t i = 1; status == DB_OK && i < release->image.file_count; i++)
        status = insert_file(statement, release->id, i, &release->image.files[i]);
    return status;
}

static int replace_digests(struct sql_store *store, const struct release *release)
{
    struct db_statement *drop = store->statements[STATEMENT_DROP_DIGESTS];

    db_bind_number(drop, 1, release->id);
    const int status = db_run(drop);
    return status == DB_OK ? insert_digests(store->statements[STATEMENT_DIGEST], release) : status;
}

/* Another server may have given its number to another release: then it gets the next one.
 * *is_taken: its version is there already. */
static int number_anew(struct sql_store *store, struct release *release, bool *is_taken)
{
    struct db_statement *row = store->statements[STATEMENT_RELEASE_TAKEN];

    db_bind_text(row, 1, release->product);
    db_bind_text(row, 2, release->version);
    const int status = db_step(row);
    *is_taken = status != DB_ROW || db_number(row, 0) != 0;
    if (!*is_taken)
        release->id = (uint32_t)db_number(row, 1);
    db_reset(row);
    return status == DB_ROW ? DB_OK : DB_FAILED;
}

static int enter_release(struct sql_store *store, struct release *release,
                         enum change_result *result)
{
    int status = insert_release(store->statements[STATEMENT_RELEASE], release);
    bool is_taken = false;

    if (status != DB_OK || db_changes(store->database) != 0)
        return status;
    status = number_anew(store, release, &is_taken);
    if (is_taken)
        *result = CHANGE_CONFLICT;
    return status == DB_OK && !is_taken
               ? insert_release(store->statements[STATEMENT_RELEASE], release)
               : status;
}

int sql_apply_release(struct sql_store *store, struct release *release, enum change_result *result)
{
    int status = enter_release(store, release, result);

    if (status != DB_OK || *result != CHANGE_DONE)
        return status;
    status = insert_further_files(store->statements[STATEMENT_FILE], release);
    if (status == DB_OK)
        status = insert_digests(store->statements[STATEMENT_DIGEST], release);
    return status == DB_OK ? apply_channel_if_live(store, release) : status;
}

int sql_apply_fs_file(struct sql_store *store, const struct release *release,
                      enum change_result *result)
{
    struct db_statement *order = store->statements[STATEMENT_FS_ORDER];
    const uint8_t place = (uint8_t)(release->image.fs_count - 1);
    const int status = insert_file(store->statements[STATEMENT_FILE], release->id, FS_PLACE + place,
                                   &release->image.fs[place]);

    if (status == DB_OK && db_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    if (status != DB_OK || *result != CHANGE_DONE)
        return status;
    db_bind_number(order, 1, release->id);
    db_bind_number(order, 2, release->image.fs_first);
    return db_run(order);
}

int sql_apply_newest(struct sql_store *store, const struct release *release)
{
    struct db_statement *statement = store->statements[STATEMENT_NEWEST];

    db_bind_number(statement, 1, release->id);
    db_bind_text(statement, 2, release->channel);
    const int status = db_run(statement);
    return status == DB_OK ? apply_channel_if_live(store, release) : status;
}

int sql_apply_edit(struct sql_store *store, const struct release *release, bool goes_live,
                   enum change_result *result)
{
    struct db_statement *statement = store->statements[STATEMENT_EDIT];

    db_bind_number(statement, 1, release->id);
    db_bind_text(statement, 2, release_state_name(release->state));
    db_bind_text(statement, 3, release->requires);
    db_bind_text(statement, 4, release->notes);
    db_bind_text(statement, 5, release->reason);
    const int status = db_run(statement);
    if (status == DB_OK && db_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    if (status != DB_OK || *result != CHANGE_DONE || !goes_live)
        return status;
    return apply_channel(store, release);
}

int sql_apply_file(struct sql_store *store, const struct release *release,
                   enum change_result *result)
{
    const uint8_t place = (uint8_t)(release->image.file_count - 1);
    int status = insert_file(store->statements[STATEMENT_FILE], release->id, place,
                             &release->image.files[place]);

    if (status != DB_OK)
        return status;
    if (db_changes(store->database) == 0) {
        *result = CHANGE_CONFLICT;
        return DB_OK;
    }
    status = replace_digests(store, release);
    return status == DB_OK ? sql_apply_newest(store, release) : status;
}
