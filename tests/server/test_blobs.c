#include "folder.h"
#include "server/blobs/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char folder[FOLDER_PATH_SIZE];
    char path[FOLDER_PATH_SIZE]; /* of the blobs */
    struct blobs *blobs;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    folder_join(fixture->path, folder_make(fixture->folder), "data/blobs");
    *state = fixture;
    return blobs_open(fixture->path, &fixture->blobs);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    blobs_close(fixture->blobs);
    folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

/* SHA-256 of "firmware" and of "orphan". */
static const uint8_t digest_a[UD_SHA256_SIZE] = {0xc3, 0xbf, 0x47, 0xea, 0x1f, 0x4a, 0x4a, 0x60,
                                                 0x54, 0x70, 0x31, 0x3c, 0xac, 0xb3, 0xa4, 0x4f,
                                                 0x4a, 0x46, 0x1f, 0x68, 0xc6, 0xfa, 0xea, 0xb0,
                                                 0x7e, 0x73, 0x76, 0x10, 0xcb, 0x5a, 0xc8, 0x35},
                     digest_b[UD_SHA256_SIZE] = {0x88, 0xf6, 0x81, 0x1a, 0xb5, 0xd8, 0xfc, 0x6d,
                                                 0x31, 0x77, 0xf9, 0xb7, 0x60, 0x9a, 0xe0, 0xfc,
                                                 0xeb, 0xfd, 0xa1, 0x87, 0xe5, 0x04, 0x6b, 0x62,
                                                 0xd3, 0x8b, 0xb5, 0x39, 0xe8, 0x8b, 0x74, 0xd7};
static const char name_a[] = "c3bf47ea1f4a4a605470313cacb3a44f4a461f68c6faeab07e737610cb5ac835";

static int store(struct blobs *blobs, const uint8_t *digest, const char *text)
{
    struct blob_upload *upload;

    assert_int_equal(blob_upload_begin(blobs, &upload), 0);
    for (const char *c = text; *c != '\0'; c++)
        assert_int_equal(blob_upload_write(upload, c, 1), 0);
    assert_int_equal(blob_upload_size(upload), strlen(text));
    const int result = blob_upload_commit(upload, digest);
    blob_upload_end(upload);
    return result;
}

/* Files in a folder, other folders not counted. */
static int count_files(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    int count = 0;

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL)
        count += entry->d_type == DT_REG;
    closedir(directory);
    return count;
}

static void what_is_stored_comes_back(void **state)
{
    const struct fixture *fixture = *state;
    char bytes[16] = "";

    assert_int_equal(store(fixture->blobs, digest_a, "firmware"), 0);
    const int file = blob_open(fixture->blobs, digest_a, 8);
    assert_true(file >= 0);
    assert_int_equal(read(file, bytes, sizeof bytes), 8);
    assert_string_equal(bytes, "firmware");
    close(file);
    assert_int_equal(store(fixture->blobs, digest_a, "firmware"), 0); /* again */
}

static void missing_and_damaged_are_told_apart(void **state)
{
    const struct fixture *fixture = *state;
    char path[FOLDER_PATH_SIZE];

    assert_int_equal(blob_open(fixture->blobs, digest_a, 8), -ENOENT);
    assert_int_equal(store(fixture->blobs, digest_a, "firmware"), 0);
    assert_int_equal(blob_open(fixture->blobs, digest_a, 9), BLOB_DAMAGED);
    assert_int_equal(truncate(folder_join(path, fixture->path, name_a), 3), 0);
    assert_int_equal(blob_open(fixture->blobs, digest_a, 8), BLOB_DAMAGED);
}

static void write_over(const char *path, off_t at, char byte)
{
    const int file = open(path, O_WRONLY);

    assert_true(file >= 0);
    assert_int_equal(pwrite(file, &byte, 1, at), 1);
    close(file);
}

static void another_byte_is_damage_too(void **state)
{
    const struct fixture *fixture = *state;
    char path[FOLDER_PATH_SIZE];

    assert_int_equal(store(fixture->blobs, digest_a, "firmware"), 0);
    assert_int_equal(store(fixture->blobs, digest_b, "orphan"), 0);
    write_over(folder_join(path, fixture->path, name_a), 7, 'E');
    assert_int_equal(blob_open(fixture->blobs, digest_a, 8), BLOB_DAMAGED);
    const int unread = blob_find(fixture->blobs, digest_a, 8);
    assert_true(unread >= 0);
    close(unread);
    const int other = blob_open(fixture->blobs, digest_b, 6);
    assert_true(other >= 0);
    close(other);
    assert_int_equal(store(fixture->blobs, digest_a, "firmware"), 0); /* mended by that */
    const int again = blob_open(fixture->blobs, digest_a, 8);
    assert_true(again >= 0);
    close(again);
}

static void damage_after_a_file_was_read_is_seen(void **state)
{
    const struct fixture *fixture = *state;
    char path[FOLDER_PATH_SIZE];

    assert_int_equal(store(fixture->blobs, digest_a, "firmware"), 0);
    for (int i = 0; i < 2; i++) {
        const int file = blob_open(fixture->blobs, digest_a, 8);
        assert_true(file >= 0);
        close(file);
    }
    usleep(20000); /* times of files are as fine as the kernel's tick */
    write_over(folder_join(path, fixture->path, name_a), 0, 'F');
    assert_int_equal(blob_open(fixture->blobs, digest_a, 8), BLOB_DAMAGED);
}

static void an_upload_that_ends_leaves_nothing(void **state)
{
    const struct fixture *fixture = *state;
    char incoming[FOLDER_PATH_SIZE];
    struct blob_upload *one, *two;

    folder_join(incoming, fixture->path, "incoming");
    assert_int_equal(blob_upload_begin(fixture->blobs, &one), 0);
    assert_int_equal(blob_upload_begin(fixture->blobs, &two), 0);
    assert_int_equal(blob_upload_write(one, "x", 1), 0);
    assert_int_equal(count_files(incoming), 2);
    blob_upload_end(one);
    blob_upload_end(two);
    assert_int_equal(count_files(incoming), 0);
    assert_int_equal(count_files(fixture->path), 0);
}

static void leftovers_go_at_the_next_start(void **state)
{
    struct fixture *fixture = *state;
    char incoming[FOLDER_PATH_SIZE], left[FOLDER_PATH_SIZE];

    assert_int_equal(store(fixture->blobs, digest_a, "firmware"), 0);
    blobs_close(fixture->blobs);
    folder_join(incoming, fixture->path, "incoming");
    close(creat(folder_join(left, incoming, "upload-0"), 0600));
    close(creat(folder_join(left, incoming, "upload-77"), 0600));
    assert_int_equal(blobs_open(fixture->path, &fixture->blobs), 0);
    assert_int_equal(count_files(incoming), 0);
    assert_int_equal(count_files(fixture->path), 1);
}

static bool is_a(void *ctx, const uint8_t sha256[UD_SHA256_SIZE])
{
    (void)ctx;
    return memcmp(sha256, digest_a, UD_SHA256_SIZE) == 0;
}

static void sweeping_takes_only_blobs_nobody_wants(void **state)
{
    const struct fixture *fixture = *state;
    char path[FOLDER_PATH_SIZE];

    assert_int_equal(store(fixture->blobs, digest_a, "firmware"), 0);
    assert_int_equal(store(fixture->blobs, digest_b, "orphan"), 0);
    close(creat(folder_join(path, fixture->path, "README"), 0600));
    assert_int_equal(blobs_sweep(fixture->blobs, 0, is_a, NULL), 1);
    assert_int_equal(blob_open(fixture->blobs, digest_b, 6), -ENOENT);
    assert_int_equal(count_files(fixture->path), 2);
}

/* However it comes, and read before it is stored. */
static void pieces_of_any_length_arrive_whole(void **state)
{
    static const size_t lengths[] = {1, 262143, 262144, 262145, 3, 600000};
    const struct fixture *fixture = *state;
    uint8_t *sent = malloc(2000000), *got = malloc(2000000);
    struct blob_upload *upload;
    size_t total = 0;

    assert_true(sent != NULL && got != NULL);
    for (size_t i = 0; i < 2000000; i++)
        sent[i] = (uint8_t)(i * 7 + i / 251);
    assert_int_equal(blob_upload_begin(fixture->blobs, &upload), 0);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        assert_int_equal(blob_upload_write(upload, sent + total, lengths[i]), 0);
        total += lengths[i];
        assert_int_equal(blob_upload_size(upload), total);
        if (i % 2 == 1) {
            assert_int_equal(blob_upload_finish(upload), 0);
            assert_int_equal(pread(blob_upload_file(upload), got, 2000000, 0), total);
            assert_memory_equal(got, sent, total);
        }
    }
    blob_upload_end(upload);
    free(sent);
    free(got);
}

static void a_copy_is_in_the_file_at_once(void **state)
{
    const struct fixture *fixture = *state;
    struct blob_upload *upload, *copy;
    char got[20];

    assert_int_equal(blob_upload_begin(fixture->blobs, &upload), 0);
    assert_int_equal(blob_upload_write(upload, "firmware", 8), 0);
    assert_int_equal(blob_upload_finish(upload), 0);
    assert_int_equal(blob_upload_begin(fixture->blobs, &copy), 0);
    assert_int_equal(blob_upload_copy(copy, blob_upload_file(upload)), 0);
    assert_int_equal(pread(blob_upload_file(copy), got, sizeof got, 0), 8);
    assert_memory_equal(got, "firmware", 8);
    blob_upload_end(copy);
    blob_upload_end(upload);
}

static void a_full_disk_is_an_error_and_leaves_no_blob(void **state)
{
    const struct fixture *fixture = *state;
    const struct rlimit small = {1000, RLIM_INFINITY}, large = {RLIM_INFINITY, RLIM_INFINITY};
    struct blob_upload *upload;
    char piece[600] = {1};

    assert_int_equal(blob_upload_begin(fixture->blobs, &upload), 0);
    setrlimit(RLIMIT_FSIZE, &small);
    const int first = blob_upload_write(upload, piece, sizeof piece);
    const int finished = blob_upload_finish(upload);
    const int second = blob_upload_write(upload, piece, sizeof piece);
    const int full = blob_upload_finish(upload);
    const int third = blob_upload_write(upload, piece, 1); /* sticks */
    setrlimit(RLIMIT_FSIZE, &large);
    assert_int_equal(first, 0);
    assert_int_equal(finished, 0);
    assert_int_equal(second, 0);
    assert_int_equal(full, -EFBIG);
    assert_int_equal(third, -EFBIG);
    assert_int_equal(blob_upload_commit(upload, digest_a), -EFBIG);
    blob_upload_end(upload);
    assert_int_equal(count_files(fixture->path), 0);
}

static void a_place_that_cannot_be_written_is_said_at_once(void **state)
{
    const struct fixture *fixture = *state;
    char path[FOLDER_PATH_SIZE];
    struct blobs *blobs;

    close(creat(folder_join(path, fixture->folder, "file"), 0600));
    assert_true(blobs_open(path, &blobs) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_stored_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_and_damaged_are_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_byte_is_damage_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_after_a_file_was_read_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_upload_that_ends_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leftovers_go_at_the_next_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sweeping_takes_only_blobs_nobody_wants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pieces_of_any_length_arrive_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_is_in_the_file_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_an_error_and_leaves_no_blob, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_place_that_cannot_be_written_is_said_at_once, set_up,
                                        tear_down),
    };
    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests_name("blobs", tests, NULL, NULL);
}
