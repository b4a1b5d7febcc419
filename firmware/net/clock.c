#include "firmware/net/clock.h"

#include "esp8266-rom/rom.h"
#include "firmware/net/core.h"

#include "lwip/sys.h"

#include <stdbool.h>

uint32_t clock_ms(void)
{
    /* lwIP asks for the time without saying whose. */
    static struct {
        bool is_running;
        uint32_t cycles; /* of the core's counter, when ms was right */
        uint32_t ms;
    } clock;
    const uint32_t cycles_a_ms = ets_get_cpu_frequency() * 1000u;
    const uint32_t cycles = core_cycles();

    if (!clock.is_running)
        clock.cycles = cycles;
    clock.is_running = true;
    const uint32_t passed_ms = (cycles - clock.cycles) / cycles_a_ms;
    clock.cycles += passed_ms * cycles_a_ms;
    clock.ms += passed_ms;
    return clock.ms;
}

u32_t sys_now(void)
{
    return clock_ms();
}
