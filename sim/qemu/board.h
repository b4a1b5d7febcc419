/* The board around the chip: power, RAM that wakes up with noise, RTC memory, and
 * how a run ends. Its state lies where the chip has no memory, so that no program
 * comes across it.
 */
#ifndef SIM_QEMU_BOARD_H
#define SIM_QEMU_BOARD_H

#include "sim/cut.h"
#include "sim/qemu/exit.h"
#include "sim/qemu/options.h"

#include <stdbool.h>
#include <stdint.h>

#define BOARD_BLOCK 65536u /* the longest operation of the flash chip */

/* What the bootloader, and what it started, have made of their time. */
struct board_counts {
    uint32_t start_cycles; /* when the ROM called the bootloader */
    uint32_t flash_cycles; /* spent in what stands for the flash chip */
    uint32_t reads;
    uint32_t read_bytes;
    uint32_t programs;
    uint32_t program_bytes;
    uint32_t program_pages; /* programmed in whole or in part */
    uint32_t sector_erases;
    uint32_t block_erases;
};

struct board {
    struct board_options options;
    struct power power;
    struct board_counts counts;
    uint32_t flash_size;
    int zeros;                  /* a file that is all zeros */
    int chance;                 /* one whose bytes nobody can foretell */
    uint32_t hungry_us;         /* since the watchdog was last fed */
    uint32_t beats;             /* told to the host */
    uint32_t told_limit_us;     /* with the last of them */
    uint32_t silent_ticks;      /* since then */
    bool has_cache;             /* part of IRAM is the flash cache */
    uint8_t cells[BOARD_BLOCK]; /* what an operation works on */
};

/* One board, one chip: ROM functions have no other way to find it. */
extern struct board board;

/* Reads the options, and lets the memories wake up. Returns the reset's cause. */
uint32_t board_power_on(void);

/* The reset line. Does not return: the ROM starts over, or the run ends. */
void board_reset(uint32_t cause) __attribute__((noreturn));

/* Power is gone. */
void board_power_off(void) __attribute__((noreturn));

void board_end(enum board_exit exit) __attribute__((noreturn));

/* Says what the chip would not have survived, and ends. */
void board_fault(const char *what, uint32_t value) __attribute__((noreturn));

/* The least address the stack has reached. */
uint32_t board_stack_low(void);

#endif
