#include "sim/qemu/chip.h"

#include "sim/cells.h"
#include "sim/qemu/board.h"
#include "sim/qemu/host_file.h"
#include "sim/qemu/special.h"

#define PAGE   256u
#define SECTOR 4096u

static uint32_t place_of(uint32_t address)
{
    return address & (board.flash_size - 1);
}

/* The host's file gave up: no fault of the program's. */
static void check(bool is_done, uint32_t address)
{
    if (!is_done)
        board_fault("the file flash is in cannot be used at", address);
}

void chip_map(uint32_t address, void *data, uint32_t length)
{
    uint8_t *bytes = data;

    while (length != 0) {
        const uint32_t place = place_of(address);
        const uint32_t count =
            length < board.flash_size - place ? length : board.flash_size - place;
        check(host_file_read(board.options.flash, place, bytes, count), place);
        address += count;
        bytes += count;
        length -= count;
    }
}

void chip_read(uint32_t address, void *data, uint32_t length)
{
    const uint32_t start = special_cycles();

    chip_map(address, data, length);
    board.counts.reads++;
    board.counts.read_bytes += length;
    board.counts.flash_cycles += special_cycles() - start;
}

/* Loads the cells an operation is about, unless power goes before it. */
static enum power_verdict begin(uint32_t place, uint32_t length)
{
    const enum power_verdict verdict = power_operation(&board.power);

    if (verdict == POWER_CUT_BEFORE)
        board_power_off();
    if (length > sizeof board.cells || length > board.flash_size - place)
        board_fault("a flash operation goes over the end of the chip at", place);
    check(host_file_read(board.options.flash, place, board.cells, length), place);
    return verdict;
}

static void finish(enum power_verdict verdict, uint32_t place, uint32_t length)
{
    check(host_file_write(board.options.flash, place, board.cells, length), place);
    if (verdict != POWER_ON)
        board_power_off();
}

void chip_program(uint32_t address, const void *data, uint32_t length)
{
    const uint32_t start = special_cycles();
    const uint32_t place = place_of(address);
    const enum power_verdict verdict = begin(place, length);

    if (verdict == POWER_CUT_TORN)
        cells_tear_program(board.cells, data, length, board.options.cut.seed);
    else
        cells_program(board.cells, data, length);
    board.counts.programs++;
    board.counts.program_bytes += length;
    board.counts.program_pages += (place % PAGE + length + PAGE - 1) / PAGE;
    finish(verdict, place, length);
    board.counts.flash_cycles += special_cycles() - start;
}

void chip_erase(uint32_t address, uint32_t length)
{
    const uint32_t start = special_cycles();
    const uint32_t place = place_of(address);
    const enum power_verdict verdict = begin(place, length);

    if (verdict == POWER_CUT_TORN)
        cells_tear_erase(board.cells, length, board.options.cut.seed);
    else
        cells_erase(board.cells, length);
    board.counts.sector_erases += length == SECTOR;
    board.counts.block_erases += length != SECTOR;
    finish(verdict, place, length);
    board.counts.flash_cycles += special_cycles() - start;
}
