/* Which updates can be carried out, and where the old program is kept. */
#include "boot/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEED  20261121u
#define CHIP  0x100000u /* 1 MB: files from EB000, settings from FB000 */
#define FILES 0xeb000u

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

struct task {
    uint32_t source, destination, size, output_size; /* of the update */
    uint32_t program_size;                           /* of what runs */
};

/* An image of 100 KB less a bit staged below the files, over a program of 90 KB. */
static const struct task usual = {FILES - 0x19000, 0, 0x18f00, 0x18f00, 0x16800};

static enum boot_error plan(const struct task *task, uint32_t words[UD_JOURNAL_HEAD_WORDS])
{
    words[UD_JOURNAL_SOURCE] = task->source;
    words[UD_JOURNAL_DESTINATION] = task->destination;
    words[UD_JOURNAL_SIZE] = task->size;
    words[UD_JOURNAL_OUTPUT_SIZE] = task->output_size;
    words[UD_JOURNAL_KEEP] = words[UD_JOURNAL_KEEP_SIZE] = 0xa5a5a5a5;
    return boot_plan(words, task->program_size, CHIP);
}

static void a_usual_update_is_feasible_and_its_predecessor_kept(void **state)
{
    uint32_t words[UD_JOURNAL_HEAD_WORDS];

    (void)state;
    assert_int_equal(plan(&usual, words), BOOT_OK);
    assert_int_equal(words[UD_JOURNAL_OUTPUT_SIZE], 0x18f00);
    assert_int_equal(words[UD_JOURNAL_WAY_BACK], 0x19000); /* right behind it */
    assert_int_equal(words[UD_JOURNAL_WAY_BACK + 1], 0);
    assert_int_equal(words[UD_JOURNAL_WAY_BACK + 2], 0x16800);
}

static void each_rule_has_its_error(void **state)
{
    static const struct {
        uint32_t source, destination, size, output;
        enum boot_error error;
    } rows[] = {
        {0x80001, 0, 0x2000, 0x2000, BOOT_BAD_ALIGNMENT},
        {0x80000, 0xeb800, 0x2000, 0x2000, BOOT_BAD_ALIGNMENT},
        {0x80000, 0, 0, 0, BOOT_BAD_SOURCE}, /* no bytes are taken for 4 GB of them */
        {0x80000, 0, 0x2000, 0, BOOT_BAD_DESTINATION},
        {0x80000, 0, 0x1000, 0x1000, BOOT_BAD_SIZE}, /* a bootloader, no program */
        {0x80000, 0, 0x1001, 0x1001, BOOT_OK},
        {0x80000, 0, 0x100, 0x1000, BOOT_BAD_SIZE},
        {0x80000, 0, 0x7b000, 0x7b000, BOOT_OK},
        {0x80000, 0, 0x7b001, 0x7b001, BOOT_BAD_SOURCE}, /* reaches the settings */
        {0x100000, 0, 0x2000, 0x2000, BOOT_BAD_SOURCE},
        {0xfffff000, 0, 0x2000, 0x2000, BOOT_BAD_SOURCE},
        {0x80000, 0, UINT32_MAX, UINT32_MAX, BOOT_BAD_SOURCE},
        {0x80000, 0, 0x10000, 0x80000, BOOT_OK}, /* up to its source */
        {0x80000, 0, 0x10000, 0x80001, BOOT_BAD_DESTINATION},
        {0x80000, 0, 0x10000, UINT32_MAX, BOOT_BAD_DESTINATION},
        {0x80000, FILES, 0x10000, 0x10000, BOOT_OK},
        {0x80000, FILES, 0x10001, 0x10001, BOOT_BAD_DESTINATION},
        {0x80000, FILES, 0x2000, 0x10001, BOOT_BAD_DESTINATION},
        {0x80000, 0x16000, 0x2000, 0x2000, BOOT_BAD_DESTINATION}, /* over what runs */
        {0x80000, 0x17000, 0x2000, 0x2000, BOOT_OK},
        {0x80000, 0x70000, 0x20000, 0x20000, BOOT_OK}, /* downwards */
        {0x80000, 0x70000, 0x10000, 0x10001, BOOT_BAD_DESTINATION},
        {0x80000, 0x88000, 0x10000, 0x10000, BOOT_BAD_DESTINATION}, /* upwards */
        {0x80000, 0x90000, 0x10000, 0x10000, BOOT_OK},
        {0x80000, 0x80000, 0x2000, 0x2000, BOOT_BAD_DESTINATION},
    };
    uint32_t words[UD_JOURNAL_HEAD_WORDS];

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct task task = {rows[i].source, rows[i].destination, rows[i].size, rows[i].output,
                                  usual.program_size};

        print_message("row %zu\n", i);
        assert_int_equal(plan(&task, words), rows[i].error);
    }
}

static void without_room_nothing_is_kept(void **state)
{
    const struct task rows[] = {
        /* One sector must lie between the place it is kept at and the source. */
        {usual.source, 0, usual.size, usual.size, usual.source - 0x1000 + 1},
        /* No room for the record in the last sector. */
        {usual.source, 0, 0x19000, 0x19000, usual.program_size},
        {usual.source, 0, 0x18fe1, 0x18fe1, usual.program_size},
        /* Compressed, and it would reach into its source. */
        {0x40000, 0, 0x8000, 0x2f000 - 0x100, 0x16800},
        /* Nothing runs. */
        {usual.source, 0, usual.size, usual.size, 0},
        /* Files are no program. */
        {usual.source, FILES, 0x10000 - 0x100, 0x10000 - 0x100, usual.program_size},
    };
    uint32_t words[UD_JOURNAL_HEAD_WORDS];

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        print_message("row %zu\n", i);
        assert_int_equal(plan(&rows[i], words), BOOT_OK);
        assert_int_equal(words[UD_JOURNAL_KEEP_SIZE], 0);
    }
}

/* What is feasible stays within its bounds. */
static void check_bounds(const struct task *task, const uint32_t *words)
{
    const bool is_gzip = task->size != task->output_size;
    const uint32_t end = task->destination + ud_flash_round_up(task->output_size);
    const uint32_t source_end = task->source + ud_flash_round_up(task->size);

    assert_true(end <= CHIP - 0x5000);
    assert_true(task->destination == 0 || task->destination >= task->program_size);
    if (is_gzip)
        assert_true(end <= task->source || task->destination >= source_end);
    else
        assert_true(task->destination < task->source || task->destination >= source_end);
    if (words[UD_JOURNAL_KEEP_SIZE] == 0)
        return;
    assert_int_equal(words[UD_JOURNAL_KEEP_SIZE], task->program_size);
    assert_true(words[UD_JOURNAL_KEEP] >= end);
    assert_true(words[UD_JOURNAL_KEEP] >= task->program_size);
    assert_true(words[UD_JOURNAL_KEEP] < task->source);
    assert_true(words[UD_JOURNAL_KEEP] + task->program_size <=
                (is_gzip ? task->source : source_end));
}

static void no_plan_reaches_where_it_must_not(void **state)
{
    uint32_t words[UD_JOURNAL_HEAD_WORDS];
    uint32_t feasible = 0, kept = 0;

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    for (int round = 0; round < 200000; round++) {
        struct task task = {
            (uint32_t)rand() % 260 * 4096, rand() % 2 ? 0 : (uint32_t)rand() % 260 * 4096,
            (uint32_t)rand() % 0x90000,    0,
            (uint32_t)rand() % 0x90000,
        };
        task.output_size = rand() % 2 ? (uint32_t)rand() % 0x90000 : task.size;
        if (plan(&task, words) != BOOT_OK)
            continue;
        feasible++;
        kept += words[UD_JOURNAL_KEEP_SIZE] != 0;
        check_bounds(&task, words);
    }
    assert_true(feasible > 10000 && kept > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usual_update_is_feasible_and_its_predecessor_kept),
        cmocka_unit_test(each_rule_has_its_error),
        cmocka_unit_test(without_room_nothing_is_kept),
        cmocka_unit_test(no_plan_reaches_where_it_must_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
