#include "tested_store.h"

#include <libpq-fe.h>
#include <stdlib.h>

#define VARIABLE "UPDRAFT_TEST_DATABASE"

const struct store_class *tested_store(void)
{
    return tested_store_is_file() ? &store_sqlite : &store_postgres;
}

bool tested_store_is_file(void)
{
    return getenv(VARIABLE) == NULL;
}

const char *tested_store_location(const char *path)
{
    return tested_store_is_file() ? path : getenv(VARIABLE);
}

const char *tested_store_empty(const char *path)
{
    static const char sql[] = "SET client_min_messages TO warning;"
                              "DROP SCHEMA public CASCADE; CREATE SCHEMA public";

    if (!tested_store_is_file()) {
        PGconn *connection = PQconnectdb(getenv(VARIABLE));
        PQclear(PQexec(connection, sql));
        PQfinish(connection);
    }
    return tested_store_location(path);
}
