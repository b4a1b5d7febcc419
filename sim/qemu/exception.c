#include "sim/qemu/exception.h"

#include "sim/qemu/board.h"
#include "sim/qemu/registers.h"
#include "sim/qemu/reset.h"
#include "sim/qemu/rom.h"
#include "sim/qemu/special.h"
#include "sim/qemu/tick.h"

#define CAUSE_ILLEGAL   0u
#define CAUSE_INTERRUPT 4u

#define ROM       0x40000000u
#define ROM_BYTES 0x10000u

/* The chip says so over and over, until the watchdog ends it. */
static void fatal(const struct exception_frame *frame)
{
    ets_uart_printf("Fatal exception (%d): \n", (int)frame->cause);
    ets_uart_printf("epc1=0x%08x, epc2=0x%08x, epc3=0x%08x, excvaddr=0x%08x, depc=0x%08x\n",
                    (unsigned)frame->pc, 0u, 0u, (unsigned)frame->address, 0u);
    if ((REGISTER(WATCHDOG_CONTROL) & WATCHDOG_ENABLED) != 0)
        board_reset(RESET_WATCHDOG);
    board_end(BOARD_EXIT_FAULT);
}

/* A program that enables others finds them disabled again: they end its `waiti`, and
 * that is all. */
static void interrupted(void)
{
    const uint32_t waiting = special_waiting_interrupts();

    special_enable_interrupts(special_enabled_interrupts() & (~waiting | TICK_INTERRUPT));
    if ((waiting & TICK_INTERRUPT) != 0)
        tick();
}

void exception_dispatch(const struct exception_frame *frame)
{
    if (frame->cause == CAUSE_INTERRUPT) {
        interrupted();
        return;
    }
    if (frame->cause == CAUSE_ILLEGAL && frame->pc - ROM < ROM_BYTES)
        board_fault("this ROM has no function at", frame->pc);
    fatal(frame);
}

void exception_stray(uint32_t pc)
{
    board_fault("a breakpoint, or an exception in an exception, at", pc);
}
