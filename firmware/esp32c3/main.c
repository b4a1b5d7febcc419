/* The demonstration firmware for the ESP32-C3: says who it is, and keeps the watchdog
 * quiet that the bootloader left running. Confirming a trial and asking for updates is
 * what port/esp-idf is for.
 */
#include "firmware/description.h"

#include <stdint.h>

/* Technical reference manual, "Low-power management", the RTC watchdog. */
#define RTC_CONTROL    0x60008000u
#define WATCHDOG_FEED  0xa4u
#define WATCHDOG_GUARD 0xa8u
#define FEED           (1u << 31)
#define GUARD_OPEN     0x50d83aa1u

#define FEED_INTERVAL_US 100000u

int ets_printf(const char *format, ...);
void ets_delay_us(uint32_t us);
void firmware_main(void);

static void set_register(uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)(RTC_CONTROL + offset) = value;
}

static void feed_watchdog(void)
{
    set_register(WATCHDOG_GUARD, GUARD_OPEN);
    set_register(WATCHDOG_FEED, FEED);
    set_register(WATCHDOG_GUARD, 0);
}

void firmware_main(void)
{
    ets_printf("\n%s %s, built %s %s with %s\n", description.project, description.version,
               description.date, description.time, description.sdk);
    for (;;) {
        feed_watchdog();
        ets_delay_us(FEED_INTERVAL_US);
    }
}
