#include "sim/qemu/reset.h"

#include "sim/qemu/board.h"
#include "sim/qemu/host_file.h"
#include "sim/qemu/image.h"
#include "sim/qemu/registers.h"
#include "sim/qemu/rom.h"
#include "sim/qemu/special.h"
#include "sim/qemu/tick.h"
#include "sim/qemu/variables.h"

#include <string.h>

#define SDIO_STRAPS 6u /* what boards without an SDIO host show */
#define LINE_FLASH  181
#define LINE_CAUSE  187

/* This board's core counts 40 million cycles a second. */
#define CPU_MHZ 40u

/* The default chip of the ROM, whatever the real one is. */
static const struct rom_flash_chip four_megabytes = {
    .id = 0x1640ef,
    .size = 0x400000,
    .block_size = 0x10000,
    .sector_size = 0x1000,
    .page_size = 0x100,
    .status_mask = 0xffff,
};

/* Otherwise frames would go on arriving in what was a program's memory. */
static void reset_ethernet(void)
{
    const uint8_t *mac = board.options.mac;

    if (!board.options.has_ethernet)
        return;
    REGISTER(ETHERNET_MODE) = 0;
    REGISTER(ETHERNET_MASK) = 0;
    REGISTER(ETHERNET_EVENTS) = UINT32_MAX;
    REGISTER(BOARD_MAC_HIGH) = (uint32_t)mac[0] << 8 | mac[1];
    REGISTER(BOARD_MAC_LOW) =
        (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];
}

static void reset_peripherals(uint32_t cause)
{
    memset((void *)PERIPHERALS, 0, PERIPHERALS_BYTES);
    REGISTER(GPIO_INPUT) = STRAPS_OF(board.options.straps, SDIO_STRAPS);
    REGISTER(RTC_STATE) = cause;
    board.hungry_us = 0;
    board.has_cache = false;
    if (!host_file_get(board.chance, (void *)BOARD_CHANCE, BOARD_CHANCE_BYTES))
        board_fault("the host has no random bytes for", BOARD_CHANCE);
    reset_ethernet();
}

static void reset_variables(void)
{
    memset((void *)ROM_VARIABLES, 0, ROM_VARIABLES_END - ROM_VARIABLES);
    ROM_SYSTEM->cpu_mhz = CPU_MHZ;
    ROM_SYSTEM->default_chip = four_megabytes;
    ROM_SYSTEM->flash_chip = &ROM_SYSTEM->default_chip;
    ets_install_uart_printf();
}

/* Where the chip waits for the watchdog, or for a hand. */
static void wait_for_ever(void) __attribute__((noreturn));
static void wait_for_ever(void)
{
    board_end(BOARD_EXIT_NO_BOOT);
}

static void start_from_flash(void)
{
    uint32_t entry;

    if (!image_load(&entry)) {
        ets_printf("%s %d \n", "ets_main.c", LINE_FLASH);
        wait_for_ever();
    }
    board.counts = (struct board_counts){.start_cycles = special_cycles()};
    ROM_USER_START = entry;
    ((void (*)(void))entry)();
}

/* 1, 2 and 4 may be followed by a download; 3, 5 and 6 never are. */
static void check_cause(uint32_t cause)
{
    if (cause == RESET_WATCHDOG)
        ets_printf("wdt reset\n");
    if (cause >= RESET_POWER && cause <= RESET_DEEP_SLEEP_ONLY_RTC)
        return;
    ets_printf("unknown reset\n%s %d \n", "ets_main.c", LINE_CAUSE);
    wait_for_ever();
}

void reset_main(uint32_t cause)
{
    reset_peripherals(cause);
    reset_variables();
    tick_start();

    const uint32_t pins = REGISTER(GPIO_INPUT);
    ets_printf("\n ets %s,rst cause:%d, boot mode:(%d,%d)\n\n", "Jan  8 2013", (int)cause,
               (int)STRAPS(pins), (int)SDIO(pins));
    check_cause(cause);
    if (STRAPS(pins) != STRAPS_FLASH) {
        ets_printf("board: only strap %d, start from flash, is there\n", (int)STRAPS_FLASH);
        wait_for_ever();
    }
    start_from_flash();
    ets_printf("user code done\n");
    wait_for_ever();
}
