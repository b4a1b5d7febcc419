/* Runs a fuzz target without a fuzzer: over its seeds, over their truncations, and
 * over what a seeded generator makes of them.
 */
#include "fuzz.h"
#include "mutate.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define SEED      20261121u
#define SEEDS_MAX 128
#define BYTES_MAX 16384u
#ifndef FUZZ_MUTANTS
#define FUZZ_MUTANTS 12000
#endif

struct seed {
    uint8_t bytes[BYTES_MAX];
    size_t size;
};

struct seeds {
    size_t count;
    struct seed seeds[SEEDS_MAX];
};

static void read_seed(struct seeds *seeds, const char *path)
{
    struct seed *seed = &seeds->seeds[seeds->count];
    struct stat status;

    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > BYTES_MAX)
        return;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    seed->size = fread(seed->bytes, 1, BYTES_MAX, file);
    fclose(file);
    seeds->count++;
}

static void read_folder(struct seeds *seeds, const char *name)
{
    struct dirent **entries;
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", TEST_VECTORS, name);
    const int count = scandir(path, &entries, NULL, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", TEST_VECTORS, name, entries[i]->d_name);
        if (seeds->count < SEEDS_MAX)
            read_seed(seeds, path);
        free(entries[i]);
    }
    free(entries);
}

static int setup(void **state)
{
    static struct seeds seeds;
    char names[] = FUZZ_SEEDS, *rest = names;

    seeds.count = 0;
    for (const char *name; (name = strsep(&rest, " ")) != NULL;)
        read_folder(&seeds, name);
    assert_in_range(seeds.count, 3, SEEDS_MAX - 1);
    *state = &seeds;
    return 0;
}

/* From memory of just that size, so that reading past it is seen. */
static void play(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size + (size == 0));

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    assert_int_equal(LLVMFuzzerTestOneInput(copy, size), 0);
    free(copy);
}

static void the_vectors(void **state)
{
    const struct seeds *seeds = *state;

    for (size_t i = 0; i < seeds->count; i++)
        play(seeds->seeds[i].bytes, seeds->seeds[i].size);
}

static void their_beginnings_and_ends(void **state)
{
    const struct seeds *seeds = *state;

    for (size_t i = 0; i < seeds->count; i++) {
        const struct seed *seed = &seeds->seeds[i];
        for (size_t size = 0; size < seed->size; size += 1 + size / 16) {
            play(seed->bytes, size);
            play(seed->bytes + seed->size - size, size);
        }
    }
}

/* A target that has one of its own is linked with it. */
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                                                     unsigned int seed);

/* Never longer than it is. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    (void)max_size;
    for (int changes = 1 + rand() % 4; changes > 0 && size > 0; changes--)
        data[(size_t)rand() % size] = (uint8_t)rand();
    return size;
}

/* A few changed bytes, a piece of another one, one behind the other, or what the target
 * itself makes of it. */
static size_t mutate(const struct seeds *seeds, uint8_t *bytes)
{
    const struct seed *seed = &seeds->seeds[(size_t)rand() % seeds->count];
    const struct seed *other = &seeds->seeds[(size_t)rand() % seeds->count];
    size_t size = seed->size;

    memcpy(bytes, seed->bytes, size);
    if (LLVMFuzzerCustomMutator != NULL && rand() % 2 == 0)
        return LLVMFuzzerCustomMutator(bytes, size, BYTES_MAX, (unsigned)rand());
    if (rand() % 4 == 0) {
        memcpy(bytes + size, other->bytes, other->size);
        size += other->size;
    }
    for (int changes = rand() % 5; changes > 0 && size > 0; changes--) {
        const size_t at = (size_t)rand() % size;
        if (rand() % 4 == 0 && other->size > 4)
            memmove(bytes + at, other->bytes + (size_t)rand() % (other->size - 4),
                    size - at < 4 ? size - at : 4);
        else
            bytes[at] = rand() % 2 == 0 ? (uint8_t)rand() : bytes[at] ^ (uint8_t)(1 << rand() % 8);
    }
    return size;
}

static void what_comes_of_them(void **state)
{
    static uint8_t bytes[2 * BYTES_MAX];

    print_message("seed %u\n", SEED);
    srand(SEED);
    for (int i = 0; i < FUZZ_MUTANTS; i++)
        play(bytes, mutate(*state, bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors),
        cmocka_unit_test(their_beginnings_and_ends),
        cmocka_unit_test(what_comes_of_them),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
