#include "sim/qemu/board.h"

#include "sim/qemu/host_file.h"
#include "sim/qemu/registers.h"
#include "sim/qemu/report.h"
#include "sim/qemu/reset.h"
#include "sim/qemu/rom.h"
#include "sim/qemu/simcall.h"

#include <string.h>

#define ARGUMENT_BYTES 1024u
#define WORD           sizeof(uint32_t)

struct board board;

/* ---- Memories ---- */

/* What the word at this address wakes up with. */
static uint32_t noise_at(uint32_t address)
{
    const uint32_t mixed = (address ^ board.options.seed << 7) * 2654435761u;

    return mixed ^ mixed >> 15;
}

static void fill_with_noise(uint32_t from, uint32_t to)
{
    for (uint32_t address = from; address < to; address += WORD)
        REGISTER(address) = noise_at(address);
}

uint32_t board_stack_low(void)
{
    uint32_t address = ROM_VARIABLES_END;

    while (address < DATA_RAM_END && REGISTER(address) == noise_at(address))
        address += WORD;
    return address;
}

static void rtc_forget(void)
{
    fill_with_noise(RTC_MEMORY, RTC_MEMORY + RTC_MEMORY_WORDS * WORD);
}

/* A file of another size is a new one. */
static void rtc_wake_up(void)
{
    void *memory = (void *)RTC_MEMORY;

    if (board.options.rtc == HOST_NO_FILE ||
        host_file_size(board.options.rtc) != RTC_MEMORY_WORDS * WORD ||
        !host_file_read(board.options.rtc, 0, memory, RTC_MEMORY_WORDS * WORD))
        rtc_forget();
}

/* ---- Power on ---- */

/* Nothing has been touched yet, and nothing is. */
static void setup_failed(const char *what, const char *which) __attribute__((noreturn));
static void setup_failed(const char *what, const char *which)
{
    ets_uart_printf("board: %s%s\n", what, which);
    for (;;)
        simcall(SIMCALL_EXIT, BOARD_EXIT_SETUP, 0, 0);
}

/* The first argument is the name of this program's own file. */
static void read_options(void)
{
    static union {
        const char *arguments[ARGUMENT_BYTES / sizeof(char *)];
        uint32_t words[ARGUMENT_BYTES / WORD];
    } memory;

    options_init(&board.options);
    if (simcall(SIMCALL_ARGUMENT_BYTES, 0, 0, 0) > (int32_t)sizeof memory)
        setup_failed("too many options", "");
    const int32_t count = simcall(SIMCALL_ARGUMENT_COUNT, 0, 0, 0);
    simcall(SIMCALL_ARGUMENTS, (uint32_t)(uintptr_t)&memory, 0, 0);
    for (int32_t i = 1; i < count; i++)
        if (!options_take(&board.options, memory.arguments[i]))
            setup_failed("unknown option ", memory.arguments[i]);
}

static void attach_flash(void)
{
    board.flash_size = host_file_size(board.options.flash);
    if (board.flash_size < BOARD_BLOCK || (board.flash_size & (board.flash_size - 1)) != 0)
        setup_failed("flash is no file whose size is that of a chip", "");
}

uint32_t board_power_on(void)
{
    memset(&board, 0, sizeof board);
    read_options();
    attach_flash();
    board.zeros = host_file_open("/dev/zero");
    board.chance = host_file_open("/dev/urandom");
    power_on(&board.power, &board.options.cut, NULL);
    fill_with_noise(DATA_RAM, DATA_RAM_END);
    fill_with_noise(CODE_RAM, CODE_RAM_END);
    rtc_wake_up();
    return board.options.cause;
}

/* ---- The end ---- */

void board_end(enum board_exit exit)
{
    if (board.options.report != HOST_NO_FILE)
        report_write(board.options.report);
    if (board.options.rtc != HOST_NO_FILE)
        host_file_write(board.options.rtc, 0, (const void *)RTC_MEMORY, RTC_MEMORY_WORDS * WORD);
    for (;;)
        simcall(SIMCALL_EXIT, exit, 0, 0);
}

void board_power_off(void)
{
    if (!board.options.cut.keeps_rtc)
        rtc_forget();
    board_end(BOARD_EXIT_CUT);
}

void board_reset(uint32_t cause)
{
    if (board.options.stops_at_reset)
        board_end(cause == RESET_WATCHDOG ? BOARD_EXIT_WATCHDOG : BOARD_EXIT_RESET);
    reset_restart(cause);
}

void board_fault(const char *what, uint32_t value)
{
    ets_uart_printf("\nboard: %s %08x\n", what, (unsigned)value);
    board_end(BOARD_EXIT_FAULT);
}
