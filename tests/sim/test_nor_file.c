/* Chips in files: made erased, kept through everything, one process each. */
#include "sim/nor.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHIP_SIZE (4 * UD_FLASH_BLOCK)

static struct nor *open_chip(const struct nor_config *config)
{
    struct nor *nor;

    assert_int_equal(nor_open(&nor, config), 0);
    return nor;
}

static int program(struct nor *nor, uint32_t address, const void *data, uint32_t length)
{
    const struct ud_flash *flash = nor_flash(nor);

    return flash->program(flash->ctx, address, data, length);
}

static bool is_erased(struct nor *nor)
{
    for (uint32_t i = 0; i < CHIP_SIZE; i++)
        if (nor_bytes(nor)[i] != 0xff)
            return false;
    return true;
}

struct folder {
    char path[64];
    char file[80];
};

static int make_folder(void **state)
{
    static struct folder folder;

    snprintf(folder.path, sizeof folder.path, "/tmp/updraft-nor.XXXXXX");
    assert_non_null(mkdtemp(folder.path));
    snprintf(folder.file, sizeof folder.file, "%s/chip", folder.path);
    *state = &folder;
    return 0;
}

/* With whatever a process that died left in it. */
static int remove_folder(void **state)
{
    const struct folder *folder = *state;
    DIR *listing = opendir(folder->path);

    assert_non_null(listing);
    for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        unlinkat(dirfd(listing), entry->d_name, 0);
    closedir(listing);
    return rmdir(folder->path);
}

static void a_file_is_made_erased_and_keeps_its_content(void **state)
{
    const struct folder *folder = *state;
    const struct nor_config config = {.path = folder->file, .size = CHIP_SIZE};
    const uint32_t word = 0x12345678;
    struct nor *nor = open_chip(&config);

    assert_true(is_erased(nor));
    assert_int_equal(program(nor, 4, &word, 4), 0);
    nor_close(nor);
    nor = open_chip(&config);
    assert_memory_equal(nor_bytes(nor) + 4, &word, 4);
    nor_close(nor);
}

/* What was programmed is there although nobody closed anything. */
static void a_killed_process_loses_nothing(void **state)
{
    const struct folder *folder = *state;
    const struct nor_config config = {.path = folder->file, .size = CHIP_SIZE};
    const uint32_t word = 0x12345678;
    int status;

    const pid_t child = fork();
    if (child == 0) {
        struct nor *nor;
        if (nor_open(&nor, &config) != 0 || program(nor, 4, &word, 4) != 0)
            _exit(1);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    struct nor *nor = open_chip(&config);
    assert_memory_equal(nor_bytes(nor) + 4, &word, 4);
    nor_close(nor);
}

static void one_file_is_one_chip(void **state)
{
    const struct folder *folder = *state;
    const struct nor_config config = {.path = folder->file, .size = CHIP_SIZE};
    const struct nor_config larger = {.path = folder->file, .size = 2 * CHIP_SIZE};
    const struct nor_config not_a_file = {.path = folder->path, .size = CHIP_SIZE};
    const struct nor_config nowhere = {.path = "/nonexistent/chip", .size = CHIP_SIZE};
    struct nor *nor = open_chip(&config);
    struct nor *other;

    assert_int_equal(nor_open(&other, &config), -EBUSY);
    assert_int_equal(nor_open(&other, &larger), -ERANGE);
    nor_close(nor);
    nor = open_chip(&config);
    nor_close(nor);
    assert_int_equal(nor_open(&other, &larger), -ERANGE);
    assert_int_equal(nor_open(&other, &not_a_file), -EISDIR);
    assert_int_equal(nor_open(&other, &nowhere), -ENOENT);
    nor_close(NULL);
}

static void a_scratch_chip_leaves_its_file_alone(void **state)
{
    const struct folder *folder = *state;
    const struct nor_config config = {.path = folder->file, .size = CHIP_SIZE};
    const struct nor_config scratch = {.path = folder->file, .size = CHIP_SIZE, .is_scratch = true};
    const uint32_t zero = 0;
    struct nor *nor;

    assert_int_equal(nor_open(&nor, &scratch), -ENOENT);
    nor_close(open_chip(&config));
    nor = open_chip(&scratch);
    struct nor *second = open_chip(&scratch);
    assert_int_equal(program(nor, 0, &zero, 4), 0);
    assert_int_equal(nor_bytes(nor)[0], 0);
    assert_int_equal(nor_bytes(second)[0], 0xff);
    nor_close(second);
    nor_close(nor);
    nor = open_chip(&config);
    assert_int_equal(nor_bytes(nor)[0], 0xff);
    nor_close(nor);
}

/* ---- Several at once ---- */

#define RIVALS 4
#define ROUNDS 25

struct rivals {
    const char *path;
    pthread_barrier_t barrier;
    int results[RIVALS];
};

struct rival {
    struct rivals *all;
    size_t index;
};

/* Holds the chip, once it has it, until everybody has tried. */
static void *open_as_rival(void *ctx)
{
    const struct rival *rival = ctx;
    const struct nor_config config = {.path = rival->all->path, .size = CHIP_SIZE};
    struct nor *nor = NULL;

    pthread_barrier_wait(&rival->all->barrier);
    rival->all->results[rival->index] = nor_open(&nor, &config);
    pthread_barrier_wait(&rival->all->barrier);
    nor_close(nor);
    return NULL;
}

/* Nobody sees a file half made: one gets the chip, to the others it is busy. */
static void one_of_many_that_make_a_file_gets_it(void **state)
{
    const struct folder *folder = *state;
    const struct nor_config config = {.path = folder->file, .size = CHIP_SIZE};

    for (int round = 0; round < ROUNDS; round++) {
        struct rivals all = {.path = folder->file};
        struct rival rivals[RIVALS];
        pthread_t threads[RIVALS];
        int winners = 0;

        assert_int_equal(pthread_barrier_init(&all.barrier, NULL, RIVALS), 0);
        for (size_t i = 0; i < RIVALS; i++) {
            rivals[i] = (struct rival){&all, i};
            assert_int_equal(pthread_create(&threads[i], NULL, open_as_rival, &rivals[i]), 0);
        }
        for (size_t i = 0; i < RIVALS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        pthread_barrier_destroy(&all.barrier);
        for (size_t i = 0; i < RIVALS; i++) {
            winners += all.results[i] == 0;
            assert_true(all.results[i] == 0 || all.results[i] == -EBUSY);
        }
        assert_int_equal(winners, 1);
        struct nor *nor = open_chip(&config);
        assert_true(is_erased(nor));
        nor_close(nor);
        assert_int_equal(unlink(folder->file), 0);
    }
}

/* ---- Whoever dies ---- */

/* Makes the file in a process that the kernel ends in the middle of it. */
static void die_while_making(const struct nor_config *config)
{
    const struct rlimit half = {config->size / 2, config->size / 2};
    int status;

    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0, 0};
        struct nor *nor;
        setrlimit(RLIMIT_CORE, &none);
        setrlimit(RLIMIT_FSIZE, &half);
        _exit(nor_open(&nor, config) == 0 ? 1 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
}

static void a_process_that_dies_making_a_file_is_in_nobodys_way(void **state)
{
    const struct folder *folder = *state;
    const struct nor_config config = {.path = folder->file, .size = CHIP_SIZE};

    die_while_making(&config);
    assert_int_equal(access(folder->file, F_OK), -1);
    die_while_making(&config);
    struct nor *nor = open_chip(&config);
    assert_true(is_erased(nor));
    nor_close(nor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_made_erased_and_keeps_its_content, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_killed_process_loses_nothing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(one_file_is_one_chip, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_scratch_chip_leaves_its_file_alone, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(one_of_many_that_make_a_file_gets_it, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_process_that_dies_making_a_file_is_in_nobodys_way,
                                        make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
