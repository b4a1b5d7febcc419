/* Does what a test has ordered. */
#include "orders.h"
#include "probe.h"

#include "esp8266-rom/rom.h"

#define RTC_MEMORY ((volatile uint32_t *)0x60001100)

void firmware_main(void);

static const struct {
    enum probe_order order;
    void (*carry_out)(uint32_t count);
} orders[] = {
    {PROBE_ARITHMETIC, check_arithmetic}, {PROBE_TEXT, check_text},
    {PROBE_FLASH, check_flash},           {PROBE_PRINT, print_lines},
    {PROBE_OPERATE, operate_flash},       {PROBE_RESET, call_reset},
    {PROBE_RESET_BIT, set_reset_bit},     {PROBE_HANG, hang},
    {PROBE_STARVE, starve_watchdog},      {PROBE_FEED, feed_watchdog},
    {PROBE_UNKNOWN, call_unknown},        {PROBE_UNALIGNED, read_unaligned},
    {PROBE_LONG, write_too_much},         {PROBE_FROM_FLASH, write_from_flash},
    {PROBE_PARKED, run_while_parked},
};

void firmware_main(void)
{
    const uint32_t order = RTC_MEMORY[PROBE_ORDER_WORD];
    const uint32_t count = RTC_MEMORY[PROBE_COUNT_WORD]++;

    ets_printf("\nprobe %x %u\n", (unsigned)order, (unsigned)count);
    for (uint32_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (orders[i].order == order)
            orders[i].carry_out(count);
    ets_printf(PROBE_DONE "\n");
    for (;;)
        continue;
}
