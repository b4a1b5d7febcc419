/* Whole files: limits, errors, and writes that are all or nothing. */
#include "host/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int enter_directory(void **state)
{
    static char directory[] = "/tmp/updraft-file.XXXXXX";
    *state = mkdtemp(directory);
    return *state ? chdir(directory) : -1;
}

static int leave_directory(void **state)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", (const char *)*state);
    return chdir("/") || system(command);
}

static size_t entries(const char *path)
{
    size_t count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count - 2; /* . and .. */
}

static void what_was_written_is_read(void **state)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 300000};
    (void)state;
    uint8_t *data = malloc(300000);
    for (size_t i = 0; i < 300000; i++)
        data[i] = (uint8_t)(i * 31 >> 3);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct file_bytes bytes;
        assert_int_equal(file_write_atomic("data", data, sizes[i], 0644), 0);
        assert_int_equal(file_read("data", sizes[i], &bytes), 0);
        assert_int_equal(bytes.length, sizes[i]);
        assert_memory_equal(bytes.data, data, sizes[i]);
        free(bytes.data);
        assert_int_equal(file_read("data", SIZE_MAX, &bytes), 0);
        assert_int_equal(bytes.length, sizes[i]);
        free(bytes.data);
        if (sizes[i])
            assert_int_equal(file_read("data", sizes[i] - 1, &bytes), -EFBIG);
    }
    assert_int_equal(entries("."), 1);
    free(data);
}

static void pipes_are_read_to_their_end(void **state)
{
    struct file_bytes bytes;
    (void)state;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    for (size_t limit = 99999; limit <= 100001; limit++) {
        FILE *writer = popen("head -c 100000 /dev/zero >pipe 2>&1", "r");
        const int result = file_read("pipe", limit, &bytes);
        assert_int_equal(result, limit < 100000 ? -EFBIG : 0);
        if (result == 0)
            assert_int_equal(bytes.length, 100000);
        free(bytes.data);
        pclose(writer);
    }
}

static void what_cannot_be_read_says_why(void **state)
{
    struct file_bytes bytes;
    (void)state;
    assert_int_equal(file_read("missing", 10, &bytes), -ENOENT);
    assert_null(bytes.data);
    assert_int_equal(file_read(".", 10, &bytes), -EISDIR);
    assert_int_equal(file_read("/dev/null", 10, &bytes), 0);
    assert_int_equal(bytes.length, 0);
    free(bytes.data);
}

static void a_failed_write_changes_nothing(void **state)
{
    struct file_bytes bytes;
    (void)state;
    assert_int_equal(file_write_atomic("kept", "old", 3, 0644), 0);
    const size_t before = entries(".");
    assert_int_equal(file_write_atomic("missing/file", "new", 3, 0644), -ENOENT);
    assert_int_equal(mkdir("directory", 0755), 0);
    assert_int_equal(file_write_atomic("directory", "new", 3, 0644), -EISDIR);
    assert_int_equal(file_write_atomic("/dev/null", "new", 3, 0644), -ENOTSUP);
    assert_int_equal(rmdir("directory"), 0);
    assert_int_equal(entries("."), before);
    assert_int_equal(file_read("kept", 10, &bytes), 0);
    assert_memory_equal(bytes.data, "old", 3);
    free(bytes.data);
}

static void the_mode_is_as_asked(void **state)
{
    struct stat status;
    (void)state;
    assert_int_equal(file_write_atomic("secret", "x", 1, 0600), 0);
    assert_int_equal(stat("secret", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void directories_are_made_with_their_parents(void **state)
{
    struct stat status;
    (void)state;
    assert_int_equal(file_make_directories("a/b/c", 0700), 0);
    assert_int_equal(stat("a/b/c", &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(file_make_directories("a/b/c/", 0700), 0);
    assert_int_equal(file_make_directories("/tmp", 0700), 0);
    assert_int_equal(file_make_directories("", 0700), -ENOENT);
    assert_int_equal(file_write_atomic("plain", "x", 1, 0600), 0);
    assert_int_equal(file_make_directories("plain/d", 0700), -ENOTDIR);
    assert_int_equal(file_make_directories("plain", 0700), -ENOTDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(pipes_are_read_to_their_end),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(a_failed_write_changes_nothing),
        cmocka_unit_test(the_mode_is_as_asked),
        cmocka_unit_test(directories_are_made_with_their_parents),
    };
    return cmocka_run_group_tests_name("file", tests, enter_directory, leave_directory);
}
