/* The kind of store that the tests of stores use: SQLite, or, where UPDRAFT_TEST_DATABASE
 * has the URL of one that may be emptied, PostgreSQL. */
#ifndef TESTS_SERVER_TESTED_STORE_H
#define TESTS_SERVER_TESTED_STORE_H

#include "server/store/store.h"

const struct store_class *tested_store(void);
bool tested_store_is_file(void);

/* Where it is: the file at `path`, or the database, emptied. */
const char *tested_store_empty(const char *path);
const char *tested_store_location(const char *path);

#endif
