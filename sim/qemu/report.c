#include "sim/qemu/report.h"

#include "sim/qemu/board.h"
#include "sim/qemu/host_file.h"
#include "sim/qemu/registers.h"
#include "sim/qemu/special.h"

#include <string.h>

#define DIGITS_MAX 10

static void put_line(int file, const char *name, uint32_t value)
{
    char digits[DIGITS_MAX + 1];
    uint32_t at = sizeof digits;

    digits[--at] = '\n';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    host_file_put(file, name, (uint32_t)strlen(name));
    host_file_put(file, " ", 1);
    host_file_put(file, digits + at, sizeof digits - at);
}

void report_write(int file)
{
    const struct board_counts *counts = &board.counts;

    put_line(file, "cycles", special_cycles() - counts->start_cycles);
    put_line(file, "flash_cycles", counts->flash_cycles);
    put_line(file, "stack_bytes", DATA_RAM_END - board_stack_low());
    put_line(file, "operations", (uint32_t)board.power.operations);
    put_line(file, "reads", counts->reads);
    put_line(file, "read_bytes", counts->read_bytes);
    put_line(file, "programs", counts->programs);
    put_line(file, "program_bytes", counts->program_bytes);
    put_line(file, "program_pages", counts->program_pages);
    put_line(file, "sector_erases", counts->sector_erases);
    put_line(file, "block_erases", counts->block_erases);
}
