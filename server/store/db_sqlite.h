/* What only SQLite has: copies of a file, and whether one is sound. Both on connections of
 * their own; as in struct store_class. */
#ifndef SERVER_STORE_DB_SQLITE_H
#define SERVER_STORE_DB_SQLITE_H

#include "server/store/db.h"

#include <sqlite3.h>

/* Who reads beside the server waits for as long as a commit may take, and it for them. */
#define SQLITE_BUSY_MS 5000

int sqlite_snapshot(const char *location, const char *copy, char error[STORE_ERROR_SIZE]);
int sqlite_check(const char *location, char error[STORE_ERROR_SIZE]);

#endif
