/* The ROM's rules for flash, and the operations that power is cut in. */
#include "orders.h"
#include "probe.h"

#include "esp8266-rom/rom.h"

#include <string.h>

#define CHIP  0x400000u /* the ROM believes in this much */
#define PLACE 0x230000u /* nobody's */

typedef int config(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);

struct chip {
    uint32_t id, size, block, sector, page, status_mask;
};

static union {
    uint32_t words[1024];
    uint8_t bytes[4096];
} buffer;

static bool holds(uint32_t address, uint32_t value)
{
    uint32_t word = ~value;

    return SPIRead(address, &word, sizeof word) == 0 && word == value;
}

static bool programs(uint32_t address, uint32_t value)
{
    return SPIWrite(address, &value, sizeof value) == 0;
}

static void check_default_chip(void)
{
    const struct chip *chip = *(const struct chip *const *)0x3fffc714;

    expect((uintptr_t)chip == 0x3fffc718 && chip->id == 0x1640ef && chip->size == CHIP &&
               chip->block == 0x10000 && chip->sector == 0x1000 && chip->page == 0x100 &&
               chip->status_mask == 0xffff,
           "the default chip is the ROM's");
}

static void check_ranges(void)
{
    uint32_t words[4] = {1, 2, 3, 4};

    expect(SPIRead(CHIP - 4, words, 4) == 0 && SPIRead(CHIP - 4, words, 8) == 1 &&
               SPIRead(CHIP, words, 4) == 1,
           "SPIRead keeps to the chip");
    expect(SPIWrite(CHIP - 4, words, 8) == 1 && SPIWrite(CHIP, words, 4) == 1,
           "SPIWrite keeps to the chip");
    expect(SPIWrite(PLACE, words, 6) == 1, "SPIWrite takes whole words");
    expect(SPIEraseSector(CHIP / 0x1000) == 1 && SPIEraseBlock(CHIP / 0x10000) == 1,
           "erases keep to the chip");
    SPIParamCfg(7, 0x800000, 0x10000, 0x1000, 0x100, 0xffff);
    expect(SPIRead(CHIP, words, 4) == 0, "SPIParamCfg makes the chip larger");
    expect(holds(CHIP + PLACE, 0xffffffff) == holds(PLACE, 0xffffffff),
           "addresses past the end begin again");
    SPIParamCfg(0x1640ef, CHIP, 0x10000, 0x1000, 0x100, 0xffff);
}

static void check_words(void)
{
    uint32_t words[3] = {0, 0, 0x55555555};

    expect(programs(PLACE, 0x33221100) && programs(PLACE + 4, 0x77665544) &&
               SPIRead(PLACE + 1, words, 5) == 0 && words[0] == 0x44332211 &&
               words[1] == 0xff776655 && words[2] == 0x55555555,
           "SPIRead stores whole words from any byte");
}

/* Must not run from the window itself. */
static __attribute__((section(".iram.text"), noinline)) uint32_t
seen_through_window(uint32_t address)
{
    const uint32_t megabyte = address / 0x100000;

    Cache_Read_Disable();
    Cache_Read_Enable(megabyte % 2, megabyte / 2, 1);
    const uint32_t word = *(const volatile uint32_t *)(0x40200000 + address % 0x100000);
    Cache_Read_Disable();
    Cache_Read_Enable(0, 0, 1);
    return word;
}

void check_flash(uint32_t count)
{
    (void)count;
    check_default_chip();
    expect(SPIEraseSector(PLACE / 0x1000) == 0 && holds(PLACE, 0xffffffff) &&
               holds(PLACE + 0xffc, 0xffffffff),
           "an erased sector is all ones");
    check_words();
    expect(SPIEraseSector(PLACE / 0x1000) == 0 && programs(PLACE, 0xff00ff0f) &&
               programs(PLACE, 0x0ff0ff0f) && holds(PLACE, 0x0f00ff0f),
           "programming only clears bits");
    check_ranges();
    SPIEraseBlock(PLACE / 0x10000);
    expect(holds(PLACE, 0xffffffff) && holds(PLACE + 0xfffc, 0xffffffff), "blocks are erased");
    expect(programs(PLACE, 1), "what was written is seen");
    expect(seen_through_window(PLACE) == 1, "in the window of its megabyte");
}

static void operate(uint32_t row)
{
    const struct probe_operation *operation = &probe_operations[row];

    if (operation->kind == PROBE_ERASE && operation->length == 0x1000) {
        SPIEraseSector(operation->address / 0x1000);
        return;
    }
    if (operation->kind == PROBE_ERASE) {
        SPIEraseBlock(operation->address / 0x10000);
        return;
    }
    for (uint32_t i = 0; i < operation->length; i++)
        buffer.bytes[i] = probe_byte(row, i);
    SPIWrite(operation->address, buffer.words, operation->length);
}

void operate_flash(uint32_t count)
{
    (void)count;
    for (uint32_t row = 0; row < PROBE_OPERATION_COUNT; row++)
        operate(row);
}

void read_unaligned(uint32_t count)
{
    (void)count;
    SPIRead(0, buffer.bytes + 1, 4);
}

void write_too_much(uint32_t count)
{
    (void)count;
    SPIWrite(PLACE, buffer.words, 0x10000);
}

void write_from_flash(uint32_t count)
{
    (void)count;
    SPIWrite(PLACE, (const void *)0x40201010, 4);
}

/* Comes back to where there is nothing. */
void run_while_parked(uint32_t count)
{
    (void)count;
    Cache_Read_Disable();
}
