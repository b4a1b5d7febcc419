/* An ESP8266 on its own instruction set: starts the emulator with the board of
 * sim/qemu, which holds the mask ROM's place, and says what came of it.
 *
 * Flash and RTC memory outlive the runs, so that a device's life is a row of them:
 *
 *   qemu_board_open(&board, &config);
 *   qemu_board_run(board, &(struct qemu_board_run){.cut = &plan, ...}, &result);
 *   qemu_board_run(board, &(struct qemu_board_run){...}, &result);
 *   qemu_board_close(board);
 *
 * A run takes about 50 ms to start.
 */
#ifndef SIM_QEMU_BOARD_H
#define SIM_QEMU_BOARD_H

#include "sim/cut.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_BOARD_EMULATOR  "qemu-system-xtensa" /* of Debian's qemu-system-misc */
#define QEMU_BOARD_RTC_WORDS 192u /* from 60001100 on; the boot command is in word 64 */

struct qemu_board;

struct qemu_board_config {
    const char *emulator;   /* null: QEMU_BOARD_EMULATOR, looked for in PATH */
    const char *rom;        /* rom.elf of the LX106 build */
    const char *flash_path; /* null: flash in memory, erased at first */
    bool is_scratch;        /* flash_path is only what flash holds at first */
    uint32_t flash_size;    /* bytes: a power of two, at least 64 KB */
    uint32_t seed;          /* of what RAM and RTC memory wake up with */
};

/* Texts in config must outlive the board. The file is created, erased, when there is
 * none. 0, or a negative errno:
 * -EBUSY   another device has the file
 * -ERANGE  the file has another size */
int qemu_board_open(struct qemu_board **board, const struct qemu_board_config *config);

/* Null is fine. */
void qemu_board_close(struct qemu_board *board);

/* The content of flash, and of RTC memory. Look and prepare between runs. */
uint8_t *qemu_board_flash(struct qemu_board *board);
uint32_t *qemu_board_rtc_memory(struct qemu_board *board);

/* As rtc_get_reset_reason() on the chip tells them. */
enum qemu_board_cause {
    QEMU_BOARD_POWER_ON = 1,
    QEMU_BOARD_EXTERNAL_RESET = 2,
    QEMU_BOARD_SOFTWARE_RESET = 3,
    QEMU_BOARD_WATCHDOG_RESET = 4,
};

struct qemu_board_run {
    enum qemu_board_cause cause; /* 0: QEMU_BOARD_POWER_ON */
    const struct cut_plan *cut;  /* null: power stays */
    bool stops_at_reset;         /* otherwise the chip starts again, in the same run */
    bool stops_at_application;   /* as soon as one starts */
    const char *until;           /* stop when the console shows this text; null: none */
    uint32_t timeout_ms;         /* real time; 0: no limit */
    int stop_fd;                 /* the run ends when this can be read; 0: none */
    int *typed_fd;               /* what comes there is typed at the board; -1 once it has ended;
                                  * null: nothing is typed */
    bool counts_instructions;    /* exactly, and the same in every run; no network */
    const char *nic;             /* as the emulator's option -nic wants it; null: none */
    const char *mac;             /* 5C:CF:7F:00:00:01: of the board's end of it */
    void *ctx;
    void (*console)(void *ctx, const char *text, size_t length); /* may be null */
};

enum qemu_board_end {
    QEMU_BOARD_CUT,         /* as planned; RTC memory is kept or lost, as planned */
    QEMU_BOARD_RESET,       /* software reset */
    QEMU_BOARD_WATCHDOG,    /* watchdog reset */
    QEMU_BOARD_APPLICATION, /* an application starts */
    QEMU_BOARD_NO_BOOT,     /* the ROM found nothing to start */
    QEMU_BOARD_FAULT,       /* the chip would have hung or crashed; the console says how */
    QEMU_BOARD_SAID,        /* what was waited for; RTC memory is as before the run */
    QEMU_BOARD_HUNG,        /* out of time; RTC memory is as before the run */
    QEMU_BOARD_STOPPED,     /* by stop_fd, or somebody stopped the emulator */
};

/* From the bootloader's start to the end of the run; all 0 after _SAID, _HUNG and
 * _STOPPED. With counts_instructions, cycles are exact: 32 for 25 instructions. */
struct qemu_board_counts {
    uint32_t cycles;
    uint32_t flash_cycles; /* of them, in what stands for the flash chip */
    uint32_t stack_bytes;  /* since power-on: below 40000000, the ROM's part included */
    uint32_t operations;   /* since power-on: programs and erases, as cut plans count */
    uint32_t reads;
    uint32_t read_bytes;
    uint32_t programs;
    uint32_t program_bytes;
    uint32_t program_pages; /* programmed in whole or in part */
    uint32_t sector_erases;
    uint32_t block_erases;
};

struct qemu_board_result {
    enum qemu_board_end end;
    const char *console; /* what it said, of very much the end; good until the next run */
    struct qemu_board_counts counts;
};

/* 0, or a negative errno: -ENOENT without emulator, -EPROTO when it did not run the
 * board; result->console then says why. */
int qemu_board_run(struct qemu_board *board, const struct qemu_board_run *run,
                   struct qemu_board_result *result);

/* Instructions outside of what stands for the flash chip. */
static inline uint64_t qemu_board_instructions(const struct qemu_board_counts *counts)
{
    return (uint64_t)(counts->cycles - counts->flash_cycles) * 25 / 32;
}

#endif
