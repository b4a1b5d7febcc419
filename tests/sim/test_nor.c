/* The NOR flash model: its rules, its time and wear, failures on demand. */
#include "sim/nor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define CHIP_SIZE  (4 * UD_FLASH_BLOCK)
#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct nor_config memory = {.size = CHIP_SIZE, .has_block_erase = true};

static struct nor *open_chip(const struct nor_config *config)
{
    struct nor *nor;

    assert_int_equal(nor_open(&nor, config), 0);
    return nor;
}

static int read(struct nor *nor, uint32_t address, void *data, uint32_t length)
{
    const struct ud_flash *flash = nor_flash(nor);

    return flash->read(flash->ctx, address, data, length);
}

static int program(struct nor *nor, uint32_t address, const void *data, uint32_t length)
{
    const struct ud_flash *flash = nor_flash(nor);

    return flash->program(flash->ctx, address, data, length);
}

static int erase(struct nor *nor, uint32_t address, uint32_t length)
{
    const struct ud_flash *flash = nor_flash(nor);

    return flash->erase(flash->ctx, address, length);
}

/* ---- Rules ---- */

static const struct {
    enum nor_operation operation;
    uint32_t address, length, shift; /* of the buffer */
    enum nor_fault fault;
} wrong_calls[] = {
    {NOR_READ, 2, 4, 0, NOR_FAULT_ALIGNMENT},
    {NOR_READ, 4, 6, 0, NOR_FAULT_ALIGNMENT},
    {NOR_READ, 4, 4, 1, NOR_FAULT_ALIGNMENT},
    {NOR_READ, 4, 0, 0, NOR_FAULT_RANGE},
    {NOR_READ, CHIP_SIZE, 4, 0, NOR_FAULT_RANGE},
    {NOR_READ, CHIP_SIZE - 4, 8, 0, NOR_FAULT_RANGE},
    {NOR_READ, UINT32_MAX - 3, 8, 0, NOR_FAULT_RANGE},
    {NOR_READ, 8, UINT32_MAX - 3, 0, NOR_FAULT_RANGE},
    {NOR_PROGRAM, 1, 4, 0, NOR_FAULT_ALIGNMENT},
    {NOR_PROGRAM, 4, 5, 0, NOR_FAULT_ALIGNMENT},
    {NOR_PROGRAM, 4, 4, 2, NOR_FAULT_ALIGNMENT},
    {NOR_PROGRAM, 4, 0, 0, NOR_FAULT_RANGE},
    {NOR_PROGRAM, CHIP_SIZE, 4, 0, NOR_FAULT_RANGE},
    {NOR_PROGRAM, CHIP_SIZE - 4, 8, 0, NOR_FAULT_RANGE},
    {NOR_PROGRAM, UINT32_MAX - 3, 8, 0, NOR_FAULT_RANGE},
    {NOR_PROGRAM, 8, UINT32_MAX - 3, 0, NOR_FAULT_RANGE},
    {NOR_ERASE, 0, 0, 0, NOR_FAULT_UNIT},
    {NOR_ERASE, 0, 8192, 0, NOR_FAULT_UNIT},
    {NOR_ERASE, 0, 256, 0, NOR_FAULT_UNIT},
    {NOR_ERASE, 4096 + 4, 4096, 0, NOR_FAULT_ALIGNMENT},
    {NOR_ERASE, 4096, 65536, 0, NOR_FAULT_ALIGNMENT},
    {NOR_ERASE, 2 * 65536 + 4096, 65536, 0, NOR_FAULT_ALIGNMENT},
    {NOR_ERASE, CHIP_SIZE, 4096, 0, NOR_FAULT_RANGE},
    {NOR_ERASE, CHIP_SIZE, 65536, 0, NOR_FAULT_RANGE},
    {NOR_ERASE, UINT32_MAX - 4095, 4096, 0, NOR_FAULT_RANGE},
};

static int make_wrong_call(struct nor *nor, size_t index, uint32_t *words)
{
    uint8_t *data = (uint8_t *)words + wrong_calls[index].shift;
    const uint32_t address = wrong_calls[index].address, length = wrong_calls[index].length;

    switch (wrong_calls[index].operation) {
    case NOR_READ:
        return read(nor, address, data, length);
    case NOR_PROGRAM:
        return program(nor, address, data, length);
    case NOR_ERASE:
        return erase(nor, address, length);
    }
    return 0;
}

static void wrong_calls_fail_and_are_remembered(void **state)
{
    uint32_t words[8] = {0};

    (void)state;
    for (size_t i = 0; i < SIZE(wrong_calls); i++) {
        struct nor *nor = open_chip(&memory);

        memset(nor_bytes(nor), 0x5a, CHIP_SIZE);
        if (make_wrong_call(nor, i, words) >= 0 || nor_fault(nor) != wrong_calls[i].fault)
            fail_msg("call %zu: fault %d", i, (int)nor_fault(nor));
        /* The first fault stays the one. */
        assert_true(erase(nor, 0, 1) < 0);
        assert_true(read(nor, 1, words, 4) < 0);
        assert_int_equal(nor_fault(nor), wrong_calls[i].fault);
        nor_close(nor);
    }
}

/* Neither in the chip nor in the buffer; only the calls are counted. */
static void wrong_calls_do_nothing(void **state)
{
    uint32_t words[8] = {0};

    (void)state;
    for (size_t i = 0; i < SIZE(wrong_calls); i++) {
        struct nor *nor = open_chip(&memory);
        struct nor_stats expected = {0};

        expected.calls[wrong_calls[i].operation] = 1;
        memset(nor_bytes(nor), 0x5a, CHIP_SIZE);
        assert_true(make_wrong_call(nor, i, words) < 0);
        for (uint32_t at = 0; at < CHIP_SIZE; at++)
            if (nor_bytes(nor)[at] != 0x5a)
                fail_msg("call %zu changed %u", i, (unsigned)at);
        for (size_t word = 0; word < SIZE(words); word++)
            assert_int_equal(words[word], 0);
        for (uint32_t at = 0; at < CHIP_SIZE; at += UD_FLASH_SECTOR)
            assert_int_equal(nor_wear(nor, at), 0);
        assert_memory_equal(nor_stats(nor), &expected, sizeof expected);
        nor_close(nor);
    }
}

static void blocks_are_erased_only_where_the_chip_can(void **state)
{
    const struct nor_config config = {.size = CHIP_SIZE};
    struct nor *nor = open_chip(&config);

    (void)state;
    assert_true(erase(nor, 0, UD_FLASH_BLOCK) < 0);
    assert_int_equal(nor_fault(nor), NOR_FAULT_UNIT);
    nor_close(nor);
}

static void programming_clears_bits_and_erasing_sets_them(void **state)
{
    const uint32_t first = 0xf0f0f0f0, second = 0xff00ff00;
    struct nor *nor = open_chip(&memory);

    (void)state;
    assert_int_equal(program(nor, 8, &first, 4), 0);
    assert_memory_equal(nor_bytes(nor) + 8, &first, 4);
    /* Strict: a 0 does not become 1, and asking for it is the caller's fault. */
    assert_true(program(nor, 8, &second, 4) < 0);
    assert_int_equal(nor_fault(nor), NOR_FAULT_OVERWRITE);
    assert_memory_equal(nor_bytes(nor) + 8, &first, 4);
    assert_int_equal(erase(nor, 0, UD_FLASH_SECTOR), 0);
    assert_int_equal(program(nor, 8, &second, 4), 0);
    assert_memory_equal(nor_bytes(nor) + 8, &second, 4);
    nor_close(nor);
}

static void a_lenient_chip_keeps_zeros_silently(void **state)
{
    const struct nor_config config = {.size = CHIP_SIZE, .rules = NOR_AND};
    const uint32_t first = 0xf0f0f0f0, second = 0xff00ff00, both = 0xf000f000;
    struct nor *nor = open_chip(&config);

    (void)state;
    assert_int_equal(program(nor, 8, &first, 4), 0);
    assert_int_equal(program(nor, 8, &second, 4), 0);
    assert_memory_equal(nor_bytes(nor) + 8, &both, 4);
    assert_int_equal(nor_fault(nor), NOR_NO_FAULT);
    nor_close(nor);
}

/* One bit at the very end is enough, and then no byte is programmed. */
static void a_strict_chip_programs_all_or_nothing(void **state)
{
    uint32_t words[64], found[64];
    struct nor *nor = open_chip(&memory);

    (void)state;
    memset(words, 0x3c, sizeof words);
    assert_int_equal(program(nor, 512, words, sizeof words), 0);
    memset(words, 0x18, sizeof words);
    words[63] |= 0x80000000;
    assert_true(program(nor, 512, words, sizeof words) < 0);
    assert_int_equal(nor_fault(nor), NOR_FAULT_OVERWRITE);
    assert_int_equal(read(nor, 512, found, sizeof found), 0);
    memset(words, 0x3c, sizeof words);
    assert_memory_equal(found, words, sizeof words);
    nor_close(nor);
}

/* Neither clearing more bits nor the same ones again needs an erase. */
static void clearing_bits_again_is_no_fault(void **state)
{
    static const uint32_t values[] = {0xf0f0f0f0, 0xf0f0f0f0, 0xf0f00000, 0};
    uint32_t found;
    struct nor *nor = open_chip(&memory);

    (void)state;
    for (size_t i = 0; i < SIZE(values); i++) {
        assert_int_equal(program(nor, CHIP_SIZE - 4, &values[i], 4), 0);
        assert_int_equal(read(nor, CHIP_SIZE - 4, &found, 4), 0);
        assert_int_equal(found, values[i]);
    }
    assert_int_equal(nor_fault(nor), NOR_NO_FAULT);
    nor_close(nor);
}

static void a_chip_is_a_whole_number_of_blocks(void **state)
{
    static const uint32_t sizes[] = {0,
                                     4,
                                     UD_FLASH_SECTOR,
                                     UD_FLASH_BLOCK - 4,
                                     UD_FLASH_BLOCK + 4,
                                     UD_FLASH_BLOCK + UD_FLASH_SECTOR};

    (void)state;
    for (size_t i = 0; i < SIZE(sizes); i++) {
        const struct nor_config config = {.size = sizes[i]};
        struct nor *nor;

        assert_int_equal(nor_open(&nor, &config), -EINVAL);
    }
}

/* ---- Time and wear ---- */

static void operations_take_the_datasheets_time(void **state)
{
    static uint32_t words[2048];
    struct nor *nor = open_chip(&memory);
    const struct nor_stats *stats = nor_stats(nor);
    uint64_t before = 0;

    (void)state;
    assert_int_equal(erase(nor, 0, UD_FLASH_SECTOR), 0);
    assert_int_equal(stats->time_ns, 45000000u);
    before = stats->time_ns;
    assert_int_equal(erase(nor, 0, UD_FLASH_BLOCK), 0);
    assert_int_equal(stats->time_ns - before, 150000000u);
    before = stats->time_ns;
    /* 16 pages of 0.4 ms, and 4096 bytes at a bit a clock of 40 MHz. */
    assert_int_equal(program(nor, 0, words, 4096), 0);
    assert_int_equal(stats->time_ns - before, 16 * 400000u + 4096 * 8 * 25u);
    before = stats->time_ns;
    /* The same across a page's end: two pages. */
    assert_int_equal(program(nor, 8192 - 4, words, 8), 0);
    assert_int_equal(stats->time_ns - before, 2 * 400000u + 8 * 8 * 25u);
    before = stats->time_ns;
    /* Two bits a clock, and 24 clocks before the first. */
    assert_int_equal(read(nor, 0, words, 4096), 0);
    assert_int_equal(stats->time_ns - before, (4096 * 4 + 24) * 25u);
    nor_close(nor);
}

/* Whole pages and parts of pages cost the same, each a page. */
static void a_program_takes_as_many_pages_as_it_touches(void **state)
{
    static const struct {
        uint32_t address, length, pages;
    } rows[] = {{0, 4, 1},     {252, 4, 1},   {0, 256, 1},     {4, 252, 1},     {4, 256, 2},
                {252, 8, 2},   {256, 256, 1}, {252, 260, 2},   {252, 264, 3},   {0, 512, 2},
                {128, 512, 3}, {0, 4096, 16}, {128, 4096, 17}, {4092, 4096, 17}};
    static uint32_t words[1024];

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct nor *nor = open_chip(&memory);

        assert_int_equal(program(nor, rows[i].address, words, rows[i].length), 0);
        assert_int_equal(nor_stats(nor)->time_ns,
                         rows[i].pages * 400000u + rows[i].length * 8u * 25u);
        nor_close(nor);
    }
}

static void another_part_takes_its_own_time(void **state)
{
    static const struct nor_timing quick = {.part = "quick",
                                            .page_program_us = 7,
                                            .sector_erase_us = 110,
                                            .block_erase_us = 1300,
                                            .clock_hz = 80000000,
                                            .read_bits_per_clock = 4,
                                            .read_overhead_clocks = 20};
    const struct nor_config config = {.size = CHIP_SIZE, .has_block_erase = true, .timing = &quick};
    uint32_t words[65] = {0};
    struct nor *nor = open_chip(&config);
    uint64_t expected = 0;

    (void)state;
    assert_int_equal(erase(nor, 0, UD_FLASH_SECTOR), 0);
    assert_int_equal(nor_stats(nor)->time_ns, expected += 110000);
    assert_int_equal(erase(nor, 0, UD_FLASH_BLOCK), 0);
    assert_int_equal(nor_stats(nor)->time_ns, expected += 1300000);
    assert_int_equal(program(nor, 0, words, 260), 0);
    assert_int_equal(nor_stats(nor)->time_ns, expected += 2 * 7000 + 260 * 8 * 25 / 2);
    assert_int_equal(read(nor, 0, words, 260), 0);
    assert_int_equal(nor_stats(nor)->time_ns, expected += (260 * 2 + 20) * 25 / 2);
    nor_close(nor);
}

static void calls_bytes_and_wear_are_counted(void **state)
{
    static uint32_t words[16];
    struct nor *nor = open_chip(&memory);
    const struct nor_stats *stats = nor_stats(nor);

    (void)state;
    assert_int_equal(erase(nor, 4096, UD_FLASH_SECTOR), 0);
    assert_int_equal(erase(nor, 0, UD_FLASH_BLOCK), 0);
    assert_int_equal(program(nor, 0, words, 64), 0);
    assert_int_equal(read(nor, 0, words, 32), 0);
    assert_int_equal(read(nor, 0, words, 4), 0);
    assert_int_equal(stats->calls[NOR_READ], 2);
    assert_int_equal(stats->calls[NOR_PROGRAM], 1);
    assert_int_equal(stats->calls[NOR_ERASE], 2);
    assert_int_equal(stats->sector_erases, 1);
    assert_int_equal(stats->block_erases, 1);
    assert_int_equal(stats->bytes_read, 36);
    assert_int_equal(stats->bytes_programmed, 64);
    assert_int_equal(nor_wear(nor, 0), 1);
    assert_int_equal(nor_wear(nor, 4100), 2);
    assert_int_equal(nor_wear(nor, 65536 - 4), 1);
    assert_int_equal(nor_wear(nor, 65536), 0);
    assert_int_equal(nor_wear(nor, CHIP_SIZE), 0); /* there is no such sector */
    nor_close(nor);
}

/* ---- Failures on demand ---- */

static void the_chosen_call_fails_and_does_nothing(void **state)
{
    const uint32_t zero = 0;
    struct nor *nor = open_chip(&memory);

    (void)state;
    nor_fail(nor, NOR_PROGRAM, 2);
    assert_int_equal(program(nor, 0, &zero, 4), 0);
    assert_true(program(nor, 4, &zero, 4) < 0);
    assert_int_equal(nor_bytes(nor)[4], 0xff);
    assert_int_equal(program(nor, 4, &zero, 4), 0);
    nor_fail(nor, NOR_ERASE, 1);
    assert_true(erase(nor, 0, UD_FLASH_SECTOR) < 0);
    assert_int_equal(nor_bytes(nor)[0], 0);
    assert_int_equal(erase(nor, 0, UD_FLASH_SECTOR), 0);
    nor_close(nor);
}

static void failures_are_of_one_kind_and_of_one_call(void **state)
{
    uint32_t word = 0x600df00d;
    struct nor *nor = open_chip(&memory);
    const struct nor_stats *stats = nor_stats(nor);

    (void)state;
    nor_fail(nor, NOR_READ, 1);
    nor_fail(nor, NOR_ERASE, 1);
    assert_int_equal(program(nor, 0, &(uint32_t){0}, 4), 0);
    const uint64_t time_ns = stats->time_ns;
    assert_true(read(nor, 0, &word, 4) < 0);
    assert_int_equal(word, 0x600df00d);
    assert_true(erase(nor, 0, UD_FLASH_SECTOR) < 0);
    /* Counted as calls, and as nothing else; nor is the caller to blame. */
    assert_int_equal(stats->calls[NOR_READ], 1);
    assert_int_equal(stats->calls[NOR_ERASE], 1);
    assert_int_equal(stats->bytes_read, 0);
    assert_int_equal(stats->sector_erases, 0);
    assert_int_equal(stats->time_ns, time_ns);
    assert_int_equal(nor_wear(nor, 0), 0);
    assert_int_equal(nor_fault(nor), NOR_NO_FAULT);
    assert_int_equal(read(nor, 0, &word, 4), 0);
    assert_int_equal(word, 0);
    /* Taken back before it comes to it. */
    nor_fail(nor, NOR_READ, 2);
    assert_int_equal(read(nor, 0, &word, 4), 0);
    nor_fail(nor, NOR_READ, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(read(nor, 0, &word, 4), 0);
    nor_close(nor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_calls_fail_and_are_remembered),
        cmocka_unit_test(wrong_calls_do_nothing),
        cmocka_unit_test(blocks_are_erased_only_where_the_chip_can),
        cmocka_unit_test(programming_clears_bits_and_erasing_sets_them),
        cmocka_unit_test(a_lenient_chip_keeps_zeros_silently),
        cmocka_unit_test(a_strict_chip_programs_all_or_nothing),
        cmocka_unit_test(clearing_bits_again_is_no_fault),
        cmocka_unit_test(a_chip_is_a_whole_number_of_blocks),
        cmocka_unit_test(operations_take_the_datasheets_time),
        cmocka_unit_test(a_program_takes_as_many_pages_as_it_touches),
        cmocka_unit_test(another_part_takes_its_own_time),
        cmocka_unit_test(calls_bytes_and_wear_are_counted),
        cmocka_unit_test(the_chosen_call_fails_and_does_nothing),
        cmocka_unit_test(failures_are_of_one_kind_and_of_one_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
