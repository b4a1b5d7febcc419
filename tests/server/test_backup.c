/* A backup while the folder it is made of changes: whole, or broken off with a reason. */
#include "folder.h"
#include "server/backup/backup.h"
#include "updraft/hex.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CONTENT "what is in a firmware file"

struct fixture {
    char folder[FOLDER_PATH_SIZE], database[FOLDER_PATH_SIZE], scratch[FOLDER_PATH_SIZE];
    char blobs[FOLDER_PATH_SIZE];
    char blob[FOLDER_PATH_SIZE]; /* the one that is there */
    char error[BACKUP_ERROR_SIZE];
};

static void write_blob(const struct fixture *fixture, const char *content)
{
    FILE *file = fopen(fixture->blob, "w");

    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char name[2 * UD_SHA256_SIZE + 1];
    uint8_t sha256[UD_SHA256_SIZE];

    folder_make(fixture->folder);
    folder_join(fixture->database, fixture->folder, "updraft.db");
    folder_join(fixture->scratch, fixture->folder, "scratch");
    folder_join(fixture->blobs, fixture->folder, "blobs");
    EVP_Digest(CONTENT, strlen(CONTENT), sha256, NULL, EVP_sha256(), NULL);
    ud_hex_encode(sha256, sizeof sha256, name);
    folder_join(fixture->blob, fixture->blobs, name);
    mkdir(fixture->blobs, 0700);
    write_blob(fixture, CONTENT);
    struct store *store = store_sqlite.open(fixture->database, fixture->error);
    if (store != NULL)
        store_sqlite.close(store);
    *state = fixture;
    return store != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static struct backup *begin(struct fixture *fixture)
{
    const struct backup_source source = {.store = &store_sqlite,
                                         .database = fixture->database,
                                         .blobs = fixture->blobs,
                                         .token = "token",
                                         .scratch = fixture->scratch};
    struct backup *backup = backup_begin(&source, fixture->error);

    assert_non_null(backup);
    return backup;
}

/* To its end, or to where it breaks off: what the last read gave. */
static ssize_t finish(struct fixture *fixture, struct backup *backup)
{
    char buffer[1000];
    uint64_t size = 0;
    ssize_t length;

    while ((length = backup_read(backup, buffer, sizeof buffer, fixture->error)) > 0)
        size += (uint64_t)length;
    assert_true(length != 0 || size == backup_size(backup));
    backup_end(backup);
    return length;
}

static void expect_error(const struct fixture *fixture, const char *words)
{
    char line[BACKUP_ERROR_SIZE];
    const char *name = strstr(fixture->blob, "blobs/");

    snprintf(line, sizeof line, "%s: %s", name, words);
    assert_string_equal(fixture->error, line);
}

static void a_folder_that_stays_as_it_is_is_copied(void **state)
{
    struct fixture *fixture = *state;
    struct backup *backup = begin(fixture);

    assert_int_equal(backup_manifest(backup)->count, 3);
    assert_int_equal(finish(fixture, backup), 0);
}

static void a_file_that_is_removed_meanwhile_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct backup *backup = begin(fixture);

    unlink(fixture->blob);
    assert_int_equal(finish(fixture, backup), -1);
    expect_error(fixture, "removed meanwhile: make the backup again");
}

static void a_file_that_gets_shorter_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct backup *backup = begin(fixture);

    write_blob(fixture, "");
    assert_int_equal(finish(fixture, backup), -1);
    expect_error(fixture, "shorter than it was: make the backup again");
}

static void a_file_that_is_damaged_is_named(void **state)
{
    struct fixture *fixture = *state;

    write_blob(fixture, "what is in an old firmware");
    assert_int_equal(finish(fixture, begin(fixture)), -1);
    expect_error(fixture, "damaged on the disk: remove the file and publish its release again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder_that_stays_as_it_is_is_copied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_removed_meanwhile_is_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_gets_shorter_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_damaged_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
