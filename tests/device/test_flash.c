/* The checked calls in front of a flash port. */
#include "ram_flash.h"
#include "updraft/flash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define CHIP_SIZE (4 * UD_FLASH_BLOCK)

static int setup(void **state)
{
    static struct ram_flash flash;

    assert_int_equal(ram_flash_init(&flash, CHIP_SIZE), 0);
    *state = &flash;
    return 0;
}

static int teardown(void **state)
{
    struct ram_flash *flash = *state;

    assert_int_equal(flash->violations, 0);
    ram_flash_free(flash);
    return 0;
}

static void unsound_ports_are_refused(void **state)
{
    const struct ram_flash *flash = *state;
    struct ud_flash port = flash->port;

    assert_int_equal(ud_flash_check(&port), UD_OK);
    assert_int_equal(ud_flash_check(NULL), UD_ERR_ARGUMENT);
    port.size = 0;
    assert_int_equal(ud_flash_check(&port), UD_ERR_ARGUMENT);
    port.size = CHIP_SIZE + 4;
    assert_int_equal(ud_flash_check(&port), UD_ERR_ARGUMENT);
    port = flash->port;
    port.read = NULL;
    assert_int_equal(ud_flash_check(&port), UD_ERR_ARGUMENT);
    port = flash->port;
    port.program = NULL;
    assert_int_equal(ud_flash_check(&port), UD_ERR_ARGUMENT);
    port = flash->port;
    port.erase = NULL;
    assert_int_equal(ud_flash_check(&port), UD_ERR_ARGUMENT);
}

/* Ports see words only; what callers ask for may lie anywhere. */
static void any_range_is_read_into_any_buffer(void **state)
{
    struct ram_flash *flash = *state;
    uint32_t words[16];
    uint8_t *const buffer = (uint8_t *)words;

    for (uint32_t i = 0; i < 256; i++)
        flash->bytes[i] = (uint8_t)(i * 7 + 1);
    for (uint32_t address = 0; address < 9; address++)
        for (uint32_t length = 0; length < 25; length++)
            for (uint32_t shift = 0; shift < 4; shift++) {
                memset(words, 0xee, sizeof words);
                assert_int_equal(ud_flash_read(&flash->port, address, buffer + shift, length),
                                 UD_OK);
                assert_memory_equal(buffer + shift, flash->bytes + address, length);
                for (uint32_t i = 0; i < shift; i++)
                    assert_int_equal(buffer[i], 0xee);
                for (uint32_t i = shift + length; i < sizeof words; i++)
                    assert_int_equal(buffer[i], 0xee);
            }
}

static void the_chips_last_bytes_are_read(void **state)
{
    struct ram_flash *flash = *state;
    uint8_t found[3];

    memcpy(flash->bytes + CHIP_SIZE - 3, "end", 3);
    assert_int_equal(ud_flash_read(&flash->port, CHIP_SIZE - 3, found, 3), UD_OK);
    assert_memory_equal(found, "end", 3);
    assert_int_equal(ud_flash_read(&flash->port, CHIP_SIZE, found, 0), UD_OK);
}

/* Not even where a word would have to be read to get at them. */
static void nothing_is_read_for_no_bytes(void **state)
{
    struct ram_flash *flash = *state;
    uint8_t byte;

    for (uint32_t address = 0; address <= 8; address++)
        assert_int_equal(ud_flash_read(&flash->port, address, &byte, 0), UD_OK);
    assert_int_equal(flash->reads, 0);
}

/* Two parts of words, and the whole ones between them in one piece. */
static void an_aligned_buffer_takes_whole_words_at_once(void **state)
{
    struct ram_flash *flash = *state;
    uint32_t words[UD_FLASH_SECTOR / 4 + 2];

    assert_int_equal(ud_flash_read(&flash->port, 3, (uint8_t *)words + 3, UD_FLASH_SECTOR), UD_OK);
    assert_int_equal(flash->reads, 3);
    assert_int_equal(ud_flash_read(&flash->port, 4, words, UD_FLASH_SECTOR), UD_OK);
    assert_int_equal(flash->reads, 4);
}

static void ranges_outside_the_chip_are_refused(void **state)
{
    static const struct {
        uint32_t address, length;
    } ranges[] = {
        {CHIP_SIZE, 4},      {CHIP_SIZE - 4, 8},  {CHIP_SIZE + 4096, 0}, {0, CHIP_SIZE + 4},
        {UINT32_MAX - 3, 4}, {UINT32_MAX - 3, 8}, {4, UINT32_MAX - 3},   {4096, UINT32_MAX - 4095},
    };
    struct ram_flash *flash = *state;
    uint32_t words[2] = {0};

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const uint32_t address = ranges[i].address;
        const uint32_t length = ranges[i].length;
        assert_int_equal(ud_flash_read(&flash->port, address, words, length), UD_ERR_FLASH_RANGE);
        assert_int_equal(ud_flash_program(&flash->port, address, words, length),
                         UD_ERR_FLASH_RANGE);
    }
    assert_int_equal(ud_flash_erase(&flash->port, CHIP_SIZE - 4096, 8192), UD_ERR_FLASH_RANGE);
    assert_int_equal(ud_flash_erase(&flash->port, 4096, UINT32_MAX - 4095), UD_ERR_FLASH_RANGE);
    assert_int_equal(flash->erases, 0);
    assert_int_equal(ud_flash_erase_sector(&flash->port, CHIP_SIZE), UD_ERR_FLASH_RANGE);
    assert_int_equal(ud_flash_erase_sector(&flash->port, UINT32_MAX & ~4095u), UD_ERR_FLASH_RANGE);
}

static void only_words_are_programmed(void **state)
{
    struct ram_flash *flash = *state;
    uint32_t words[4] = {1, 2, 3, 4};

    assert_int_equal(ud_flash_program(&flash->port, 2, words, 4), UD_ERR_FLASH_RANGE);
    assert_int_equal(ud_flash_program(&flash->port, 4, words, 6), UD_ERR_FLASH_RANGE);
    assert_int_equal(ud_flash_program(&flash->port, 4, (uint8_t *)words + 1, 4),
                     UD_ERR_FLASH_RANGE);
    assert_int_equal(flash->programs, 0);
    assert_int_equal(ud_flash_program(&flash->port, 4, words, 0), UD_OK);
    assert_int_equal(flash->programs, 0);
    assert_int_equal(ud_flash_program(&flash->port, 4, words, sizeof words), UD_OK);
    assert_memory_equal(flash->bytes + 4, words, sizeof words);
}

static void only_whole_sectors_are_erased(void **state)
{
    struct ram_flash *flash = *state;

    assert_int_equal(ud_flash_erase_sector(&flash->port, 100), UD_ERR_FLASH_RANGE);
    assert_int_equal(ud_flash_erase(&flash->port, 100, UD_FLASH_SECTOR), UD_ERR_FLASH_RANGE);
    assert_int_equal(ud_flash_erase(&flash->port, 0, 100), UD_ERR_FLASH_RANGE);
    assert_int_equal(flash->erases, 0);
}

/* Sectors up to the first whole block, and after the last one. */
static void whole_blocks_are_erased_at_once_where_the_port_can(void **state)
{
    static const struct {
        uint32_t start, length, with_blocks, without;
    } cases[] = {
        {UD_FLASH_BLOCK - UD_FLASH_SECTOR, UD_FLASH_BLOCK + 2 * UD_FLASH_SECTOR, 3, 18},
        {UD_FLASH_BLOCK, UD_FLASH_BLOCK, 1, 16},
        {UD_FLASH_BLOCK, UD_FLASH_BLOCK - UD_FLASH_SECTOR, 15, 15},
        {UD_FLASH_SECTOR, UD_FLASH_BLOCK, 16, 16},
        {0, CHIP_SIZE, 4, 64},
        {CHIP_SIZE - UD_FLASH_SECTOR, UD_FLASH_SECTOR, 1, 1},
        {UD_FLASH_BLOCK, 0, 0, 0},
    };
    struct ram_flash *flash = *state;

    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const uint32_t start = cases[i / 2].start;
        const uint32_t length = cases[i / 2].length;

        flash->port.has_block_erase = i % 2 == 0;
        flash->erases = 0;
        memset(flash->bytes, 0, CHIP_SIZE);
        assert_int_equal(ud_flash_erase(&flash->port, start, length), UD_OK);
        assert_int_equal(flash->erases,
                         i % 2 == 0 ? cases[i / 2].with_blocks : cases[i / 2].without);
        for (uint32_t at = 0; at < CHIP_SIZE; at++)
            assert_int_equal(flash->bytes[at], at - start < length ? 0xff : 0);
    }
}

static void what_the_port_says_is_passed_on(void **state)
{
    struct ram_flash *flash = *state;
    uint32_t words[4] = {0};

    for (uint32_t number = 1; number <= 3; number++) {
        flash->reads = 0;
        flash->fail_read = number;
        /* A part of a word, whole ones, a part of another. */
        assert_int_equal(ud_flash_read(&flash->port, 2, (uint8_t *)words + 2, 11),
                         UD_ERR_FLASH_READ);
    }
    flash->fail_program = 1;
    assert_int_equal(ud_flash_program(&flash->port, 0, words, 4), UD_ERR_FLASH_WRITE);
    flash->fail_erase = 1;
    assert_int_equal(ud_flash_erase_sector(&flash->port, 0), UD_ERR_FLASH_ERASE);
    flash->fail_erase = 4;
    assert_int_equal(ud_flash_erase(&flash->port, 0, 8 * UD_FLASH_SECTOR), UD_ERR_FLASH_ERASE);
    assert_int_equal(flash->erases, 4);
}

static void counts_are_rounded_up_to_sectors(void **state)
{
    static const struct {
        uint32_t length, rounded;
    } rows[] = {
        {0, 0},
        {1, 4096},
        {4095, 4096},
        {4096, 4096},
        {4097, 8192},
        {0xffffefff, 0xfffff000},
        {0xfffff000, 0xfffff000},
        {0xfffff001, 0xfffff000},
        {UINT32_MAX, 0xfffff000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(ud_flash_round_up(rows[i].length), rows[i].rounded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unsound_ports_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(any_range_is_read_into_any_buffer, setup, teardown),
        cmocka_unit_test_setup_teardown(the_chips_last_bytes_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_read_for_no_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(an_aligned_buffer_takes_whole_words_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ranges_outside_the_chip_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(only_words_are_programmed, setup, teardown),
        cmocka_unit_test_setup_teardown(only_whole_sectors_are_erased, setup, teardown),
        cmocka_unit_test_setup_teardown(whole_blocks_are_erased_at_once_where_the_port_can, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_the_port_says_is_passed_on, setup, teardown),
        cmocka_unit_test(counts_are_rounded_up_to_sectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
