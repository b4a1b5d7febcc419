/* Ways to a reset, and into what has none. */
#include "orders.h"
#include "probe.h"

#include "esp8266-rom/port.h"
#include "esp8266-rom/rom.h"

typedef void procedure(void);
typedef uint32_t question(void);

#define SOFTWARE_RESET ROM_FUNCTION(procedure, 0x4000264c)
#define RESET_REASON   ROM_FUNCTION(question, 0x400025e0)
#define WATCHDOG_MODE  ROM_FUNCTION(question, 0x40002f34)

#define TWO_STAGES    4u
#define STAGE_1670_MS 3u

static void say_why(void)
{
    ets_printf("reason %u\n", (unsigned)RESET_REASON());
}

void call_reset(uint32_t count)
{
    say_why();
    if (count == 0)
        SOFTWARE_RESET();
}

void set_reset_bit(uint32_t count)
{
    say_why();
    if (count == 0)
        ud_rom_restart();
}

void hang(uint32_t count)
{
    (void)count;
    for (;;)
        continue;
}

void starve_watchdog(uint32_t count)
{
    say_why();
    ets_wdt_enable(TWO_STAGES, STAGE_1670_MS, STAGE_1670_MS);
    expect(WATCHDOG_MODE() == TWO_STAGES, "ets_wdt_get_mode");
    if (count == 0)
        hang(count);
    expect(ets_wdt_disable() == TWO_STAGES, "ets_wdt_disable");
    expect(WATCHDOG_MODE() == 0, "off");
}

void feed_watchdog(uint32_t count)
{
    (void)count;
    ets_wdt_enable(TWO_STAGES, STAGE_1670_MS, STAGE_1670_MS);
    for (int i = 0; i < 8; i++) {
        ets_delay_us(1000000);
        ud_rom_watchdog_feed();
    }
    ets_wdt_disable();
    ets_delay_us(5000000);
}

void call_unknown(uint32_t count)
{
    (void)count;
    ROM_FUNCTION(procedure, PROBE_UNKNOWN_ADDRESS)();
}
