/* What the files of the SQLite backend share. */
#ifndef SERVER_STORE_SQLITE_STORE_H
#define SERVER_STORE_SQLITE_STORE_H

#include "server/store/store.h"

#include <sqlite3.h>

enum sqlite_statement {
    STATEMENT_REGISTER,
    STATEMENT_SEEN,
    STATEMENT_OFFER,
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
    STATEMENT_COUNT,
};

struct sqlite_store {
    struct store base;
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* Creates or updates the tables. 0, or -1 with a line in error. */
int sqlite_migrate(sqlite3 *database, char error[STORE_ERROR_SIZE]);

/* Compiles the statements of sqlite_apply(). SQLITE_OK or SQLite's error. */
int sqlite_prepare(struct sqlite_store *store);

void sqlite_apply(struct store *store, struct change *const *changes, size_t count,
                  enum change_result *results, char error[STORE_ERROR_SIZE]);

int sqlite_load(struct store *store, const struct store_reader *reader, void *ctx);

#endif
