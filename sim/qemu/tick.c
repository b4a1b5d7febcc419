#include "sim/qemu/tick.h"

#include "sim/qemu/board.h"
#include "sim/qemu/host_file.h"
#include "sim/qemu/registers.h"
#include "sim/qemu/reset.h"
#include "sim/qemu/special.h"

#define TICK_US        20000u
#define CYCLES_A_US    40u
#define STAGE_UNIT_US  800u
#define STAGE_BITS_MAX 15u
#define BEAT_TICKS     25u /* half a second */
#define US_PER_MS      1000u

static void set_timer(void)
{
    special_set_timer(special_cycles() + TICK_US * CYCLES_A_US);
}

static uint32_t stage_us(uint32_t address)
{
    const uint32_t bits = REGISTER(address);

    return STAGE_UNIT_US << (bits < STAGE_BITS_MAX ? bits : STAGE_BITS_MAX);
}

/* 0: the watchdog is off. */
static uint32_t limit_us(void)
{
    if ((REGISTER(WATCHDOG_CONTROL) & WATCHDOG_ENABLED) == 0)
        return 0;
    return stage_us(WATCHDOG_STAGE1) + stage_us(WATCHDOG_STAGE2);
}

/* With interrupts off there are no ticks: then the host has to be the watchdog. */
static void tell_host(void)
{
    const uint32_t limit = limit_us();

    if (board.options.pulse == HOST_NO_FILE ||
        (++board.silent_ticks < BEAT_TICKS && limit == board.told_limit_us))
        return;
    const uint32_t told[] = {++board.beats, limit / US_PER_MS};
    host_file_write(board.options.pulse, 0, told, sizeof told);
    board.told_limit_us = limit;
    board.silent_ticks = 0;
}

static void watch(void)
{
    if (REGISTER(WATCHDOG_FEED) == WATCHDOG_SIGNAL || limit_us() == 0) {
        REGISTER(WATCHDOG_FEED) = 0;
        board.hungry_us = 0;
        return;
    }
    board.hungry_us += TICK_US;
    if (board.hungry_us >= limit_us())
        board_reset(RESET_WATCHDOG);
}

void tick(void)
{
    set_timer();
    if ((REGISTER(RTC_CONTROL) & RTC_SOFTWARE_RESET) != 0)
        board_reset(RESET_SOFTWARE);
    tell_host();
    watch();
}

void tick_start(void)
{
    set_timer();
    special_enable_interrupts(TICK_INTERRUPT);
    special_allow_interrupts();
}
