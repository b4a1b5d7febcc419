#include "sim/qemu/tick.h"

#include "sim/qemu/board.h"
#include "sim/qemu/registers.h"
#include "sim/qemu/reset.h"
#include "sim/qemu/special.h"

#define TICK_US        20000u
#define CYCLES_A_US    40u
#define STAGE_UNIT_US  800u
#define STAGE_BITS_MAX 15u

static void set_timer(void)
{
    special_set_timer(special_cycles() + TICK_US * CYCLES_A_US);
}

static uint32_t stage_us(uint32_t address)
{
    const uint32_t bits = REGISTER(address);

    return STAGE_UNIT_US << (bits < STAGE_BITS_MAX ? bits : STAGE_BITS_MAX);
}

static void watch(void)
{
    if (REGISTER(WATCHDOG_FEED) == WATCHDOG_SIGNAL ||
        (REGISTER(WATCHDOG_CONTROL) & WATCHDOG_ENABLED) == 0) {
        REGISTER(WATCHDOG_FEED) = 0;
        board.hungry_us = 0;
        return;
    }
    board.hungry_us += TICK_US;
    if (board.hungry_us >= stage_us(WATCHDOG_STAGE1) + stage_us(WATCHDOG_STAGE2))
        board_reset(RESET_WATCHDOG);
}

void tick(void)
{
    set_timer();
    if ((REGISTER(RTC_CONTROL) & RTC_SOFTWARE_RESET) != 0)
        board_reset(RESET_SOFTWARE);
    watch();
}

void tick_start(void)
{
    set_timer();
    special_enable_interrupts(TICK_INTERRUPT);
    special_allow_interrupts();
}
