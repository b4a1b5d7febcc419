/* What power cuts leave of a flash chip: a sequence of operations is cut at each
 * of them, before it, in the middle of it and after it. What was done before must
 * be there, what comes later must not, and of the one that was cut exactly what
 * its phase allows. */
#include "sim/nor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHIP_SIZE  (2 * UD_FLASH_BLOCK)
#define SEEDS      64u
#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

/* Programs onto erased and programmed cells, across a page's end, a whole sector
 * and one word; erases of a sector and of a block. */
static const struct step {
    enum nor_operation operation;
    uint32_t address, length;
} steps[] = {
    {NOR_PROGRAM, 0, UD_FLASH_SECTOR},       {NOR_PROGRAM, 256, 1024},
    {NOR_PROGRAM, CHIP_SIZE - 4, 4},         {NOR_ERASE, UD_FLASH_SECTOR, UD_FLASH_SECTOR},
    {NOR_PROGRAM, UD_FLASH_SECTOR + 252, 8}, {NOR_ERASE, UD_FLASH_BLOCK, UD_FLASH_BLOCK},
    {NOR_ERASE, 0, UD_FLASH_SECTOR},         {NOR_PROGRAM, 0, 4},
};

/* What the chip holds before anything happens; the first sector is erased. */
static uint8_t old_byte(uint32_t address)
{
    return address < UD_FLASH_SECTOR ? 0xff : (uint8_t)(address * 2654435761u >> 24);
}

/* What step number index programs. */
static uint8_t new_byte(size_t index, uint32_t address)
{
    return (uint8_t)((address + 1 + index) * 2246822519u >> 24);
}

static int take_step(struct nor *nor, size_t index)
{
    static uint8_t data[UD_FLASH_SECTOR] __attribute__((aligned(UD_FLASH_WORD)));
    const struct ud_flash *flash = nor_flash(nor);
    const struct step *step = &steps[index];

    if (step->operation == NOR_ERASE)
        return flash->erase(flash->ctx, step->address, step->length);
    for (uint32_t i = 0; i < step->length; i++)
        data[i] = new_byte(index, step->address + i);
    return flash->program(flash->ctx, step->address, data, step->length);
}

/* The content as the rules of NOR flash have it, apart from the model under test. */
static void expect_steps(uint8_t *content, size_t count)
{
    for (uint32_t i = 0; i < CHIP_SIZE; i++)
        content[i] = old_byte(i);
    for (size_t index = 0; index < count; index++) {
        const struct step *step = &steps[index];
        for (uint32_t i = step->address; i < step->address + step->length; i++)
            content[i] = step->operation == NOR_ERASE ? 0xff : content[i] & new_byte(index, i);
    }
}

static struct nor *open_chip(struct power *power)
{
    const struct nor_config config = {
        .size = CHIP_SIZE, .has_block_erase = true, .rules = NOR_AND, .power = power};
    struct nor *nor;

    assert_int_equal(nor_open(&nor, &config), 0);
    for (uint32_t i = 0; i < CHIP_SIZE; i++)
        nor_bytes(nor)[i] = old_byte(i);
    return nor;
}

/* A chip whose program lives on after the cut and tries all the steps left. */
static struct nor *run(struct power *power, const struct cut_plan *plan)
{
    power_on(power, plan, NULL);
    struct nor *nor = open_chip(power);
    for (size_t index = 0; index < SIZE(steps); index++) {
        const bool is_done = plan->operation == 0 || index + 1 < plan->operation;
        assert_int_equal(take_step(nor, index) == 0, is_done);
    }
    return nor;
}

static void assert_power_is_off(struct nor *nor, const struct power *power)
{
    static uint8_t before[CHIP_SIZE];
    const struct ud_flash *flash = nor_flash(nor);
    uint32_t word = 0x600df00d;

    assert_true(power->is_off);
    memcpy(before, nor_bytes(nor), CHIP_SIZE);
    assert_true(flash->read(flash->ctx, 0, &word, 4) < 0);
    assert_int_equal(word, 0x600df00d);
    assert_true(flash->program(flash->ctx, 8, &(uint32_t){0}, 4) < 0);
    assert_true(flash->erase(flash->ctx, UD_FLASH_BLOCK, UD_FLASH_SECTOR) < 0);
    assert_memory_equal(nor_bytes(nor), before, CHIP_SIZE);
    assert_int_equal(nor_fault(nor), NOR_NO_FAULT);
}

static void uncut_every_step_is_done(void **state)
{
    static const struct cut_plan never = {0};
    static uint8_t expected[CHIP_SIZE];
    struct power power;
    struct nor *nor = run(&power, &never);

    (void)state;
    expect_steps(expected, SIZE(steps));
    assert_memory_equal(nor_bytes(nor), expected, CHIP_SIZE);
    assert_int_equal(power.operations, SIZE(steps));
    assert_false(power.is_off);
    nor_close(nor);
}

/* Before and after leave the whole chip as that many steps do. */
static void cuts_before_and_after_are_all_or_nothing(void **state)
{
    static uint8_t expected[CHIP_SIZE];

    (void)state;
    for (uint64_t operation = 1; operation <= SIZE(steps); operation++)
        for (int is_after = 0; is_after < 2; is_after++) {
            const struct cut_plan plan = {.operation = operation,
                                          .phase = is_after ? CUT_AFTER : CUT_BEFORE};
            struct power power;
            struct nor *nor = run(&power, &plan);

            expect_steps(expected, (size_t)operation - 1 + (size_t)is_after);
            assert_memory_equal(nor_bytes(nor), expected, CHIP_SIZE);
            assert_int_equal(power.operations, operation);
            assert_power_is_off(nor, &power);
            nor_close(nor);
        }
}

/* How the cells of a torn step ended up, over many seeds. */
struct tally {
    uint32_t kept, finished, between;
};

/* Between a cell's old and its final value every bit is one of the two. */
static void tally_cell(struct tally *tally, uint8_t cell, uint8_t old, uint8_t final)
{
    assert_int_equal((cell ^ old) & (cell ^ final), 0);
    if (old == final)
        return;
    tally->kept += cell == old;
    tally->finished += cell == final;
    tally->between += cell != old && cell != final;
}

static struct tally tear_step(size_t index)
{
    static uint8_t before[CHIP_SIZE], after[CHIP_SIZE];
    const struct step *step = &steps[index];
    struct tally tally = {0};

    expect_steps(before, index);
    expect_steps(after, index + 1);
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        const struct cut_plan plan = {.operation = index + 1, .phase = CUT_TORN, .seed = seed};
        struct power power;
        struct nor *nor = run(&power, &plan);
        const uint8_t *cells = nor_bytes(nor);
        const uint32_t end = step->address + step->length;

        assert_memory_equal(cells, before, step->address);
        assert_memory_equal(cells + end, before + end, CHIP_SIZE - end);
        for (uint32_t i = step->address; i < end; i++)
            tally_cell(&tally, cells[i], before[i], after[i]);
        assert_power_is_off(nor, &power);
        nor_close(nor);
    }
    return tally;
}

/* A torn program clears bits it was to clear, a torn erase sets bits, and neither
 * reaches a cell outside its range. All that can be left is left by some seed. */
static void torn_steps_stop_on_the_way(void **state)
{
    (void)state;
    for (size_t index = 0; index < SIZE(steps); index++) {
        const struct tally tally = tear_step(index);

        assert_true(tally.kept > 0);
        assert_true(tally.finished > 0);
        assert_true(tally.between > 0);
    }
}

static void the_seed_settles_how_a_step_is_torn(void **state)
{
    static uint8_t content[SEEDS][UD_FLASH_SECTOR];
    static const uint64_t operations[] = {1, 7}; /* both in the first sector */

    (void)state;
    for (size_t i = 0; i < SIZE(operations); i++) {
        for (uint32_t round = 0; round < 2 * SEEDS; round++) {
            const struct cut_plan plan = {
                .operation = operations[i], .phase = CUT_TORN, .seed = round % SEEDS};
            struct power power;
            struct nor *nor = run(&power, &plan);

            if (round < SEEDS)
                memcpy(content[round], nor_bytes(nor), UD_FLASH_SECTOR);
            else
                assert_memory_equal(content[round % SEEDS], nor_bytes(nor), UD_FLASH_SECTOR);
            nor_close(nor);
        }
        uint32_t alike = 0; /* erases that had not begun, or had ended, look alike */
        for (uint32_t seed = 1; seed < SEEDS; seed++)
            alike += memcmp(content[0], content[seed], UD_FLASH_SECTOR) == 0;
        assert_true(alike < SEEDS / 8);
    }
}

/* An erase wears its sectors as soon as it has begun. */
static void cut_erases_wear_once_begun(void **state)
{
    (void)state;
    for (enum cut_phase phase = CUT_BEFORE; phase <= CUT_AFTER; phase++) {
        const struct cut_plan plan = {.operation = 6, .phase = phase}; /* the block's erase */
        struct power power;
        struct nor *nor = run(&power, &plan);
        const uint32_t wear = phase == CUT_BEFORE ? 0 : 1;

        for (uint32_t at = UD_FLASH_BLOCK; at < CHIP_SIZE; at += UD_FLASH_SECTOR)
            assert_int_equal(nor_wear(nor, at), wear);
        assert_int_equal(nor_wear(nor, UD_FLASH_SECTOR), 1);
        assert_int_equal(nor_wear(nor, 0), 0);
        assert_int_equal(nor_stats(nor)->block_erases, wear);
        nor_close(nor);
    }
}

/* The program that was running does not see the cut; who comes after it finds
 * what a program that lives on would have found, and power off. */
static void a_handler_finds_the_same_and_power_off(void **state)
{
    static uint8_t expected[CHIP_SIZE];
    static struct power power;
    static struct nor *nor;
    jmp_buf handler;

    (void)state;
    for (volatile uint64_t operation = 1; operation <= SIZE(steps); operation++)
        for (volatile int phase = CUT_BEFORE; phase <= CUT_AFTER; phase++) {
            const struct cut_plan plan = {
                .operation = operation, .phase = (enum cut_phase)phase, .seed = 4711};

            nor = run(&power, &plan);
            memcpy(expected, nor_bytes(nor), CHIP_SIZE);
            nor_close(nor);
            nor = open_chip(&power);
            if (setjmp(handler) == 0) {
                power_on(&power, &plan, &handler);
                for (size_t index = 0; index < SIZE(steps); index++)
                    assert_int_equal(take_step(nor, index), 0);
                fail_msg("power stayed on");
            }
            assert_memory_equal(nor_bytes(nor), expected, CHIP_SIZE);
            assert_power_is_off(nor, &power);
            nor_close(nor);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uncut_every_step_is_done),
        cmocka_unit_test(cuts_before_and_after_are_all_or_nothing),
        cmocka_unit_test(torn_steps_stop_on_the_way),
        cmocka_unit_test(the_seed_settles_how_a_step_is_torn),
        cmocka_unit_test(cut_erases_wear_once_begun),
        cmocka_unit_test(a_handler_finds_the_same_and_power_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
