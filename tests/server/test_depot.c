#include "folder.h"
#include "server/blobs/depot.h"
#include "tested_store.h"

#include <errno.h>
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include <cmocka.h>

/* More than one piece of the database's. */
#define LARGE 700001u

struct fixture {
    char folder[FOLDER_PATH_SIZE];
    char shared[FOLDER_PATH_SIZE];
    struct blobs *here; /* a node's */
    struct depot *depot;
};

/* The folder, or where UPDRAFT_TEST_DATABASE is set the database. */
static struct depot *open_depot(const struct fixture *fixture)
{
    char error[STORE_ERROR_SIZE];

    if (tested_store_is_file())
        return depot_folder_open(fixture->shared, error);
    struct store *store = store_postgres.open(tested_store_empty(NULL), error);
    assert_non_null(store);
    store_postgres.close(store);
    return depot_database_open(tested_store_location(NULL));
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char path[FOLDER_PATH_SIZE];

    folder_join(fixture->shared, folder_make(fixture->folder), "shared");
    fixture->depot = open_depot(fixture);
    *state = fixture;
    return fixture->depot == NULL ||
           blobs_open(folder_join(path, fixture->folder, "here"), &fixture->here) != 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    fixture->depot->class->close(fixture->depot);
    blobs_close(fixture->here);
    folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static const uint8_t digest_a[UD_SHA256_SIZE] = {0xaa}, digest_b[UD_SHA256_SIZE] = {0xbb};

static void fill(uint8_t *bytes, size_t length, unsigned seed)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)((i * 31 + seed) >> (i % 5));
}

/* An upload with so many bytes; to be ended. */
static struct blob_upload *received(const struct fixture *fixture, size_t length, unsigned seed)
{
    uint8_t *bytes = malloc(length);
    struct blob_upload *upload;

    assert_non_null(bytes);
    fill(bytes, length, seed);
    assert_int_equal(blob_upload_begin(fixture->here, &upload), 0);
    assert_int_equal(blob_upload_write(upload, bytes, length), 0);
    assert_int_equal(blob_upload_finish(upload), 0);
    free(bytes);
    return upload;
}

static void put(const struct fixture *fixture, const uint8_t *digest, size_t length, unsigned seed)
{
    struct blob_upload *upload = received(fixture, length, seed);
    char error[DEPOT_ERROR_SIZE];

    assert_int_equal(
        fixture->depot->class->put(fixture->depot, digest, blob_upload_file(upload), length, error),
        0);
    blob_upload_end(upload);
}

static int has(const struct fixture *fixture, const uint8_t *digest, size_t length)
{
    char error[DEPOT_ERROR_SIZE];

    return fixture->depot->class->has(fixture->depot, digest, length, error);
}

static void expect_bytes(const struct fixture *fixture, const uint8_t *digest, size_t length,
                         unsigned seed)
{
    uint8_t *wanted = malloc(length), *got = malloc(length);
    struct blob_upload *upload;
    char error[DEPOT_ERROR_SIZE];

    assert_true(wanted != NULL && got != NULL);
    fill(wanted, length, seed);
    assert_int_equal(blob_upload_begin(fixture->here, &upload), 0);
    assert_int_equal(fixture->depot->class->get(fixture->depot, digest, length, upload, error), 0);
    assert_int_equal(blob_upload_size(upload), length);
    assert_int_equal(pread(blob_upload_file(upload), got, length, 0), length);
    assert_memory_equal(got, wanted, length);
    blob_upload_end(upload);
    free(wanted);
    free(got);
}

static void what_is_put_comes_back(void **state)
{
    const struct fixture *fixture = *state;

    assert_int_equal(has(fixture, digest_a, LARGE), 0);
    put(fixture, digest_a, LARGE, 1);
    put(fixture, digest_b, 5, 2);
    assert_int_equal(has(fixture, digest_a, LARGE), 1);
    assert_int_equal(has(fixture, digest_a, LARGE - 1), 0);
    expect_bytes(fixture, digest_a, LARGE, 1);
    expect_bytes(fixture, digest_b, 5, 2);
}

static void what_is_put_again_replaces_it(void **state)
{
    const struct fixture *fixture = *state;

    put(fixture, digest_a, LARGE, 1);
    put(fixture, digest_a, 1000, 3);
    assert_int_equal(has(fixture, digest_a, LARGE), 0);
    expect_bytes(fixture, digest_a, 1000, 3);
}

static void what_is_not_there_is_an_error(void **state)
{
    const struct fixture *fixture = *state;
    char error[DEPOT_ERROR_SIZE] = "";
    struct blob_upload *upload;

    put(fixture, digest_b, 5, 2);
    assert_int_equal(blob_upload_begin(fixture->here, &upload), 0);
    assert_int_equal(fixture->depot->class->get(fixture->depot, digest_a, 5, upload, error), -1);
    assert_string_not_equal(error, "");
    assert_int_equal(fixture->depot->class->get(fixture->depot, digest_b, 6, upload, error), -1);
    blob_upload_end(upload);
}

/* A file that is shorter than it is said to be. */
static void half_a_file_is_not_kept(void **state)
{
    const struct fixture *fixture = *state;
    struct blob_upload *upload = received(fixture, 400000, 1);
    char error[DEPOT_ERROR_SIZE] = "";

    assert_int_equal(fixture->depot->class->put(fixture->depot, digest_a, blob_upload_file(upload),
                                                500000, error),
                     -1);
    assert_string_not_equal(error, "");
    blob_upload_end(upload);
    assert_int_equal(has(fixture, digest_a, 500000), 0);
    assert_int_equal(has(fixture, digest_a, 400000), 0);
}

static bool is_b(void *ctx, const uint8_t sha256[UD_SHA256_SIZE])
{
    (void)ctx;
    return memcmp(sha256, digest_b, UD_SHA256_SIZE) == 0;
}

static int sweep(const struct fixture *fixture)
{
    char error[DEPOT_ERROR_SIZE];

    return fixture->depot->class->sweep(fixture->depot, is_b, NULL, error);
}

/* As if all that is in it had been put two days ago. */
static void make_old(const struct fixture *fixture)
{
    static const char *const names[] = {
        "aa00000000000000000000000000000000000000000000000000000000000000",
        "bb00000000000000000000000000000000000000000000000000000000000000"};
    const struct utimbuf old = {time(NULL) - 2 * 86400, time(NULL) - 2 * 86400};
    char path[FOLDER_PATH_SIZE];

    for (size_t i = 0; i < 2 && tested_store_is_file(); i++)
        assert_true(utime(folder_join(path, fixture->shared, names[i]), &old) == 0 ||
                    errno == ENOENT);
    if (tested_store_is_file())
        return;
    PGconn *connection = PQconnectdb(tested_store_location(NULL));
    PGresult *result = PQexec(connection, "UPDATE blobs SET stored_ms = stored_ms - 172800000");
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(connection);
}

static void only_what_is_old_and_not_wanted_goes(void **state)
{
    const struct fixture *fixture = *state;

    put(fixture, digest_a, 5, 1);
    put(fixture, digest_b, 6, 1);
    assert_int_equal(sweep(fixture), 0);
    make_old(fixture);
    assert_int_equal(sweep(fixture), 1);
    assert_int_equal(has(fixture, digest_a, 5), 0);
    assert_int_equal(has(fixture, digest_b, 6), 1);
    make_old(fixture);
    put(fixture, digest_a, 5, 1); /* for a release that is on its way */
    assert_int_equal(sweep(fixture), 0);
}

/* Rows of pieces go with their file, files with their name. */
static void nothing_is_left_behind(void **state)
{
    const struct fixture *fixture = *state;

    put(fixture, digest_a, LARGE, 1);
    make_old(fixture);
    assert_int_equal(sweep(fixture), 1);
    assert_int_equal(has(fixture, digest_a, LARGE), 0);
    if (tested_store_is_file())
        return;
    PGconn *connection = PQconnectdb(tested_store_location(NULL));
    PGresult *result = PQexec(connection, "SELECT count(*) FROM blob_pieces");
    assert_string_equal(PQgetvalue(result, 0, 0), "0");
    PQclear(result);
    PQfinish(connection);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_comes_back),
        TEST(what_is_put_again_replaces_it),
        TEST(what_is_not_there_is_an_error),
        TEST(half_a_file_is_not_kept),
        TEST(only_what_is_old_and_not_wanted_goes),
        TEST(nothing_is_left_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
