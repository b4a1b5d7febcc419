/* What the files of the store share: one schema and one set of statements for all
 * databases that speak SQL. Functions that return int return DB_OK or DB_FAILED, unless
 * they say otherwise. */
#ifndef SERVER_STORE_SQL_STORE_H
#define SERVER_STORE_SQL_STORE_H

#include "server/store/db.h"

enum sql_statement {
    STATEMENT_REGISTER,
    STATEMENT_SEEN,
    STATEMENT_OFFER,
    STATEMENT_TAKEN,
    STATEMENT_CAME_BACK,
    STATEMENT_ARRIVED,
    STATEMENT_FORGET_OFFERS,
    STATEMENT_ENTER,
    STATEMENT_ASSIGN,
    STATEMENT_REMOVE,
    STATEMENT_HEARD,
    STATEMENT_HEARD_FIRST,
    STATEMENT_DROP_HEARD,
    STATEMENT_ENTER_GROUP,
    STATEMENT_GROUP,
    STATEMENT_RELEASE,
    STATEMENT_RELEASE_TAKEN,
    STATEMENT_FILE,
    STATEMENT_DIGEST,
    STATEMENT_DROP_DIGESTS,
    STATEMENT_CHANNEL,
    STATEMENT_NEWEST,
    STATEMENT_EDIT,
    STATEMENT_FS_ORDER,
    STATEMENT_FS_OFFER,
    STATEMENT_FS_FORGET,
    STATEMENT_FS_TAKEN,
    STATEMENT_FS_ARRIVED,
    STATEMENT_RING_UPDATE,
    STATEMENT_RING_WITHDRAW,
    STATEMENT_RING_OFFER,
    STATEMENT_RING_ARRIVED,
    STATEMENT_GO_LIVE,
    STATEMENT_ROLLOUT,
    STATEMENT_STAGE,
    STATEMENT_PROGRESS,
    STATEMENT_STAGE_END,
    STATEMENT_EVENT,
    STATEMENT_TRIM_EVENTS,
    STATEMENT_DROP_EVENTS,
    STATEMENT_AUDIT,
    STATEMENT_AUDIT_END,
    STATEMENT_COUNT,
};

/* Forms of a file system are among a release's files, from this place on. */
#define FS_PLACE 100

/* A time that another server wrote stays, if it is later by no more than that; clocks may be set
 * back. */
#define HEARD_LATER_MS "600000"

/* What a row of the log says was changed; values are stored. */
enum touched {
    TOUCHED_DEVICE = 1,  /* number: its MAC */
    TOUCHED_RELEASE = 2, /* number: its id; or which is the newest of its product's channels */
    TOUCHED_ROLLOUT = 3, /* number: its id */
    TOUCHED_GROUPS = 4,  /* number: 0, as for the next two */
    TOUCHED_ACCOUNTS = 5,
    TOUCHED_WEBHOOKS = 6,
    TOUCHED_RING_UPDATE = 7, /* number: its id */
    TOUCHED_HEARD = 8,       /* number: the earliest of the times that devices were heard of */
};

struct touch {
    enum touched kind;
    int64_t number;
};

struct touches {
    struct touch *list; /* count of them; free() it */
    size_t count;
    size_t capacity;
};

/* This server among those that share the database. */
struct sql_node {
    int64_t id;             /* 0 = the database is its own */
    int64_t commits;        /* begun by it */
    int64_t read;           /* of the log, up to this entry */
    int64_t kept_ms;        /* when the others last heard of it; monotonic */
    uint64_t history;       /* of the tables that were read; struct db_class */
    bool is_lost;           /* has to read all tables anew */
    struct touches touches; /* of the transaction under way */
    struct touches later;   /* devices to be read again */
    struct store_standing standing;
};

struct sql_store {
    struct store base;
    struct db *database;
    struct db_statement *statements[STATEMENT_COUNT];
    struct sql_node node;
    char message[STORE_ERROR_SIZE]; /* "" = the database has it */
};

/* Why the last of the store's functions failed. */
const char *sql_error(struct sql_store *store);

/* --- transactions of a server among others (sql_node.c) --- */

/* Makes the server known to the others, before it reads the tables. */
int sql_join(struct sql_store *store);
void sql_leave(struct sql_store *store);

/* Begin a transaction, after which nobody else writes until it ends; or one that sees the
 * tables as of one instant. Both connect again if need be. */
int sql_begin(struct sql_store *store);
int sql_begin_snapshot(struct sql_store *store);

/* Durable on return; DB_FAILED: it is not, or it is not known, and then is_lost is set. */
int sql_commit(struct sql_store *store);

/* As in struct store_class. */
int sql_stand(struct store *store, struct store_standing *standing, char error[STORE_ERROR_SIZE]);

/* --- the log of changes (sql_log.c) --- */

/* Notes what a change touches, once it is written. */
int sql_touch(struct sql_store *store, const struct change *change);

/* Writes down what was touched, within the transaction; and tells the others, after it. */
int sql_append_touches(struct sql_store *store);
void sql_tell_others(struct sql_store *store);

/* As in struct store_class. */
int sql_follow(struct store *store, const struct store_reader *reader, void *ctx,
               char error[STORE_ERROR_SIZE]);

/* The reader has no use for a device now: it is read again when others are followed. */
int sql_put_off(struct sql_store *store, mac_address mac);

/* Rows that were touched by others since sql_node.read; or one device's. */
int sql_load_touched(struct sql_store *store, const struct store_reader *reader, void *ctx);
int sql_load_one_device(struct sql_store *store, mac_address mac, const struct store_reader *reader,
                        void *ctx);

/* Creates or updates the tables. 0, or -1 with a line in error. */
int sql_migrate(struct db *database, char error[STORE_ERROR_SIZE]);

/* The schema this version knows, counted from 1. */
int sql_schema_version(void);

/* CHANGE_WEBHOOK, and the deliveries any change may have, which get their ids by it. */
int sql_apply_webhook(struct sql_store *store, const struct webhook_change *change,
                      enum change_result *result);
int sql_append_deliveries(struct sql_store *store, struct delivery *list);

/* As in struct store_class. */
int sql_load_webhooks(struct store *store, const struct webhook_reader *reader, void *ctx);

/* Compiles the statements of sql_apply(). */
int sql_prepare(struct sql_store *store);

/* Null where it is not known. */
void sql_bind_bytes_if(struct db_statement *statement, int place, bool is_known, const void *data,
                       int length);

void sql_apply(struct store *store, struct change *const *changes, size_t count,
               enum change_result *results, char error[STORE_ERROR_SIZE]);

/* A change to a device, that holds only while the row is as the change says: that is bound from
 * `place` on, as far as the statement goes by it. */
int sql_apply_decided(struct sql_store *store, enum sql_statement name, int place,
                      const struct change *change, enum change_result *result);

/* Changes to devices and groups, one kind each. */
int sql_apply_seen(struct db_statement *statement, const struct change *change);
int sql_apply_register(struct sql_store *store, const struct change *change,
                       enum change_result *result);
int sql_apply_assign(struct sql_store *store, const struct change *change);
int sql_apply_group(struct sql_store *store, const struct change *change);
int sql_apply_remove(struct sql_store *store, const struct change *change);
int sql_apply_retry(struct sql_store *store, const struct change *change,
                    enum change_result *result);
int sql_apply_offer(struct sql_store *store, const struct change *change,
                    enum change_result *result);
int sql_apply_fs_offer(struct sql_store *store, const struct change *change,
                       enum change_result *result);
int sql_apply_taken(struct sql_store *store, enum sql_statement name, const struct change *change,
                    enum change_result *result);

/* CHANGE_HEARD; and the times from the earliest on that others have touched. The latter returns
 * 0, the reader's result, or -1. */
int sql_apply_heard(struct sql_store *store, const struct heard_times *heard);
int sql_load_touched_heard(struct sql_store *store, const struct store_reader *reader, void *ctx);

/* Changes to releases, one kind each; the first may give the release another id. */
int sql_apply_release(struct sql_store *store, struct release *release, enum change_result *result);
int sql_apply_file(struct sql_store *store, const struct release *release,
                   enum change_result *result);
int sql_apply_fs_file(struct sql_store *store, const struct release *release,
                      enum change_result *result);
int sql_apply_newest(struct sql_store *store, const struct release *release);
int sql_apply_edit(struct sql_store *store, const struct release *release, bool goes_live,
                   enum change_result *result);

/* Changes to key updates, and to what devices have of them. */
int sql_apply_ring(struct sql_store *store, const struct change *change,
                   enum change_result *result);
int sql_load_ring_updates(struct sql_store *store, bool is_touched,
                          const struct store_reader *reader, void *ctx);

/* CHANGE_ROLLOUT and CHANGE_PROGRESS. */
int sql_apply_rollout(struct sql_store *store, const struct rollout *rollout,
                      enum change_result *result);
int sql_apply_progress(struct sql_store *store, const struct rollout *rollout, uint64_t lease,
                       enum change_result *result);

/* All rollouts, or those that others have touched. 0, the reader's result, or -1. */
int sql_load_rollouts(struct sql_store *store, bool is_touched, const struct store_reader *reader,
                      void *ctx);

/* CHANGE_ACCOUNT. */
int sql_apply_account(struct sql_store *store, const struct account_change *change,
                      enum change_result *result);
int sql_load_accounts(struct store *store, const struct account_reader *reader, void *ctx);

/* Adds to a device's history, within the transaction. */
int sql_append_event(struct sql_store *store, mac_address device, const struct device_event *event);
int sql_read_history(const struct db_class *class, const char *location, mac_address device,
                     history_visit *visit, void *ctx, char error[STORE_ERROR_SIZE]);

/* A connection of its own, to read only; ended with the status of the reading, DB_OK
 * or an error. The second returns 0, or -1 with a line in error. */
int sql_open_to_read(const struct db_class *class, const char *location, struct db **database);
int sql_end_reading(struct db *database, int status, char error[STORE_ERROR_SIZE]);

/* Continues the audit log, within the transaction. */
int sql_append_audit(struct sql_store *store, const struct audit_note *note);

/* As in struct store_class; opens the database for itself. */
int sql_read_audit(const struct db_class *class, const char *location,
                   const struct audit_query *query,
                   bool (*visit)(void *ctx, const struct audit_record *record), void *ctx,
                   char error[STORE_ERROR_SIZE]);

int sql_load(struct store *store, const struct store_reader *reader, void *ctx);

#endif
