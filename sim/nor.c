#include "sim/nor.h"

#include "sim/cells.h"
#include "sim/nor_file.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define FAILED (-1)

/* tPP, tSE and tBE2, typical, of the datasheet's table of AC characteristics;
 * 40 MHz and dual I/O are the Arduino core's defaults ("DIO"). A dual I/O read
 * takes 8 clocks of command, 12 of address and 4 of mode bits. */
const struct nor_timing nor_w25q32jv = {
    .part = "W25Q32JV",
    .page_program_us = 400,
    .sector_erase_us = 45000,
    .block_erase_us = 150000,
    .clock_hz = 40000000,
    .read_bits_per_clock = 2,
    .read_overhead_clocks = 24,
};

struct nor {
    struct ud_flash flash;
    enum nor_rules rules;
    const struct nor_timing *timing;
    struct power *power;
    struct power own_power; /* used when the caller brings none */
    struct nor_file file;
    struct nor_stats stats;
    uint32_t *wear; /* erases, by sector */
    uint64_t fail_at[NOR_OPERATIONS];
    enum nor_fault fault;
};

/* ---- Judging a call ---- */

static int blame(struct nor *nor, enum nor_fault fault)
{
    if (nor->fault == NOR_NO_FAULT)
        nor->fault = fault;
    return FAILED;
}

static bool is_aligned(uint32_t address, const void *data, uint32_t length)
{
    return address % UD_FLASH_WORD == 0 && length % UD_FLASH_WORD == 0 &&
           (uintptr_t)data % UD_FLASH_WORD == 0;
}

static int check_call(struct nor *nor, uint32_t address, const void *data, uint32_t length)
{
    if (!is_aligned(address, data, length))
        return blame(nor, NOR_FAULT_ALIGNMENT);
    if (length == 0 || address > nor->flash.size || length > nor->flash.size - address)
        return blame(nor, NOR_FAULT_RANGE);
    return 0;
}

static int check_erase(struct nor *nor, uint32_t address, uint32_t length)
{
    const bool is_block = nor->flash.has_block_erase && length == UD_FLASH_BLOCK;

    if (length != UD_FLASH_SECTOR && !is_block)
        return blame(nor, NOR_FAULT_UNIT);
    if (address % length != 0)
        return blame(nor, NOR_FAULT_ALIGNMENT);
    return check_call(nor, address, NULL, length);
}

static int check_bits(struct nor *nor, const uint8_t *cells, const uint8_t *data, uint32_t length)
{
    if (nor->rules == NOR_AND)
        return 0;
    for (uint32_t i = 0; i < length; i++)
        if ((data[i] & ~cells[i]) != 0)
            return blame(nor, NOR_FAULT_OVERWRITE);
    return 0;
}

/* Counts the call, whatever becomes of it; true when it was told to fail. */
static bool is_told_to_fail(struct nor *nor, enum nor_operation operation)
{
    return ++nor->stats.calls[operation] == nor->fail_at[operation];
}

/* ---- Time ---- */

static uint64_t clocks_ns(const struct nor *nor, uint64_t clocks)
{
    return clocks * 1000000000u / nor->timing->clock_hz;
}

static void spend_us(struct nor *nor, uint32_t microseconds)
{
    nor->stats.time_ns += (uint64_t)microseconds * 1000u;
}

static void spend_read(struct nor *nor, uint32_t length)
{
    const uint64_t data_clocks = (uint64_t)length * 8 / nor->timing->read_bits_per_clock;

    nor->stats.time_ns += clocks_ns(nor, data_clocks + nor->timing->read_overhead_clocks);
}

/* Data go to the chip one bit a clock, in whole or partial pages. */
static void spend_program(struct nor *nor, uint32_t address, uint32_t length)
{
    const uint32_t pages = (address % NOR_PAGE + length + NOR_PAGE - 1) / NOR_PAGE;

    nor->stats.time_ns += clocks_ns(nor, (uint64_t)length * 8);
    spend_us(nor, pages * nor->timing->page_program_us);
}

/* ---- The port ---- */

static int nor_read(void *ctx, uint32_t address, void *data, uint32_t length)
{
    struct nor *nor = ctx;
    const bool fails = is_told_to_fail(nor, NOR_READ);

    if (check_call(nor, address, data, length) != 0)
        return FAILED;
    if (fails || nor->power->is_off)
        return FAILED;
    memcpy(data, nor->file.bytes + address, length);
    nor->stats.bytes_read += length;
    spend_read(nor, length);
    return 0;
}

static int nor_program(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    struct nor *nor = ctx;
    const bool fails = is_told_to_fail(nor, NOR_PROGRAM);

    if (check_call(nor, address, data, length) != 0)
        return FAILED;
    uint8_t *cells = nor->file.bytes + address;
    if (check_bits(nor, cells, data, length) != 0)
        return FAILED;
    if (fails)
        return FAILED;
    const enum power_verdict verdict = power_operation(nor->power);
    if (verdict == POWER_CUT_BEFORE)
        return FAILED;
    if (verdict == POWER_CUT_TORN)
        cells_tear_program(cells, data, length, nor->power->plan.seed);
    else
        cells_program(cells, data, length);
    nor->stats.bytes_programmed += length;
    spend_program(nor, address, length);
    if (verdict == POWER_ON)
        return 0;
    power_cut(nor->power);
    return FAILED;
}

static void count_erase(struct nor *nor, uint32_t address, uint32_t length)
{
    const bool is_block = length == UD_FLASH_BLOCK;

    for (uint32_t i = 0; i < length / UD_FLASH_SECTOR; i++)
        nor->wear[address / UD_FLASH_SECTOR + i]++;
    nor->stats.block_erases += is_block;
    nor->stats.sector_erases += !is_block;
    spend_us(nor, is_block ? nor->timing->block_erase_us : nor->timing->sector_erase_us);
}

static int nor_erase(void *ctx, uint32_t address, uint32_t length)
{
    struct nor *nor = ctx;
    const bool fails = is_told_to_fail(nor, NOR_ERASE);

    if (check_erase(nor, address, length) != 0)
        return FAILED;
    uint8_t *cells = nor->file.bytes + address;
    if (fails)
        return FAILED;
    const enum power_verdict verdict = power_operation(nor->power);
    if (verdict == POWER_CUT_BEFORE)
        return FAILED;
    if (verdict == POWER_CUT_TORN)
        cells_tear_erase(cells, length, nor->power->plan.seed);
    else
        cells_erase(cells, length);
    count_erase(nor, address, length);
    if (verdict == POWER_ON)
        return 0;
    power_cut(nor->power);
    return FAILED;
}

/* ---- Life ---- */

static void init(struct nor *nor, const struct nor_config *config)
{
    power_on(&nor->own_power, NULL, NULL);
    nor->power = config->power != NULL ? config->power : &nor->own_power;
    nor->timing = config->timing != NULL ? config->timing : &nor_w25q32jv;
    nor->rules = config->rules;
    nor->flash = (struct ud_flash){
        .ctx = nor,
        .size = config->size,
        .has_block_erase = config->has_block_erase,
        .read = nor_read,
        .program = nor_program,
        .erase = nor_erase,
    };
}

int nor_open(struct nor **out, const struct nor_config *config)
{
    if (config->size == 0 || config->size % UD_FLASH_BLOCK != 0)
        return -EINVAL;
    struct nor *nor = calloc(1, sizeof *nor);
    uint32_t *wear = calloc(config->size / UD_FLASH_SECTOR, sizeof *wear);
    int error = -ENOMEM;
    if (nor != NULL && wear != NULL)
        error = nor_file_open(&nor->file, config->path, config->size, config->is_scratch);
    if (error != 0) {
        free(wear);
        free(nor);
        return error;
    }
    nor->wear = wear;
    init(nor, config);
    *out = nor;
    return 0;
}

void nor_close(struct nor *nor)
{
    if (nor == NULL)
        return;
    nor_file_close(&nor->file);
    free(nor->wear);
    free(nor);
}

const struct ud_flash *nor_flash(const struct nor *nor)
{
    return &nor->flash;
}

uint8_t *nor_bytes(struct nor *nor)
{
    return nor->file.bytes;
}

const struct nor_stats *nor_stats(const struct nor *nor)
{
    return &nor->stats;
}

uint32_t nor_wear(const struct nor *nor, uint32_t address)
{
    return address < nor->flash.size ? nor->wear[address / UD_FLASH_SECTOR] : 0;
}

enum nor_fault nor_fault(const struct nor *nor)
{
    return nor->fault;
}

void nor_fail(struct nor *nor, enum nor_operation operation, uint64_t nth)
{
    nor->fail_at[operation] = nth == 0 ? 0 : nor->stats.calls[operation] + nth;
}
