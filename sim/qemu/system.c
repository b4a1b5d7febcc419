/* Time and reset. */
#include "sim/qemu/board.h"
#include "sim/qemu/registers.h"
#include "sim/qemu/reset.h"
#include "sim/qemu/rom.h"
#include "sim/qemu/special.h"
#include "sim/qemu/variables.h"

uint32_t xthal_get_ccount(void)
{
    return special_cycles();
}

void ets_update_cpu_frequency(uint32_t mhz)
{
    ROM_SYSTEM->cpu_mhz = mhz;
}

uint32_t ets_get_cpu_frequency(void)
{
    return ROM_SYSTEM->cpu_mhz;
}

void ets_delay_us(uint32_t microseconds)
{
    const uint32_t start = special_cycles();

    while (special_cycles() - start < microseconds * ROM_SYSTEM->cpu_mhz)
        continue;
}

uint32_t rtc_get_reset_reason(void)
{
    return REGISTER(RTC_STATE) & RTC_CAUSE_MASK;
}

void software_reset(void)
{
    REGISTER(RTC_CONTROL) |= RTC_SOFTWARE_RESET;
    board_reset(RESET_SOFTWARE);
}
