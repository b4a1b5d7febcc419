/* The statements that write changes, for all databases. */
#include "server/store/sql_store.h"

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
    [STATEMENT_HEARD] = "UPDATE device_times SET last_seen_ms = ?2 WHERE mac = ?1 AND NOT"
                        " last_seen_ms BETWEEN ?2 + 1 AND ?2 + " HEARD_LATER_MS,
    [STATEMENT_HEARD_FIRST] = "INSERT INTO device_times (mac, last_seen_ms)"
                              " SELECT mac, ?2 FROM devices WHERE mac = ?1"
                              " ON CONFLICT (mac) DO NOTHING",
    [STATEMENT_DROP_HEARD] = "DELETE FROM device_times WHERE mac = ?1",
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

void sql_bind_bytes_if(struct db_statement *statement, int place, bool is_known, const void *data,
                       int length)
{
    if (is_known)
        db_bind_bytes(statement, place, data, length);
}
