#include "folder.h"
#include "server/blobs/keeper.h"
#include "updraft/hex.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_S      60
#define DESCRIPTORS 64

struct fixture {
    char folder[FOLDER_PATH_SIZE];
    struct blobs *here;
    struct blobs *others; /* the depot's, as another node sees them */
    struct depot *depot;
    struct keeper *keeper;
    struct release release;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t told;
    unsigned here_count, gone_count; /* times that it was told */
};

static void note(void *ctx, const struct release *release, const struct release_file *file,
                 bool is_here)
{
    struct fixture *fixture = ctx;

    assert_ptr_equal(release, &fixture->release);
    assert_ptr_equal(release_file_of(&release->image, file->sha256),
                     &fixture->release.image.files[0]);
    pthread_mutex_lock(&fixture->lock);
    fixture->here_count += is_here;
    fixture->gone_count += !is_here;
    pthread_cond_signal(&fixture->told);
    pthread_mutex_unlock(&fixture->lock);
}

/* Waits until it was told so often. */
static void wait_for(struct fixture *fixture, const unsigned *count, unsigned wanted)
{
    struct timespec end;
    int result = 0;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WAIT_S;
    pthread_mutex_lock(&fixture->lock);
    while (*count < wanted && result == 0)
        result = pthread_cond_timedwait(&fixture->told, &fixture->lock, &end);
    pthread_mutex_unlock(&fixture->lock);
    assert_int_equal(result, 0);
}

static bool is_wanted(void *ctx, const uint8_t sha256[UD_SHA256_SIZE])
{
    (void)ctx;
    (void)sha256;
    return true;
}

static void make_keeper(struct fixture *fixture, struct depot *depot)
{
    const struct keeper_config config = {.blobs = fixture->here,
                                         .depot = depot,
                                         .ctx = fixture,
                                         .found = note,
                                         .is_wanted = is_wanted};

    fixture->keeper = keeper_new(&config);
    assert_non_null(fixture->keeper);
}

/* Of "firmware". */
static const uint8_t digest[UD_SHA256_SIZE] = {
    0xc3, 0xbf, 0x47, 0xea, 0x1f, 0x4a, 0x4a, 0x60, 0x54, 0x70, 0x31, 0x3c, 0xac, 0xb3, 0xa4, 0x4f,
    0x4a, 0x46, 0x1f, 0x68, 0xc6, 0xfa, 0xea, 0xb0, 0x7e, 0x73, 0x76, 0x10, 0xcb, 0x5a, 0xc8, 0x35};

static const uint8_t digest_of_nothing[UD_SHA256_SIZE] = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char path[FOLDER_PATH_SIZE], error[DEPOT_ERROR_SIZE];

    folder_make(fixture->folder);
    pthread_mutex_init(&fixture->lock, NULL);
    pthread_cond_init(&fixture->told, NULL);
    strcpy(fixture->release.product, "demo");
    strcpy(fixture->release.version, "1.0");
    fixture->release.image.file_count = 1;
    fixture->release.image.files[0].size = 8;
    memcpy(fixture->release.image.files[0].sha256, digest, sizeof digest);
    fixture->depot = depot_folder_open(folder_join(path, fixture->folder, "shared"), error);
    *state = fixture;
    return fixture->depot == NULL || blobs_open_shared(path, &fixture->others) != 0 ||
           blobs_open(folder_join(path, fixture->folder, "here"), &fixture->here) != 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    keeper_free(fixture->keeper);
    fixture->depot->class->close(fixture->depot);
    blobs_close(fixture->others);
    blobs_close(fixture->here);
    folder_remove(fixture->folder);
    pthread_cond_destroy(&fixture->told);
    pthread_mutex_destroy(&fixture->lock);
    free(fixture);
    return 0;
}

static void store(struct blobs *blobs, const char *text)
{
    struct blob_upload *upload;

    assert_int_equal(blob_upload_begin(blobs, &upload), 0);
    assert_int_equal(blob_upload_write(upload, text, strlen(text)), 0);
    assert_int_equal(blob_upload_commit(upload, digest), 0);
    blob_upload_end(upload);
}

static void want(struct fixture *fixture)
{
    keeper_want(fixture->keeper, &fixture->release, &fixture->release.image.files[0]);
}

/* Opens files until there are no descriptors left; the last one's, or the count. */
static int use_up_descriptors(int spares[], int count)
{
    for (int i = 0; i < count; i++)
        if ((spares[i] = dup(STDIN_FILENO)) < 0)
            return i;
    return count;
}

static void what_cannot_be_opened_for_a_moment_is_not_missing(void **state)
{
    struct fixture *fixture = *state;
    int spares[DESCRIPTORS];
    struct rlimit before, few;

    make_keeper(fixture, NULL);
    store(fixture->here, "firmware");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){DESCRIPTORS, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    const int count = use_up_descriptors(spares, DESCRIPTORS);
    const int found = blob_find(fixture->here, digest, 8);
    want(fixture);
    const bool is_started = keeper_start(fixture->keeper);
    usleep(200000); /* long enough to look, too short to fail where it does not */
    for (int i = 0; i < count; i++)
        close(spares[i]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(is_started);
    assert_int_equal(found, -EMFILE);
    assert_false(blob_is_lost(found));
    wait_for(fixture, &fixture->here_count, 1);
    assert_int_equal(fixture->gone_count, 0);
}

static void what_is_missing_is_fetched(void **state)
{
    struct fixture *fixture = *state;

    make_keeper(fixture, fixture->depot);
    store(fixture->others, "firmware");
    want(fixture);
    assert_true(keeper_start(fixture->keeper));
    wait_for(fixture, &fixture->here_count, 1);
    assert_int_equal(fixture->gone_count, 1);
    assert_int_equal(blob_check(fixture->here, digest, 8), 0);
}

static void what_is_damaged_is_fetched_anew(void **state)
{
    struct fixture *fixture = *state;

    make_keeper(fixture, fixture->depot);
    store(fixture->others, "firmware");
    store(fixture->here, "fIrmware");
    assert_int_equal(blob_check(fixture->here, digest, 8), BLOB_DAMAGED);
    want(fixture);
    assert_true(keeper_start(fixture->keeper));
    wait_for(fixture, &fixture->here_count, 1);
    assert_int_equal(fixture->gone_count, 1);
    assert_int_equal(blob_check(fixture->here, digest, 8), 0);
    /* What was found is there to be looked at. */
    char path[FOLDER_PATH_SIZE], name[FOLDER_PATH_SIZE] = "here/";
    ud_hex_encode(digest, UD_SHA256_SIZE, name + strlen(name));
    assert_int_equal(access(folder_join(path, fixture->folder, strcat(name, ".damaged")), F_OK), 0);
}

/* A file of no length whose bytes cannot be read: that of a process's memory, where there is
 * none. */
static void what_cannot_be_read_is_left_where_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct release_file *file = &fixture->release.image.files[0];
    char path[FOLDER_PATH_SIZE], name[FOLDER_PATH_SIZE] = "here/";
    struct stat status;

    ud_hex_encode(digest_of_nothing, UD_SHA256_SIZE, name + strlen(name));
    memcpy(file->sha256, digest_of_nothing, UD_SHA256_SIZE);
    file->size = 0;
    folder_join(path, fixture->folder, name);
    make_keeper(fixture, NULL);
    assert_int_equal(symlink("/proc/self/mem", path), 0);
    assert_int_equal(blob_check(fixture->here, digest_of_nothing, 0), -EIO);
    want(fixture);
    assert_true(keeper_start(fixture->keeper));
    wait_for(fixture, &fixture->gone_count, 1);
    assert_int_equal(lstat(path, &status), 0);
    assert_int_equal(unlink(path), 0);
    fclose(fopen(path, "w"));
    wait_for(fixture, &fixture->here_count, 1);
}

static void what_is_there_later_is_fetched_later(void **state)
{
    struct fixture *fixture = *state;

    make_keeper(fixture, fixture->depot);
    assert_true(keeper_start(fixture->keeper));
    want(fixture);
    wait_for(fixture, &fixture->gone_count, 2);
    assert_int_equal(fixture->here_count, 0);
    store(fixture->others, "firmware");
    wait_for(fixture, &fixture->here_count, 1);
}

static void damaged_bytes_are_not_taken(void **state)
{
    struct fixture *fixture = *state;

    make_keeper(fixture, fixture->depot);
    store(fixture->others, "fIrmware");
    want(fixture);
    assert_true(keeper_start(fixture->keeper));
    wait_for(fixture, &fixture->gone_count, 2);
    assert_int_equal(fixture->here_count, 0);
    assert_int_equal(blob_check(fixture->here, digest, 8), -ENOENT);
    store(fixture->others, "firmware"); /* published again */
    wait_for(fixture, &fixture->here_count, 1);
}

static void the_depot_gets_what_it_lacks(void **state)
{
    struct fixture *fixture = *state;

    make_keeper(fixture, fixture->depot);
    store(fixture->here, "firmware");
    want(fixture);
    assert_true(keeper_start(fixture->keeper));
    wait_for(fixture, &fixture->here_count, 1);
    keeper_stop(fixture->keeper); /* after what it is at */
    assert_int_equal(blob_check(fixture->others, digest, 8), 0);
    assert_int_equal(fixture->gone_count, 0);
}

static void without_a_depot_damage_is_found(void **state)
{
    struct fixture *fixture = *state;

    make_keeper(fixture, NULL);
    store(fixture->here, "fIrmware");
    want(fixture);
    assert_true(keeper_start(fixture->keeper));
    wait_for(fixture, &fixture->gone_count, 1);
    store(fixture->here, "firmware");
    wait_for(fixture, &fixture->here_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_cannot_be_opened_for_a_moment_is_not_missing),
        TEST(what_is_missing_is_fetched),
        TEST(what_is_damaged_is_fetched_anew),
        TEST(what_cannot_be_read_is_left_where_it_is),
        TEST(what_is_there_later_is_fetched_later),
        TEST(damaged_bytes_are_not_taken),
        TEST(the_depot_gets_what_it_lacks),
        TEST(without_a_depot_damage_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
