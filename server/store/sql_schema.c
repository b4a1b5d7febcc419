#include "server/store/sql_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each entry takes the tables from the version before it to its own, which is
 * its place in the list, counted from 1. Entries are never edited once they
 * were released: databases in the field have run them. */
/* Stand for what the kinds of databases say in words of their own. */
#define BYTES      "BLOB"
#define ROW_KEY    "ROW KEY"
#define KEEP_AUDIT "KEEP AUDIT;"

static const char *const migrations[] = {
    "CREATE TABLE releases ("
    "  id INTEGER PRIMARY KEY, product TEXT NOT NULL, version TEXT NOT NULL,"
    "  channel TEXT NOT NULL, name TEXT NOT NULL, published_ms BIGINT NOT NULL,"
    "  chip INTEGER NOT NULL, chip_name TEXT NOT NULL, flash_mode INTEGER NOT NULL,"
    "  flash_size BIGINT NOT NULL, size BIGINT NOT NULL, image_size BIGINT NOT NULL,"
    "  inflate_lead BIGINT NOT NULL, compressed INTEGER NOT NULL, signed INTEGER NOT NULL,"
    "  md5 BLOB NOT NULL, sha256 BLOB NOT NULL,"
    "  described INTEGER NOT NULL, project TEXT NOT NULL, image_version TEXT NOT NULL,"
    "  sdk TEXT NOT NULL, built TEXT NOT NULL,"
    "  UNIQUE (product, version));"
    "CREATE TABLE release_digests ("
    "  release INTEGER NOT NULL, place INTEGER NOT NULL, digest BLOB NOT NULL,"
    "  PRIMARY KEY (release, place));"
    "CREATE TABLE channels ("
    "  product TEXT NOT NULL, name TEXT NOT NULL, release INTEGER NOT NULL,"
    "  PRIMARY KEY (product, name));"
    "CREATE TABLE device_groups ("
    "  name TEXT PRIMARY KEY, product TEXT, channel TEXT, pin TEXT);"
    "CREATE TABLE devices ("
    "  mac BIGINT PRIMARY KEY, product TEXT, device_group TEXT, channel TEXT, pin TEXT,"
    "  offered INTEGER NOT NULL DEFAULT 0, offers INTEGER NOT NULL DEFAULT 0,"
    "  first_seen_ms BIGINT, last_seen_ms BIGINT,"
    "  chip INTEGER, mode INTEGER, chip_id BIGINT, ap_mac BIGINT, free_space BIGINT,"
    "  sketch_size BIGINT, chip_size BIGINT, sketch_md5 BLOB, sketch_sha256 BLOB,"
    "  version TEXT, sdk_version TEXT, address BLOB);",

    "ALTER TABLE releases ADD COLUMN signer BLOB;"
    "ALTER TABLE devices ADD COLUMN abilities TEXT;"
    "CREATE TABLE release_files ("
    "  release INTEGER NOT NULL, place INTEGER NOT NULL, size BIGINT NOT NULL,"
    "  inflate_lead BIGINT NOT NULL, compressed INTEGER NOT NULL, signed INTEGER NOT NULL,"
    "  signer BLOB, md5 BLOB NOT NULL, sha256 BLOB NOT NULL,"
    "  PRIMARY KEY (release, place));",

    "ALTER TABLE devices ADD COLUMN rollout BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN before_release BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN comebacks INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN taken_ms BIGINT NOT NULL DEFAULT 0;"
    "CREATE TABLE rollouts ("
    "  id BIGINT PRIMARY KEY, release BIGINT NOT NULL,"
    "  device_group TEXT NOT NULL, channel TEXT NOT NULL, from_version TEXT NOT NULL,"
    "  sdk_version TEXT NOT NULL, window_from INTEGER NOT NULL, window_to INTEGER NOT NULL,"
    "  window_offset INTEGER NOT NULL, attempts INTEGER NOT NULL, silence_s BIGINT NOT NULL,"
    "  promotes TEXT NOT NULL, start_ms BIGINT NOT NULL,"
    "  state TEXT NOT NULL DEFAULT 'planned', stage INTEGER NOT NULL DEFAULT 0,"
    "  opened_ms BIGINT NOT NULL DEFAULT 0, forgiven BIGINT NOT NULL DEFAULT 0,"
    "  revision BIGINT NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '');"
    "CREATE TABLE rollout_stages ("
    "  rollout BIGINT NOT NULL, place INTEGER NOT NULL, devices BIGINT NOT NULL,"
    "  percent INTEGER NOT NULL, success INTEGER NOT NULL, failure INTEGER NOT NULL,"
    "  needs_approval INTEGER NOT NULL, time_limit_s BIGINT NOT NULL,"
    "  end_place BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (rollout, place));",

    "CREATE TABLE audit ("
    "  number BIGINT PRIMARY KEY, at_ms BIGINT NOT NULL, who TEXT NOT NULL,"
    "  address TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT "
    "NULL);" KEEP_AUDIT,

    "ALTER TABLE releases ADD COLUMN state TEXT NOT NULL DEFAULT 'live';"
    "ALTER TABLE releases ADD COLUMN requires TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE releases ADD COLUMN notes TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE releases ADD COLUMN reason TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE devices ADD COLUMN downgrade INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device_groups ADD COLUMN downgrade INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE rollouts ADD COLUMN downgrade INTEGER NOT NULL DEFAULT 0;",

    "ALTER TABLE devices ADD COLUMN utc_offset INTEGER;"
    "ALTER TABLE devices ADD COLUMN tags TEXT;"
    "ALTER TABLE devices ADD COLUMN alias TEXT;"
    "ALTER TABLE devices ADD COLUMN comment TEXT;"
    "ALTER TABLE devices ADD COLUMN decommissioned INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device_groups ADD COLUMN utc_offset INTEGER;"
    "ALTER TABLE rollouts ADD COLUMN filter TEXT NOT NULL DEFAULT '';",
    "CREATE TABLE users ("
    "  name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL,"
    "  created_ms BIGINT NOT NULL, password_ms BIGINT NOT NULL, ticket BLOB NOT NULL,"
    "  ticket_until_ms BIGINT NOT NULL, revision BIGINT NOT NULL);"
    "CREATE TABLE tokens ("
    "  id BIGINT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, read_only INTEGER NOT NULL,"
    "  product TEXT NOT NULL, created_by TEXT NOT NULL, created_ms BIGINT NOT NULL,"
    "  expires_ms BIGINT NOT NULL, used_ms BIGINT NOT NULL, revoked_ms BIGINT NOT NULL,"
    "  digest BLOB NOT NULL);"
    "CREATE TABLE sessions ("
    "  digest BLOB PRIMARY KEY, user_name TEXT NOT NULL, created_ms BIGINT NOT NULL,"
    "  used_ms BIGINT NOT NULL);"
    "CREATE TABLE device_secrets ("
    "  id BIGINT PRIMARY KEY, mac BIGINT NOT NULL, name TEXT NOT NULL,"
    "  created_ms BIGINT NOT NULL, revoked_ms BIGINT NOT NULL, digest BLOB NOT NULL);",

    "CREATE TABLE device_events ("
    "  mac BIGINT NOT NULL, number BIGINT NOT NULL, at_ms BIGINT NOT NULL, kind TEXT NOT NULL,"
    "  version TEXT NOT NULL, before_version TEXT NOT NULL, bytes BIGINT NOT NULL,"
    "  duration_ms BIGINT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (mac, number));",

    "CREATE TABLE webhooks ("
    "  id BIGINT PRIMARY KEY, url TEXT NOT NULL, events TEXT NOT NULL, secret TEXT NOT NULL,"
    "  disabled INTEGER NOT NULL, reason TEXT NOT NULL, created_ms BIGINT NOT NULL,"
    "  failing_ms BIGINT NOT NULL, dropped BIGINT NOT NULL);"
    "CREATE TABLE webhook_deliveries ("
    "  id BIGINT PRIMARY KEY, webhook BIGINT NOT NULL, event TEXT NOT NULL,"
    "  created_ms BIGINT NOT NULL, attempts BIGINT NOT NULL, next_ms BIGINT NOT NULL,"
    "  done_ms BIGINT NOT NULL, status INTEGER NOT NULL, error TEXT NOT NULL, body TEXT);",

    "ALTER TABLE device_groups ADD COLUMN accept TEXT;",

    "ALTER TABLE releases ADD COLUMN fs_first INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN fs_release BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN fs_offered BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN fs_offers INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN fs_taken_ms BIGINT NOT NULL DEFAULT 0;",

    /* Firmware files, where several nodes share them in the database. */
    "CREATE TABLE blobs (sha256 BLOB PRIMARY KEY, size BIGINT NOT NULL, stored_ms BIGINT NOT NULL);"
    "CREATE TABLE blob_pieces ("
    "  sha256 BLOB NOT NULL, place BIGINT NOT NULL, bytes BLOB NOT NULL,"
    "  PRIMARY KEY (sha256, place));",

    "ALTER TABLE devices ADD COLUMN ring_offered BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN ring_offers INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE ring_updates ("
    "  id BIGINT PRIMARY KEY, product TEXT NOT NULL, number BIGINT NOT NULL,"
    "  published_ms BIGINT NOT NULL, withdrawn INTEGER NOT NULL DEFAULT 0, content BLOB NOT NULL);"
    "CREATE UNIQUE INDEX ring_updates_live ON ring_updates (product, number) WHERE withdrawn = 0;",

    /* A server that had the database for itself finds its row gone, and writes no more. */
    "CREATE TABLE cluster ("
    "  place INTEGER PRIMARY KEY, sequence BIGINT NOT NULL, last_node BIGINT NOT NULL,"
    "  oldest_schema BIGINT NOT NULL, judge BIGINT NOT NULL, lease BIGINT NOT NULL,"
    "  lease_until_ms BIGINT NOT NULL, deliveries BIGINT NOT NULL);"
    "INSERT INTO cluster (place, sequence, last_node, oldest_schema, judge, lease, lease_until_ms,"
    " deliveries) SELECT 1, 0, 0, 0, 0, 0, 0, coalesce(max(id), 0) FROM webhook_deliveries;"
    "CREATE TABLE nodes ("
    "  id BIGINT PRIMARY KEY, commits BIGINT NOT NULL, sequence BIGINT NOT NULL,"
    "  seen_ms BIGINT NOT NULL);"
    "CREATE TABLE changes ("
    "  sequence BIGINT NOT NULL, place BIGINT NOT NULL, node BIGINT NOT NULL,"
    "  kind INTEGER NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (sequence, place));"
    "DROP TABLE IF EXISTS server_owner;",

    /* What changes with every check-in, apart from what seldom does: hundreds of rows share a page.
     * A device that has none was last heard of when it told what devices has of it. */
    "CREATE TABLE device_times (mac ROW KEY, last_seen_ms BIGINT NOT NULL);",
};

/* Servers of this schema and later ones may go on beside this version, after it has changed
 * the tables. What adds a table, or a column that has a default, leaves this as it is. */
#define OLDEST_SCHEMA 14

#define SCHEMA_VERSION ((int)(sizeof migrations / sizeof migrations[0]))

int sql_schema_version(void)
{
    return SCHEMA_VERSION;
}

static enum db_status read_version(struct db *db, int *version)
{
    struct db_statement *statement;
    enum db_status status =
        db_exec(db, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");

    if (status == DB_OK)
        status = db_prepare(db, "SELECT max(version) FROM schema_version", &statement);
    if (status != DB_OK)
        return status;
    status = db_step(statement);
    *version = status == DB_ROW ? (int)db_number(statement, 0) : 0;
    db_finalize(statement);
    return status == DB_ROW ? DB_OK : DB_FAILED;
}

/* Appends `text` with every `from` in it replaced. */
static void replace(FILE *out, const char *text, const char *from, const char *to)
{
    const char *next;

    while ((next = strstr(text, from)) != NULL) {
        fprintf(out, "%.*s%s", (int)(next - text), text, to);
        text = next + strlen(from);
    }
    fputs(text, out);
}

/* `sql` with every `from` replaced; to be freed. Null when memory is out. */
static char *replaced(const char *sql, const char *from, const char *to)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    replace(out, sql, from, to);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static enum db_status run_in_its_words(struct db *db, const char *sql)
{
    const struct words {
        const char *ours, *its;
    } words[] = {{BYTES, db->class->bytes_type},
                 {ROW_KEY, db->class->row_key},
                 {KEEP_AUDIT, db->class->keep_audit}};
    char *text = strdup(sql);

    for (size_t i = 0; i < sizeof words / sizeof words[0] && text != NULL; i++) {
        char *next = replaced(text, words[i].ours, words[i].its);
        free(text);
        text = next;
    }
    const enum db_status status = text != NULL ? db_exec(db, text) : DB_FAILED;
    free(text);
    return status;
}

static enum db_status run_migration(struct db *db, int version)
{
    char record[80];
    const enum db_status status = run_in_its_words(db, migrations[version - 1]);

    if (status != DB_OK)
        return status;
    snprintf(record, sizeof record, "INSERT INTO schema_version (version) VALUES (%d)", version);
    return db_exec(db, record);
}

static enum db_status shut_out_older(struct db *db)
{
    char sql[80];

    snprintf(sql, sizeof sql, "UPDATE cluster SET oldest_schema = %d WHERE place = 1",
             OLDEST_SCHEMA);
    return db_exec(db, sql);
}

static enum db_status run_missing(struct db *db, int *version)
{
    enum db_status status = read_version(db, version);

    for (int next = *version + 1; status == DB_OK && next <= SCHEMA_VERSION; next++)
        status = run_migration(db, next);
    return status == DB_OK && *version < SCHEMA_VERSION ? shut_out_older(db) : status;
}

int sql_migrate(struct db *db, char error[STORE_ERROR_SIZE])
{
    int version = 0;
    enum db_status status = db_begin_schema(db);

    if (status == DB_OK)
        status = run_missing(db, &version);
    if (status == DB_OK && version > SCHEMA_VERSION) {
        snprintf(error, STORE_ERROR_SIZE,
                 "it was written by a newer server (schema %d, this one knows %d): start that "
                 "version, or restore a copy made before the upgrade",
                 version, SCHEMA_VERSION);
        return -1;
    }
    if (status == DB_OK)
        status = db_commit(db);
    if (status == DB_OK)
        return 0;
    snprintf(error, STORE_ERROR_SIZE, "%s", db_error(db));
    return -1;
}
