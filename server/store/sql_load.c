#include "server/store/sql_store.h"

#include "server/model/abilities.h"

#include <stdio.h>
#include <string.h>

/* What others have touched: ?1 the last entry that was read, ?2 this server. */
#define TOUCHED(kind)                                                                              \
    "SELECT number FROM changes WHERE kind = " kind " AND sequence > ?1 AND node <> ?2"
#define DEVICES  "1" /* of enum touched */
#define RELEASES "2"
#define GROUPS   "4"
#define HEARD    "8"

/* Handles one row. 0, a reader's result, or -1 for a row no server wrote. */
typedef int row_function(struct sql_store *store, struct db_statement *row,
                         const struct store_reader *reader, void *ctx);

typedef enum db_status prepare_function(struct db *db, const char *sql,
                                        struct db_statement **statement);

static const char *text_at(struct db_statement *row, int column)
{
    return db_text(row, column);
}

static void copy_text(struct db_statement *row, int column, char *out, size_t size)
{
    const char *text = text_at(row, column);
    const size_t length = text != NULL ? strnlen(text, size - 1) : 0;

    memcpy(out, length > 0 ? text : "", length);
    out[length] = '\0';
}

static bool copy_bytes(struct db_statement *row, int column, void *out, int length)
{
    if (db_length(row, column) != length)
        return false;
    memcpy(out, db_bytes(row, column), (size_t)length);
    return true;
}

static uint32_t number_at(struct db_statement *row, int column)
{
    return (uint32_t)db_number(row, column);
}

static bool add_digest(struct release_digests *digests, struct db_statement *row)
{
    const int length = db_length(row, 0);

    if (length == UD_MD5_SIZE && digests->md5_count < RELEASE_MD5S)
        return copy_bytes(row, 0, digests->md5[digests->md5_count++], length);
    if (length == UD_SHA256_SIZE && digests->sha256_count < RELEASE_SHA256S)
        return copy_bytes(row, 0, digests->sha256[digests->sha256_count++], length);
    return false;
}

static bool load_digests(struct sql_store *store, struct release *release)
{
    struct db_statement *row;
    bool is_sound = true;

    if (db_prepare(store->database,
                   "SELECT digest FROM release_digests WHERE release = ?1 ORDER BY place",
                   &row) != DB_OK)
        return false;
    db_bind_number(row, 1, release->id);
    while (is_sound && db_step(row) == DB_ROW)
        is_sound = add_digest(&release->image.digests, row);
    return db_finalize(row) == DB_OK && is_sound;
}

#define SELECT_RELEASES                                                                            \
    "SELECT id, product, version, channel, name, published_ms, chip, chip_name, flash_mode,"       \
    " flash_size, size, image_size, inflate_lead, compressed, signed, md5, sha256, described,"     \
    " project, image_version, sdk, built, signer, state, requires, notes, reason, fs_first"        \
    " FROM releases"

static bool read_file_digests(struct db_statement *row, int column, struct release_file *file)
{
    return copy_bytes(row, column, file->md5, UD_MD5_SIZE) &&
           copy_bytes(row, column + 1, file->sha256, UD_SHA256_SIZE);
}

static bool read_image(struct db_statement *row, struct release_image *image)
{
    struct release_file *file = &image->files[0];

    image->chip = (enum ud_chip)db_number(row, 6);
    copy_text(row, 7, image->chip_name, sizeof image->chip_name);
    image->flash_mode = (uint8_t)db_number(row, 8);
    image->flash_size = number_at(row, 9);
    file->size = number_at(row, 10);
    image->image_size = number_at(row, 11);
    file->inflate_lead = number_at(row, 12);
    file->compressed = db_number(row, 13) != 0;
    file->is_signed = db_number(row, 14) != 0;
    file->has_signer = copy_bytes(row, 22, file->signer, UD_KEY_ID_SIZE);
    image->file_count = 1;
    image->has_description = db_number(row, 17) != 0;
    copy_text(row, 18, image->project, sizeof image->project);
    copy_text(row, 19, image->version, sizeof image->version);
    copy_text(row, 20, image->sdk, sizeof image->sdk);
    copy_text(row, 21, image->built, sizeof image->built);
    return read_file_digests(row, 15, file);
}

static bool add_file(struct release_image *image, struct db_statement *row)
{
    const bool is_fs = db_number(row, 7) >= FS_PLACE;

    if (is_fs ? image->fs_count >= RELEASE_FS_FILES : image->file_count >= RELEASE_FILES)
        return false;
    struct release_file *file =
        is_fs ? &image->fs[image->fs_count++] : &image->files[image->file_count++];
    file->size = number_at(row, 0);
    file->inflate_lead = number_at(row, 1);
    file->compressed = db_number(row, 2) != 0;
    file->is_signed = db_number(row, 3) != 0;
    file->has_signer = copy_bytes(row, 4, file->signer, UD_KEY_ID_SIZE);
    return read_file_digests(row, 5, file);
}

static bool load_files(struct sql_store *store, struct release *release)
{
    struct db_statement *row;
    bool is_sound = true;

    if (db_prepare(store->database,
                   "SELECT size, inflate_lead, compressed, signed, signer, md5, sha256, place"
                   " FROM release_files WHERE release = ?1 ORDER BY place",
                   &row) != DB_OK)
        return false;
    db_bind_number(row, 1, release->id);
    while (is_sound && db_step(row) == DB_ROW)
        is_sound = add_file(&release->image, row);
    return db_finalize(row) == DB_OK && is_sound;
}

static enum release_state state_at(struct db_statement *row, int column)
{
    char name[16];
    int state = 0;

    copy_text(row, column, name, sizeof name);
    while (state < RELEASE_STATE_COUNT &&
           strcmp(name, release_state_name((enum release_state)state)) != 0)
        state++;
    return (enum release_state)state;
}

static int load_release(struct sql_store *store, struct db_statement *row,
                        const struct store_reader *reader, void *ctx)
{
    struct release release = {.id = number_at(row, 0)};

    copy_text(row, 1, release.product, sizeof release.product);
    copy_text(row, 2, release.version, sizeof release.version);
    copy_text(row, 3, release.channel, sizeof release.channel);
    copy_text(row, 4, release.name, sizeof release.name);
    release.published_ms = db_number(row, 5);
    release.state = state_at(row, 23);
    copy_text(row, 24, release.requires, sizeof release.requires);
    copy_text(row, 25, release.notes, sizeof release.notes);
    copy_text(row, 26, release.reason, sizeof release.reason);
    release.image.fs_first = db_number(row, 27) != 0;
    if (release.state == RELEASE_STATE_COUNT || !read_image(row, &release.image) ||
        !load_files(store, &release) || !load_digests(store, &release))
        return -1;
    return reader->release(ctx, &release);
}

#define SELECT_CHANNELS "SELECT product, name, release FROM channels"

static int load_channel(struct sql_store *store, struct db_statement *row,
                        const struct store_reader *reader, void *ctx)
{
    (void)store;
    return reader->newest(ctx, text_at(row, 0), text_at(row, 1), number_at(row, 2));
}

static struct utc_offset offset_at(struct db_statement *row, int column)
{
    return (struct utc_offset){!db_is_null(row, column), (int16_t)db_number(row, column)};
}

#define SELECT_GROUPS                                                                              \
    "SELECT name, product, channel, pin, downgrade, utc_offset, accept FROM device_groups"

static int load_group(struct sql_store *store, struct db_statement *row,
                      const struct store_reader *reader, void *ctx)
{
    const struct group group = {text_at(row, 0),  text_at(row, 1),        text_at(row, 2),
                                text_at(row, 3),  number_at(row, 4) != 0, text_at(row, 6),
                                offset_at(row, 5)};

    (void)store;
    return reader->group(ctx, &group);
}

#define SELECT_HEARD "SELECT mac, last_seen_ms FROM device_times"

static int load_heard(struct sql_store *store, struct db_statement *row,
                      const struct store_reader *reader, void *ctx)
{
    (void)store;
    return reader->heard(ctx, (mac_address)db_number(row, 0), db_number(row, 1));
}

#define DEVICE_COLUMNS                                                                             \
    "mac, product, device_group, channel, pin, offered, offers, first_seen_ms,"                    \
    " last_seen_ms, chip, mode, chip_id, ap_mac, free_space, sketch_size, chip_size, sketch_md5,"  \
    " sketch_sha256, version, sdk_version, address, abilities, rollout, before_release,"           \
    " comebacks, taken_ms, downgrade, utc_offset, tags, alias, comment, decommissioned,"           \
    " fs_release, fs_offered, fs_offers, fs_taken_ms, ring_offered, ring_offers"

#define TOUCHED_MAC 38 /* the column after these */

static void read_facts(struct db_statement *row, struct device_facts *facts)
{
    char abilities[ABILITIES_SIZE];

    facts->chip = (enum ud_chip)db_number(row, 9);
    facts->mode = (enum device_mode)db_number(row, 10);
    facts->has_chip_id = !db_is_null(row, 11);
    facts->chip_id = number_at(row, 11);
    facts->ap_mac = (mac_address)db_number(row, 12);
    facts->free_space = number_at(row, 13);
    facts->sketch_size = number_at(row, 14);
    facts->chip_size = number_at(row, 15);
    facts->has_md5 = copy_bytes(row, 16, facts->sketch_md5, UD_MD5_SIZE);
    facts->has_sha256 = copy_bytes(row, 17, facts->sketch_sha256, UD_SHA256_SIZE);
    copy_text(row, 18, facts->version, sizeof facts->version);
    copy_text(row, 19, facts->sdk_version, sizeof facts->sdk_version);
    copy_bytes(row, 20, facts->address, (int)sizeof facts->address);
    copy_text(row, 21, abilities, sizeof abilities);
    abilities_parse(abilities, &facts->abilities);
}

static int load_device(struct sql_store *store, struct db_statement *row,
                       const struct store_reader *reader, void *ctx)
{
    struct device_facts facts = {.chip = UD_CHIP_UNKNOWN};
    const struct stored_device device = {
        .mac = (mac_address)db_number(row, 0),
        .assignment = {text_at(row, 1), text_at(row, 2), text_at(row, 3), text_at(row, 4),
                       number_at(row, 26) != 0, number_at(row, 31) != 0, offset_at(row, 27),
                       text_at(row, 28), text_at(row, 29), text_at(row, 30)},
        .offers = {number_at(row, 5), number_at(row, 6)},
        .first_seen_ms = db_number(row, 7),
        .told_ms = db_number(row, 8),
        .facts = &facts,
        .part = {number_at(row, 22), number_at(row, 23), number_at(row, 24), db_number(row, 25)},
        .files = {number_at(row, 32), number_at(row, 33), number_at(row, 34), db_number(row, 35)},
        .ring = {number_at(row, 36), number_at(row, 37)},
    };

    read_facts(row, &facts);
    const int result = reader->device(ctx, &device);
    return result == STORE_LATER ? sql_put_off(store, device.mac) : result;
}

/* The same where it may be gone; its MAC comes last, too. */
static int load_touched_device(struct sql_store *store, struct db_statement *row,
                               const struct store_reader *reader, void *ctx)
{
    if (db_is_null(row, 0))
        return reader->removed(ctx, (mac_address)db_number(row, TOUCHED_MAC));
    return load_device(store, row, reader, ctx);
}

static int read_rows(struct sql_store *store, struct db_statement *row, row_function *handle,
                     const struct store_reader *reader, void *ctx)
{
    int result = 0, status;

    while ((status = db_step(row)) == DB_ROW && result == 0)
        result = handle(store, row, reader, ctx);
    db_finalize(row);
    if (result != 0)
        return result;
    return status == DB_DONE ? 0 : -1;
}

static int load_rows(struct sql_store *store, const char *query, row_function *handle,
                     prepare_function *prepare, const struct store_reader *reader, void *ctx)
{
    struct db_statement *row;

    if (prepare(store->database, query, &row) != DB_OK)
        return -1;
    return read_rows(store, row, handle, reader, ctx);
}

static int load_all(struct sql_store *store, const struct store_reader *reader, void *ctx)
{
    int result =
        load_rows(store, SELECT_RELEASES " ORDER BY id", load_release, db_prepare, reader, ctx);

    if (result == 0)
        result = load_rows(store, SELECT_CHANNELS, load_channel, db_prepare, reader, ctx);
    if (result == 0)
        result = load_rows(store, SELECT_GROUPS, load_group, db_prepare, reader, ctx);
    if (result == 0)
        result = sql_load_rollouts(store, false, reader, ctx);
    if (result == 0)
        result = sql_load_ring_updates(store, false, reader, ctx);
    if (result == 0)
        result = load_rows(store, "SELECT " DEVICE_COLUMNS " FROM devices", load_device,
                           db_prepare_stream, reader, ctx);
    if (result == 0)
        result = load_rows(store, SELECT_HEARD, load_heard, db_prepare_stream, reader, ctx);
    return result;
}

int sql_load(struct store *base, const struct store_reader *reader, void *ctx)
{
    struct sql_store *store = (struct sql_store *)base;

    if (sql_begin_snapshot(store) != DB_OK)
        return -1;
    const int result = load_all(store, reader, ctx);
    if (result == 0 && db_commit(store->database) == DB_OK)
        return 0;
    db_rollback(store->database);
    return result != 0 ? result : -1;
}

/* --- what others have touched --- */

static int load_touched(struct sql_store *store, const char *query, row_function *handle,
                        const struct store_reader *reader, void *ctx)
{
    struct db_statement *row;

    if (db_prepare(store->database, query, &row) != DB_OK)
        return -1;
    db_bind_number(row, 1, store->node.read);
    db_bind_number(row, 2, store->node.id);
    return read_rows(store, row, handle, reader, ctx);
}

static const char touched_releases[] =
    SELECT_RELEASES " WHERE id IN (" TOUCHED(RELEASES) ") ORDER BY id";
static const char touched_channels[] =
    SELECT_CHANNELS " WHERE product IN (SELECT product FROM releases WHERE id IN"
                    " (" TOUCHED(RELEASES) "))";
static const char touched_groups[] = SELECT_GROUPS " WHERE EXISTS (" TOUCHED(GROUPS) ")";
static const char touched_devices[] =
    "SELECT " DEVICE_COLUMNS ", number FROM (SELECT DISTINCT number FROM changes WHERE"
    " kind = " DEVICES " AND sequence > ?1 AND node <> ?2) AS touched"
    " LEFT JOIN devices ON mac = number";

int sql_load_touched(struct sql_store *store, const struct store_reader *reader, void *ctx)
{
    int result = load_touched(store, touched_releases, load_release, reader, ctx);

    if (result == 0)
        result = load_touched(store, touched_channels, load_channel, reader, ctx);
    if (result == 0)
        result = load_touched(store, touched_groups, load_group, reader, ctx);
    if (result == 0)
        result = sql_load_rollouts(store, true, reader, ctx);
    if (result == 0)
        result = sql_load_ring_updates(store, true, reader, ctx);
    if (result == 0)
        result = load_touched(store, touched_devices, load_touched_device, reader, ctx);
    return result;
}

int sql_load_touched_heard(struct sql_store *store, const struct store_reader *reader, void *ctx)
{
    static const char query[] =
        SELECT_HEARD " WHERE last_seen_ms >= (SELECT min(number) FROM changes WHERE kind = " HEARD
                     " AND sequence > ?1 AND node <> ?2)";

    return load_touched(store, query, load_heard, reader, ctx);
}

int sql_load_one_device(struct sql_store *store, mac_address mac, const struct store_reader *reader,
                        void *ctx)
{
    struct db_statement *row;

    if (db_prepare(store->database,
                   "SELECT " DEVICE_COLUMNS ", number FROM (SELECT CAST(?1 AS BIGINT) AS number)"
                   " AS touched LEFT JOIN devices ON mac = number",
                   &row) != DB_OK)
        return -1;
    db_bind_number(row, 1, (int64_t)mac);
    return read_rows(store, row, load_touched_device, reader, ctx);
}
