/* What the files of the SQLite backend share. */
#ifndef SERVER_STORE_SQLITE_STORE_H
#define SERVER_STORE_SQLITE_STORE_H

#include "server/store/store.h"

#include <sqlite3.h>

enum sqlite_statement {
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
    STATEMENT_ENTER_GROUP,
    STATEMENT_GROUP,
    STATEMENT_RELEASE,
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

/* Who reads beside the server waits for as long as a commit may take, and it for them. */
#define SQLITE_BUSY_MS 5000

/* Forms of a file system are among a release's files, from this place on. */
#define FS_PLACE 100

struct sqlite_store {
    struct store base;
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* Creates or updates the tables. 0, or -1 with a line in error. */
int sqlite_migrate(sqlite3 *database, char error[STORE_ERROR_SIZE]);

/* The schema this version knows, counted from 1. */
int sqlite_schema_version(void);

/* CHANGE_WEBHOOK, and the deliveries any change may have. SQLITE_OK or SQLite's error. */
int sqlite_apply_webhook(struct sqlite_store *store, const struct webhook_change *change,
                         enum change_result *result);
int sqlite_append_deliveries(struct sqlite_store *store, const struct delivery *list);

/* As in struct store_class. */
int sqlite_load_webhooks(struct store *store, const struct webhook_reader *reader, void *ctx);
int sqlite_snapshot(const char *location, const char *copy, char error[STORE_ERROR_SIZE]);
int sqlite_check(const char *location, char error[STORE_ERROR_SIZE]);

/* Compiles the statements of sqlite_apply(). SQLITE_OK or SQLite's error. */
int sqlite_prepare(struct sqlite_store *store);

void sqlite_apply(struct store *store, struct change *const *changes, size_t count,
                  enum change_result *results, char error[STORE_ERROR_SIZE]);

/* CHANGE_ROLLOUT and CHANGE_PROGRESS. SQLITE_OK or SQLite's error. */
int sqlite_apply_rollout(struct sqlite_store *store, const struct rollout *rollout,
                         enum change_result *result);
int sqlite_apply_progress(struct sqlite_store *store, const struct rollout *rollout,
                          enum change_result *result);

/* All rollouts. 0, the reader's result, or -1. */
int sqlite_load_rollouts(struct sqlite_store *store, const struct store_reader *reader, void *ctx);

/* CHANGE_ACCOUNT. SQLITE_OK or SQLite's error. */
int sqlite_apply_account(struct sqlite_store *store, const struct account_change *change,
                         enum change_result *result);
int sqlite_load_accounts(struct store *store, const struct account_reader *reader, void *ctx);

/* Adds to a device's history, within the transaction. SQLITE_OK or SQLite's error. */
int sqlite_append_event(struct sqlite_store *store, mac_address device,
                        const struct device_event *event);
int sqlite_read_history(const char *location, mac_address device, history_visit *visit, void *ctx,
                        char error[STORE_ERROR_SIZE]);

/* A connection of its own, to read only; ended with the status of the reading, SQLITE_OK
 * or an error. The second returns 0, or -1 with a line in error. */
int sqlite_open_to_read(const char *location, sqlite3 **database);
int sqlite_end_reading(sqlite3 *database, int status, char error[STORE_ERROR_SIZE]);

/* Continues the audit log, within the transaction. SQLITE_OK or SQLite's error. */
int sqlite_append_audit(struct sqlite_store *store, const struct audit_note *note);

/* As in struct store_class; opens the database for itself. */
int sqlite_read_audit(const char *location, const struct audit_query *query,
                      bool (*visit)(void *ctx, const struct audit_record *record), void *ctx,
                      char error[STORE_ERROR_SIZE]);

/* Runs a statement once and makes it ready for the next time. */
int sqlite_run(sqlite3_stmt *statement);

int sqlite_load(struct store *store, const struct store_reader *reader, void *ctx);

#endif
