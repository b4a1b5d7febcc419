/* The ROM's watchdog functions: all they do is set registers. tick.c is the dog. */
#include "sim/qemu/registers.h"
#include "sim/qemu/rom.h"
#include "sim/qemu/variables.h"

#define CONTROL_TWO_STAGES 0x38u
#define MODE_TWO_STAGES    4u

/* The ROM knows three intervals; anything else comes out as the shortest. */
static uint32_t stage_bits(uint32_t code)
{
    switch (code) {
    case 3:
        return 11;
    case 6:
        return 12;
    case 12:
        return 13;
    default:
        return 0;
    }
}

/* Both stages take the first interval; the second argument is only remembered. */
void ets_wdt_enable(uint32_t mode, uint32_t first, uint32_t second)
{
    ROM_SYSTEM->watchdog_mode = mode;
    ROM_SYSTEM->watchdog_first = first;
    ROM_SYSTEM->watchdog_second = second;
    if (mode == MODE_TWO_STAGES) {
        REGISTER(WATCHDOG_CONTROL) = CONTROL_TWO_STAGES;
        REGISTER(WATCHDOG_STAGE1) = stage_bits(first);
        REGISTER(WATCHDOG_STAGE2) = stage_bits(first);
    }
    REGISTER(WATCHDOG_CONTROL) |= WATCHDOG_ENABLED;
}

uint32_t ets_wdt_disable(void)
{
    const uint32_t mode = ROM_SYSTEM->watchdog_mode;

    REGISTER(WATCHDOG_CONTROL) &= ~WATCHDOG_ENABLED;
    REGISTER(WATCHDOG_FEED) = WATCHDOG_SIGNAL;
    ROM_SYSTEM->watchdog_mode = 0;
    return mode;
}

uint32_t ets_wdt_get_mode(void)
{
    return ROM_SYSTEM->watchdog_mode;
}

void ets_wdt_restore(uint32_t mode)
{
    if (mode != 0)
        ets_wdt_enable(mode, ROM_SYSTEM->watchdog_first, ROM_SYSTEM->watchdog_second);
}

void ets_wdt_init(void)
{
    REGISTER(WATCHDOG_CONTROL) &= ~WATCHDOG_ENABLED;
}
