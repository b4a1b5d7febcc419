/* Which updates can be carried out, and where the old program is kept. */
#include "boot/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEED  20261121u
#define CHIP  0x100000u /* 1 MB: files from EB000, settings from FB000 */
#define FILES 0xeb000u

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

/* An image of 100 KB staged below the files, over a program of 90 KB. */
static struct boot_task usual(void)
{
    return (struct boot_task){
        .order = {.source = FILES - 0x19000, .destination = 0, .size = 0x19000},
        .output_size = 0x19000,
        .running_size = 0x16800,
        .flash_size = CHIP,
    };
}

static enum boot_reason judge(const struct boot_task *task)
{
    struct ud_journal_plan plan;

    return boot_plan(task, &plan);
}

static void a_usual_update_is_feasible_and_its_predecessor_kept(void **state)
{
    const struct boot_task task = usual();
    struct ud_journal_plan plan;

    (void)state;
    assert_int_equal(boot_plan(&task, &plan), BOOT_FEASIBLE);
    assert_int_equal(plan.output_size, 0x19000);
    assert_int_equal(plan.keep, 0x19000 + 0x1000); /* behind it, and the trial's sector */
    assert_int_equal(plan.keep_size, 0x16800);
}

static void each_rule_has_its_reason(void **state)
{
    static const struct {
        uint32_t source, destination, size, output;
        bool is_gzip;
        enum boot_reason reason;
    } rows[] = {
        {0x80001, 0, 0x1000, 0x1000, false, BOOT_BAD_ALIGNMENT},
        {0x80000, 0xeb800, 0x1000, 0x1000, false, BOOT_BAD_ALIGNMENT},
        {0x80000, 0, 0, 0, false, BOOT_EMPTY},
        {0x80000, 0, 0x1000, 0, true, BOOT_EMPTY},
        {0x80000, 0, 0x1000, 0x1000, true, BOOT_EMPTY}, /* would pass for a raw one */
        {0x80000, 0, 0x7b000, 0x7b000, false, BOOT_FEASIBLE},
        {0x80000, 0, 0x7b001, 0x7b001, false, BOOT_BAD_SOURCE}, /* reaches the settings */
        {0x100000, 0, 0x1000, 0x1000, false, BOOT_BAD_SOURCE},
        {0xfffff000, 0, 0x2000, 0x2000, false, BOOT_BAD_SOURCE},
        {0x80000, 0, UINT32_MAX, UINT32_MAX, false, BOOT_BAD_SOURCE},
        {0x80000, 0, 0x10000, 0x80000, true, BOOT_FEASIBLE}, /* up to its source */
        {0x80000, 0, 0x10000, 0x80001, true, BOOT_BAD_DESTINATION},
        {0x80000, 0, 0x10000, UINT32_MAX, true, BOOT_BAD_DESTINATION},
        {0x80000, FILES, 0x10000, 0x10000, false, BOOT_FEASIBLE},
        {0x80000, FILES, 0x10001, 0x10001, false, BOOT_BAD_DESTINATION},
        {0x80000, FILES, 0x1000, 0x10001, true, BOOT_BAD_DESTINATION},
        {0x80000, 0x16000, 0x1000, 0x1000, false, BOOT_OVER_RUNNING},
        {0x80000, 0x17000, 0x1000, 0x1000, false, BOOT_FEASIBLE},
        {0x80000, 0x70000, 0x20000, 0x20000, false, BOOT_FEASIBLE}, /* downwards */
        {0x80000, 0x70000, 0x10000, 0x10001, true, BOOT_OVERLAP},
        {0x80000, 0x88000, 0x10000, 0x10000, false, BOOT_OVERLAP}, /* upwards */
        {0x80000, 0x90000, 0x10000, 0x10000, false, BOOT_FEASIBLE},
        {0x80000, 0x80000, 0x1000, 0x1000, false, BOOT_OVERLAP},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct boot_task task = usual();

        task.order = (struct ud_journal_order){rows[i].source, rows[i].destination, rows[i].size};
        task.output_size = rows[i].output;
        task.is_gzip = rows[i].is_gzip;
        print_message("row %zu\n", i);
        assert_int_equal(judge(&task), rows[i].reason);
    }
}

static void without_room_nothing_is_kept(void **state)
{
    struct boot_task task = usual();
    struct ud_journal_plan plan;

    (void)state;
    task.running_size = 0;
    assert_int_equal(boot_plan(&task, &plan), BOOT_FEASIBLE);
    assert_int_equal(plan.keep, UD_JOURNAL_NO_KEEP);
    /* One sector must lie between the place it is kept at and the source. */
    task = usual();
    task.running_size = task.order.source - 0x2000;
    assert_int_equal(boot_plan(&task, &plan), BOOT_FEASIBLE);
    assert_int_equal(plan.keep, UD_JOURNAL_NO_KEEP);
    /* Files are no program. */
    task = usual();
    task.order.destination = FILES;
    task.order.size = task.output_size = 0x10000;
    assert_int_equal(boot_plan(&task, &plan), BOOT_FEASIBLE);
    assert_int_equal(plan.keep, UD_JOURNAL_NO_KEEP);
}

/* Whatever is asked for: what is feasible stays within its bounds. */
static void no_plan_reaches_where_it_must_not(void **state)
{
    uint32_t feasible = 0, kept = 0;

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    for (int round = 0; round < 200000; round++) {
        struct boot_task task = {
            .order = {(uint32_t)rand() % 260 * 4096, rand() % 2 ? 0 : (uint32_t)rand() % 260 * 4096,
                      (uint32_t)rand() % 0x90000},
            .is_gzip = rand() % 2,
            .running_size = (uint32_t)rand() % 0x90000,
            .flash_size = CHIP,
        };
        task.output_size = task.is_gzip ? (uint32_t)rand() % 0x90000 : task.order.size;
        struct ud_journal_plan plan;
        if (boot_plan(&task, &plan) != BOOT_FEASIBLE)
            continue;
        const uint32_t end = task.order.destination + ud_flash_round_up(task.output_size);
        const uint32_t source_end = task.order.source + ud_flash_round_up(task.order.size);
        feasible++;
        assert_true(end <= CHIP - 0x5000);
        assert_true(task.order.destination == 0 || task.order.destination >= task.running_size);
        if (task.is_gzip)
            assert_true(end <= task.order.source || task.order.destination >= source_end);
        else
            assert_true(task.order.destination < task.order.source ||
                        task.order.destination >= source_end);
        if (plan.keep == UD_JOURNAL_NO_KEEP)
            continue;
        kept++;
        assert_true(plan.keep >= end + 4096);
        assert_true(plan.keep >= task.running_size);
        assert_true(plan.keep < task.order.source);
        assert_true(plan.keep + task.running_size <=
                    (task.is_gzip ? task.order.source : source_end));
    }
    assert_true(feasible > 10000 && kept > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usual_update_is_feasible_and_its_predecessor_kept),
        cmocka_unit_test(each_rule_has_its_reason),
        cmocka_unit_test(without_room_nothing_is_kept),
        cmocka_unit_test(no_plan_reaches_where_it_must_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
