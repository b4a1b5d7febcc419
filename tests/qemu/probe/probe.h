/* What the tests of the board ask the probe to do: an application that runs on it.
 * Shared by both sides.
 */
#ifndef TESTS_QEMU_PROBE_H
#define TESTS_QEMU_PROBE_H

#include <stdint.h>

/* The probe finds its order in RTC memory, past the boot command; what it finds there
 * besides, it counts up, so that a test sees whether RTC memory was kept. */
#define PROBE_ORDER_WORD 96u /* of RTC memory */
#define PROBE_COUNT_WORD 97u
#define PROBE_DONE       "probe done" /* what it ends with when it comes to an end */

enum probe_order {
    PROBE_ARITHMETIC = 0x50524f00, /* checks, one line each: "ok NAME" or "not ok NAME" */
    PROBE_TEXT,
    PROBE_FLASH,
    PROBE_PRINT,      /* prints known lines */
    PROBE_OPERATE,    /* the flash operations below */
    PROBE_RESET,      /* calls software_reset() once, then says so */
    PROBE_RESET_BIT,  /* sets the register's bit once, then says so */
    PROBE_HANG,       /* without a watchdog */
    PROBE_STARVE,     /* with one, once, then says so */
    PROBE_FEED,       /* feeds it for longer than it waits */
    PROBE_UNKNOWN,    /* calls a function this ROM does not have */
    PROBE_UNALIGNED,  /* SPIRead into the middle of a word */
    PROBE_LONG,       /* SPIWrite of 64 KB */
    PROBE_FROM_FLASH, /* SPIWrite of what lies in mapped flash */
    PROBE_PARKED,     /* runs from flash that is not mapped */
};

#define PROBE_UNKNOWN_ADDRESS 0x40009818u /* MD5Init */

enum probe_operation_kind { PROBE_ERASE, PROBE_PROGRAM };

struct probe_operation {
    enum probe_operation_kind kind;
    uint32_t address;
    uint32_t length;
};

/* Cut at each of these, flash must hold what the host's model of it holds. The third
 * clears bits of what is there already. */
static const struct probe_operation probe_operations[] = {
    {PROBE_ERASE, 0x200000, 0x1000},  {PROBE_PROGRAM, 0x200000, 0x1000},
    {PROBE_PROGRAM, 0x200010, 0x20},  {PROBE_ERASE, 0x210000, 0x10000},
    {PROBE_PROGRAM, 0x2100f0, 0x304}, {PROBE_PROGRAM, 0x21fffc, 4},
    {PROBE_ERASE, 0x3ff000, 0x1000},  {PROBE_PROGRAM, 0x3ffe00, 0x200},
};

#define PROBE_OPERATION_COUNT (sizeof probe_operations / sizeof probe_operations[0])

/* Bytes to program with: operation `row`, byte `i`. */
static inline uint8_t probe_byte(uint32_t row, uint32_t i)
{
    const uint32_t mixed = (i + 1 + row * 977) * 2654435761u;

    return (uint8_t)(mixed >> 24);
}

#endif
