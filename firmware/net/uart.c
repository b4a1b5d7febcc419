#include "firmware/net/uart.h"

#include "firmware/net/core.h"

#include <stdint.h>

#define BASE      0x9d050020u
#define INTERRUPT 0u

/* Registers, a word each. */
enum { DATA, INTERRUPTS, FIFO, LINE_CONTROL, MODEM_CONTROL, LINE_STATUS };

#define INTERRUPT_RECEIVED 1u
#define FIFO_ON            1u
#define LINE_8_BITS        3u
#define STATUS_RECEIVED    1u

static volatile uint32_t *registers(void)
{
    return (volatile uint32_t *)(uintptr_t)BASE;
}

void uart_start(void)
{
    registers()[LINE_CONTROL] = LINE_8_BITS;
    registers()[FIFO] = FIFO_ON;
    registers()[INTERRUPTS] = INTERRUPT_RECEIVED;
}

static bool has_received(void)
{
    return (registers()[LINE_STATUS] & STATUS_RECEIVED) != 0;
}

bool uart_take(char *character)
{
    if (!has_received())
        return false;
    *character = (char)registers()[DATA];
    return true;
}

bool uart_may_sleep(void)
{
    core_enable_interrupt(INTERRUPT);
    return !has_received();
}
