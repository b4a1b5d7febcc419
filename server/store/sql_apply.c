#include "server/store/sql_store.h"

#include "server/model/abilities.h"

#include <stdio.h>
#include <string.h>

#define FACTS_COLUMNS                                                                              \
    "chip, mode, chip_id, ap_mac, free_space, sketch_size, chip_size, sketch_md5, "                \
    "sketch_sha256, version, sdk_version, address, abilities"

/* ?1 is the MAC, group name or release id; facts start at ?3, settings come in
 * pairs (is it new, value). */
static const char *const texts[STATEMENT_COUNT] = {
    [STATEMENT_REGISTER] =
        "INSERT INTO devices (mac, first_seen_ms, last_seen_ms, " FACTS_COLUMNS ") "
        "VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) "
        "ON CONFLICT (mac) DO NOTHING",
    [STATEMENT_SEEN] =
        "UPDATE devices SET first_seen_ms = coalesce(first_seen_ms, ?2), last_seen_ms = ?2,"
        " chip = ?3, mode = ?4, chip_id = ?5, ap_mac = ?6, free_space = ?7, sketch_size = ?8,"
        " chip_size = ?9, sketch_md5 = ?10, sketch_sha256 = ?11, version = ?12,"
        " sdk_version = ?13, address = ?14, abilities = ?15 WHERE mac = ?1"
        /* Not what another server heard before; but clocks may be set back. */
        " AND NOT coalesce(last_seen_ms BETWEEN ?2 + 1 AND ?2 + 60000, FALSE)",
    [STATEMENT_OFFER] =
        "UPDATE devices SET offers = CASE WHEN offered = ?2 THEN offers + 1 ELSE 1 END,"
        " offered = ?2, taken_ms = 0,"
        " comebacks = CASE WHEN offered = ?2 AND ?3 IN (0, rollout) THEN comebacks ELSE 0 END,"
        " before_release = CASE WHEN ?3 IN (0, rollout) THEN before_release ELSE ?4 END,"
        " rollout = CASE WHEN ?3 = 0 THEN rollout ELSE ?3 END WHERE mac = ?1"
        " AND (?5 = 0 OR (offered = ?6 AND offers = ?7 AND comebacks = ?8"
        "  AND EXISTS (SELECT 1 FROM releases WHERE id = ?2 AND state = 'live')"
        "  AND (?3 = 0 OR EXISTS (SELECT 1 FROM rollouts WHERE id = ?3"
        "   AND state IN ('running', 'awaiting', 'finished')))))",
    [STATEMENT_TAKEN] = "UPDATE devices SET taken_ms = ?2 WHERE mac = ?1"
                        " AND (?3 = 0 OR (offered = ?4 AND offers > 0))",
    [STATEMENT_CAME_BACK] = "UPDATE devices SET comebacks = comebacks + 1, taken_ms = 0,"
                            " offers = CASE WHEN offers = 0 THEN 1 ELSE offers END WHERE mac = ?1"
                            " AND (?2 = 0 OR (offered = ?3 AND offers = ?4 AND comebacks = ?5))",
    [STATEMENT_ARRIVED] = "UPDATE devices SET offers = 0, taken_ms = 0 WHERE mac = ?1"
                          " AND (?2 = 0 OR (offered = ?3 AND offers > 0))",
    [STATEMENT_FORGET_OFFERS] = "UPDATE devices SET offered = 0, offers = 0, comebacks = 0,"
                                " taken_ms = 0 WHERE mac = ?1 AND (?2 = 0 OR offered = ?3)",
    [STATEMENT_ENTER] = "INSERT INTO devices (mac) VALUES (?1) ON CONFLICT (mac) DO NOTHING",
    [STATEMENT_ASSIGN] = "UPDATE devices SET product = CASE WHEN ?2 <> 0 THEN ?3 ELSE product END,"
                         " channel = CASE WHEN ?4 <> 0 THEN ?5 ELSE channel END,"
                         " pin = CASE WHEN ?6 <> 0 THEN ?7 ELSE pin END,"
                         " downgrade = CASE WHEN ?8 <> 0 THEN ?9 ELSE downgrade END,"
                         " utc_offset = CASE WHEN ?10 <> 0 THEN ?11 ELSE utc_offset END,"
                         " device_group = CASE WHEN ?12 <> 0 THEN ?13 ELSE device_group END,"
                         " tags = CASE WHEN ?14 <> 0 THEN ?15 ELSE tags END,"
                         " alias = CASE WHEN ?16 <> 0 THEN ?17 ELSE alias END,"
                         " comment = CASE WHEN ?18 <> 0 THEN ?19 ELSE comment END,"
                         " decommissioned = CASE WHEN ?20 <> 0 THEN ?21 ELSE decommissioned END"
                         " WHERE mac = ?1",
    [STATEMENT_REMOVE] = "DELETE FROM devices WHERE mac = ?1",
    [STATEMENT_ENTER_GROUP] =
        "INSERT INTO device_groups (name) VALUES (?1) ON CONFLICT (name) DO NOTHING",
    [STATEMENT_GROUP] =
        "UPDATE device_groups SET product = CASE WHEN ?2 <> 0 THEN ?3 ELSE product END,"
        " channel = CASE WHEN ?4 <> 0 THEN ?5 ELSE channel END,"
        " pin = CASE WHEN ?6 <> 0 THEN ?7 ELSE pin END,"
        " downgrade = CASE WHEN ?8 <> 0 THEN ?9 ELSE downgrade END,"
        " utc_offset = CASE WHEN ?10 <> 0 THEN ?11 ELSE utc_offset END,"
        " accept = CASE WHEN ?12 <> 0 THEN ?13 ELSE accept END WHERE name = ?1",
    [STATEMENT_RELEASE] =
        "INSERT INTO releases (id, product, version, channel, name, published_ms, chip,"
        " chip_name, flash_mode, flash_size, size, image_size, inflate_lead, compressed, signed,"
        " md5, sha256, described, project, image_version, sdk, built, signer, state, requires,"
        " notes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
        " ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26) ON CONFLICT DO NOTHING",
    [STATEMENT_RELEASE_TAKEN] =
        "SELECT (SELECT count(*) FROM releases WHERE product = ?1 AND version = ?2),"
        " (SELECT max(id) + 1 FROM releases)",
    [STATEMENT_FILE] =
        "INSERT INTO release_files (release, place, size, inflate_lead, compressed, signed, signer,"
        " md5, sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        " ON CONFLICT (release, place) DO NOTHING",
    [STATEMENT_DROP_DIGESTS] = "DELETE FROM release_digests WHERE release = ?1",
    [STATEMENT_DIGEST] = "INSERT INTO release_digests (release, place, digest) VALUES (?1, ?2, ?3)",
    [STATEMENT_CHANNEL] = "INSERT INTO channels (product, name, release) VALUES (?1, ?2, ?3)"
                          " ON CONFLICT (product, name) DO UPDATE SET release = excluded.release",
    [STATEMENT_NEWEST] = "UPDATE releases SET channel = ?2 WHERE id = ?1",
    /* What was withdrawn stays so. */
    [STATEMENT_EDIT] = "UPDATE releases SET state = ?2, requires = ?3, notes = ?4, reason = ?5"
                       " WHERE id = ?1 AND state IN (?2, 'draft', 'live')",
    [STATEMENT_FS_ORDER] = "UPDATE releases SET fs_first = ?2 WHERE id = ?1",
    [STATEMENT_FS_OFFER] =
        "UPDATE devices SET fs_offers = CASE WHEN fs_offered = ?2 THEN fs_offers + 1 ELSE 1 END,"
        " fs_offered = ?2, fs_taken_ms = 0 WHERE mac = ?1"
        " AND (?3 = 0 OR (fs_offered = ?4 AND fs_offers = ?5))",
    [STATEMENT_FS_FORGET] = "UPDATE devices SET fs_release = 0, fs_offered = 0, fs_offers = 0,"
                            " fs_taken_ms = 0, ring_offered = 0, ring_offers = 0 WHERE mac = ?1",
    [STATEMENT_FS_TAKEN] = "UPDATE devices SET fs_taken_ms = ?2 WHERE mac = ?1"
                           " AND (?3 = 0 OR (fs_offered = ?4 AND fs_offers > 0))",
    [STATEMENT_FS_ARRIVED] = "UPDATE devices SET fs_release = fs_offered, fs_offers = 0,"
                             " fs_taken_ms = 0 WHERE mac = ?1"
                             " AND (?2 = 0 OR (fs_offered = ?3 AND fs_taken_ms <> 0))",
    [STATEMENT_RING_UPDATE] =
        "INSERT INTO ring_updates (id, product, number, published_ms, content)"
        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    [STATEMENT_RING_WITHDRAW] =
        "UPDATE ring_updates SET withdrawn = 1 WHERE id = ?1 AND withdrawn = 0",
    [STATEMENT_RING_OFFER] =
        "UPDATE devices SET ring_offered = ?2,"
        " ring_offers = CASE WHEN ring_offered = ?2 THEN ring_offers + 1 ELSE 1 END"
        " WHERE mac = ?1 AND (?3 = 0 OR (ring_offered = ?4 AND ring_offers = ?5))",
    [STATEMENT_RING_ARRIVED] = "UPDATE devices SET ring_offered = 0, ring_offers = 0 WHERE mac = ?1"
                               " AND (?2 = 0 OR ring_offered = ?3)",
    [STATEMENT_GO_LIVE] = "UPDATE releases SET state = 'live' WHERE id = ?1 AND state = 'draft'",
    [STATEMENT_ROLLOUT] =
        "INSERT INTO rollouts (id, release, device_group, channel, from_version, sdk_version,"
        " window_from, window_to, window_offset, attempts, silence_s, promotes, start_ms,"
        " downgrade, filter) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
        " ?15)"
        " ON CONFLICT (id) DO NOTHING",
    [STATEMENT_STAGE] =
        "INSERT INTO rollout_stages (rollout, place, devices, percent, success, failure,"
        " needs_approval, time_limit_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [STATEMENT_PROGRESS] =
        "UPDATE rollouts SET revision = ?2, state = ?3, stage = ?4, opened_ms = ?5, forgiven = ?6,"
        " reason = ?7 WHERE id = ?1 AND revision = ?2 - 1"
        " AND (?8 = 0 OR EXISTS (SELECT 1 FROM cluster WHERE place = 1 AND lease = ?8))",
    [STATEMENT_STAGE_END] =
        "UPDATE rollout_stages SET end_place = ?3 WHERE rollout = ?1 AND place = ?2",
    /* Of devices that are there. */
    [STATEMENT_EVENT] =
        "INSERT INTO device_events (mac, number, at_ms, kind, version, before_version, bytes,"
        " duration_ms, reason) SELECT ?1, (SELECT coalesce(max(number), 0) + 1 FROM device_events"
        " WHERE mac = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM devices WHERE mac = ?1",
    [STATEMENT_TRIM_EVENTS] = "DELETE FROM device_events WHERE mac = ?1 AND number <="
                              " (SELECT max(number) FROM device_events WHERE mac = ?1) - ?2",
    [STATEMENT_DROP_EVENTS] = "DELETE FROM device_events WHERE mac = ?1",
    [STATEMENT_AUDIT] = "INSERT INTO audit (number, at_ms, who, address, action, detail, hash)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [STATEMENT_AUDIT_END] = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1",
};

int sql_prepare(struct sql_store *store)
{
    int status = DB_OK;

    for (int i = 0; i < STATEMENT_COUNT && status == DB_OK; i++)
        status = db_prepare(store->database, texts[i], &store->statements[i]);
    return status;
}

static void bind_text(struct db_statement *statement, int place, const char *text)
{
    db_bind_text(statement, place, text);
}

static void bind_number_if(struct db_statement *statement, int place, bool is_known, int64_t value)
{
    if (is_known)
        db_bind_number(statement, place, value);
}

static void bind_bytes_if(struct db_statement *statement, int place, bool is_known,
                          const void *data, int length)
{
    if (is_known)
        db_bind_bytes(statement, place, data, length);
}

static int apply_seen(struct db_statement *statement, const struct change *change)
{
    const struct device_facts *facts = &change->as.seen.facts;
    char abilities[ABILITIES_SIZE];

    db_bind_number(statement, 1, (int64_t)change->device);
    db_bind_number(statement, 2, change->as.seen.at_ms);
    db_bind_number(statement, 3, (int)facts->chip);
    db_bind_number(statement, 4, (int)facts->mode);
    bind_number_if(statement, 5, facts->has_chip_id, facts->chip_id);
    db_bind_number(statement, 6, (int64_t)facts->ap_mac);
    db_bind_number(statement, 7, facts->free_space);
    db_bind_number(statement, 8, facts->sketch_size);
    db_bind_number(statement, 9, facts->chip_size);
    bind_bytes_if(statement, 10, facts->has_md5, facts->sketch_md5, UD_MD5_SIZE);
    bind_bytes_if(statement, 11, facts->has_sha256, facts->sketch_sha256, UD_SHA256_SIZE);
    bind_text(statement, 12, facts->version);
    bind_text(statement, 13, facts->sdk_version);
    db_bind_bytes(statement, 14, facts->address, sizeof facts->address);
    if (facts->abilities.is_told)
        bind_text(statement, 15, abilities_format(&facts->abilities, abilities));
    return db_run(statement);
}

static void bind_setting(struct db_statement *statement, int place, bool is_new, const char *value)
{
    db_bind_number(statement, place, is_new);
    if (is_new && value[0] != '\0')
        bind_text(statement, place + 1, value);
}

static void bind_settings(struct db_statement *statement, const struct settings *settings)
{
    bind_setting(statement, 2, settings->set & SETTING_PRODUCT, settings->product);
    bind_setting(statement, 4, settings->set & SETTING_CHANNEL, settings->channel);
    bind_setting(statement, 6, settings->set & SETTING_PIN, settings->pin);
    db_bind_number(statement, 8, (settings->set & SETTING_DOWNGRADE) != 0);
    db_bind_number(statement, 9, settings->downgrade);
    db_bind_number(statement, 10, (settings->set & SETTING_OFFSET) != 0);
    bind_number_if(statement, 11, settings->offset.is_set, settings->offset.minutes);
}

static int enter_group(struct sql_store *store, const char *name)
{
    struct db_statement *statement = store->statements[STATEMENT_ENTER_GROUP];

    bind_text(statement, 1, name);
    return db_run(statement);
}

static int apply_assign(struct sql_store *store, const struct change *change)
{
    struct db_statement *enter = store->statements[STATEMENT_ENTER];
    struct db_statement *assign = store->statements[STATEMENT_ASSIGN];
    const struct settings *settings = &change->as.assign.settings;

    db_bind_number(enter, 1, (int64_t)change->device);
    int status = db_run(enter);
    if (status == DB_OK && (settings->set & SETTING_GROUP) && settings->group[0] != '\0')
        status = enter_group(store, settings->group);
    if (status != DB_OK)
        return status;
    db_bind_number(assign, 1, (int64_t)change->device);
    bind_settings(assign, settings);
    bind_setting(assign, 12, settings->set & SETTING_GROUP, settings->group);
    bind_setting(assign, 14, settings->set & SETTING_TAGS, settings->tags);
    bind_setting(assign, 16, settings->set & SETTING_ALIAS, settings->alias);
    bind_setting(assign, 18, settings->set & SETTING_COMMENT, settings->comment);
    db_bind_number(assign, 20, (settings->set & SETTING_DECOMMISSIONED) != 0);
    db_bind_number(assign, 21, settings->is_decommissioned);
    return db_run(assign);
}

static int apply_group(struct sql_store *store, const struct change *change)
{
    struct db_statement *group = store->statements[STATEMENT_GROUP];
    const int status = enter_group(store, change->as.group.name);

    if (status != DB_OK)
        return status;
    bind_text(group, 1, change->as.group.name);
    bind_settings(group, &change->as.group.settings);
    bind_setting(group, 12, change->as.group.settings.set & SETTING_ACCEPT,
                 change->as.group.settings.accept);
    return db_run(group);
}

static int apply_to_device(struct db_statement *statement, const struct change *change)
{
    db_bind_number(statement, 1, (int64_t)change->device);
    return db_run(statement);
}

int sql_apply_decided(struct sql_store *store, enum sql_statement name, int place,
                      const struct change *change, enum change_result *result)
{
    struct db_statement *statement = store->statements[name];

    db_bind_number(statement, place, change->is_conditional);
    db_bind_number(statement, place + 1, change->seen.offers.release);
    db_bind_number(statement, place + 2, change->seen.offers.count);
    db_bind_number(statement, place + 3, change->seen.comebacks);
    const int status = apply_to_device(statement, change);
    if (status == DB_OK && change->is_conditional && db_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    return status;
}

static int apply_retry(struct sql_store *store, const struct change *change,
                       enum change_result *result)
{
    const int status = sql_apply_decided(store, STATEMENT_FORGET_OFFERS, 2, change, result);

    return status == DB_OK ? apply_to_device(store->statements[STATEMENT_FS_FORGET], change)
                           : status;
}

static int apply_remove(struct sql_store *store, const struct change *change)
{
    const int status = apply_to_device(store->statements[STATEMENT_REMOVE], change);

    return status == DB_OK ? apply_to_device(store->statements[STATEMENT_DROP_EVENTS], change)
                           : status;
}

static int apply_offer(struct sql_store *store, const struct change *change,
                       enum change_result *result)
{
    struct db_statement *statement = store->statements[STATEMENT_OFFER];

    db_bind_number(statement, 2, change->as.offer.release);
    db_bind_number(statement, 3, change->as.offer.rollout);
    db_bind_number(statement, 4, change->as.offer.before);
    return sql_apply_decided(store, STATEMENT_OFFER, 5, change, result);
}

static int apply_fs_offer(struct sql_store *store, const struct change *change,
                          enum change_result *result)
{
    db_bind_number(store->statements[STATEMENT_FS_OFFER], 2, change->as.offer.release);
    return sql_apply_decided(store, STATEMENT_FS_OFFER, 3, change, result);
}

static int apply_taken(struct sql_store *store, enum sql_statement name,
                       const struct change *change, enum change_result *result)
{
    db_bind_number(store->statements[name], 2, change->as.taken.at_ms);
    return sql_apply_decided(store, name, 3, change, result);
}

static int apply_channel(struct sql_store *store, const struct release *release)
{
    struct db_statement *statement = store->statements[STATEMENT_CHANNEL];

    bind_text(statement, 1, release->product);
    bind_text(statement, 2, release->channel);
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
    bind_text(statement, 2, release->product);
    bind_text(statement, 3, release->version);
    bind_text(statement, 4, release->channel);
    bind_text(statement, 5, release->name);
    db_bind_number(statement, 6, release->published_ms);
    db_bind_number(statement, 7, (int)image->chip);
    bind_text(statement, 8, image->chip_name);
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
    bind_text(statement, 19, image->project);
    bind_text(statement, 20, image->version);
    bind_text(statement, 21, image->sdk);
    bind_text(statement, 22, image->built);
    bind_bytes_if(statement, 23, file->has_signer, file->signer, UD_KEY_ID_SIZE);
    bind_text(statement, 24, release_state_name(release->state));
    bind_text(statement, 25, release->requires);
    bind_text(statement, 26, release->notes);
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
    bind_bytes_if(statement, 7, file->has_signer, file->signer, UD_KEY_ID_SIZE);
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

    bind_text(row, 1, release->product);
    bind_text(row, 2, release->version);
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

static int apply_release(struct sql_store *store, struct release *release,
                         enum change_result *result)
{
    int status = enter_release(store, release, result);

    if (status != DB_OK || *result != CHANGE_DONE)
        return status;
    status = insert_further_files(store->statements[STATEMENT_FILE], release);
    if (status == DB_OK)
        status = insert_digests(store->statements[STATEMENT_DIGEST], release);
    return status == DB_OK ? apply_channel_if_live(store, release) : status;
}

static int apply_fs_file(struct sql_store *store, const struct release *release,
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

static int apply_newest(struct sql_store *store, const struct release *release)
{
    struct db_statement *statement = store->statements[STATEMENT_NEWEST];

    db_bind_number(statement, 1, release->id);
    bind_text(statement, 2, release->channel);
    const int status = db_run(statement);
    return status == DB_OK ? apply_channel_if_live(store, release) : status;
}

static int apply_edit(struct sql_store *store, const struct release *release, bool goes_live,
                      enum change_result *result)
{
    struct db_statement *statement = store->statements[STATEMENT_EDIT];

    db_bind_number(statement, 1, release->id);
    bind_text(statement, 2, release_state_name(release->state));
    bind_text(statement, 3, release->requires);
    bind_text(statement, 4, release->notes);
    bind_text(statement, 5, release->reason);
    const int status = db_run(statement);
    if (status == DB_OK && db_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    if (status != DB_OK || *result != CHANGE_DONE || !goes_live)
        return status;
    return apply_channel(store, release);
}

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

static int apply_file(struct sql_store *store, const struct release *release,
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
    return status == DB_OK ? apply_newest(store, release) : status;
}

static int apply_register(struct sql_store *store, const struct change *change,
                          enum change_result *result)
{
    struct db_statement *assign = store->statements[STATEMENT_ASSIGN];
    const char *group = change->as.seen.group;
    const int status = apply_seen(store->statements[STATEMENT_REGISTER], change);

    if (status == DB_OK && db_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    if (status != DB_OK || *result != CHANGE_DONE || group[0] == '\0')
        return status;
    db_bind_number(assign, 1, (int64_t)change->device);
    bind_setting(assign, 12, true, group);
    return db_run(assign);
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
    return apply_newest(store, &promoted);
}

static int apply_one(struct sql_store *store, const struct change *change,
                     enum change_result *result)
{
    *result = CHANGE_DONE;
    switch (change->kind) {
    case CHANGE_REGISTER:
        return apply_register(store, change, result);
    case CHANGE_SEEN:
        return apply_seen(store->statements[STATEMENT_SEEN], change);
    case CHANGE_OFFER:
        return apply_offer(store, change, result);
    case CHANGE_TAKEN:
        return apply_taken(store, STATEMENT_TAKEN, change, result);
    case CHANGE_CAME_BACK:
        return sql_apply_decided(store, STATEMENT_CAME_BACK, 2, change, result);
    case CHANGE_ARRIVED:
        return sql_apply_decided(store, STATEMENT_ARRIVED, 2, change, result);
    case CHANGE_FORGET_OFFERS:
        return sql_apply_decided(store, STATEMENT_FORGET_OFFERS, 2, change, result);
    case CHANGE_EVENT:
        return DB_OK;
    case CHANGE_REMOVE:
        return apply_remove(store, change);
    case CHANGE_ASSIGN:
        return apply_assign(store, change);
    case CHANGE_GROUP:
        return apply_group(store, change);
    case CHANGE_RELEASE:
        return apply_release(store, change->as.release, result);
    case CHANGE_NEWEST:
        return apply_newest(store, change->as.release);
    case CHANGE_FILE:
        return apply_file(store, change->as.release, result);
    case CHANGE_RETRY:
        return apply_retry(store, change, result);
    case CHANGE_FS_FILE:
        return apply_fs_file(store, change->as.release, result);
    case CHANGE_FS_OFFER:
        return apply_fs_offer(store, change, result);
    case CHANGE_FS_TAKEN:
        return apply_taken(store, STATEMENT_FS_TAKEN, change, result);
    case CHANGE_FS_ARRIVED:
        return sql_apply_decided(store, STATEMENT_FS_ARRIVED, 2, change, result);
    case CHANGE_RING_UPDATE:
    case CHANGE_RING_WITHDRAWN:
    case CHANGE_RING_OFFER:
    case CHANGE_RING_ARRIVED:
        return sql_apply_ring(store, change, result);
    case CHANGE_EDIT:
        return apply_edit(store, change->as.release, change->goes_live, result);
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

/* A change, its entry in the audit log and what it has webhooks told are one: none is
 * there without the others. */
static int apply_recorded(struct sql_store *store, const struct change *change,
                          enum change_result *result)
{
    int status = apply_one(store, change, result);

    if (status == DB_OK && *result == CHANGE_DONE && change->event != NULL)
        status = sql_append_event(store, change->device, change->event);
    if (status == DB_OK && *result == CHANGE_DONE && change->audit != NULL)
        status = sql_append_audit(store, change->audit);
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
