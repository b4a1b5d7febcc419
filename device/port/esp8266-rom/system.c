#include "esp8266-rom/port.h"

#include <stddef.h>

/* Registers and RTC memory take whole words only. */
#define RTC_USER_MEMORY 0x60001200u
#define GPIO_INPUT      0x60000318u
#define RTC_CONTROL     0x60000700u
#define WATCHDOG_FEED   0x60000914u

#define STRAPS_SHIFT    16
#define STRAPS_MASK     0xfu
#define SOFT_RESET      0x80000000u
#define WATCHDOG_SIGNAL 0x73u

static volatile uint32_t *word_at(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

static int rtc_read(void *ctx, uint32_t offset, void *data, uint32_t length)
{
    uint32_t *words = data;

    (void)ctx;
    for (uint32_t i = 0; i < length; i += sizeof *words)
        *words++ = *word_at(RTC_USER_MEMORY + offset + i);
    return 0;
}

static int rtc_write(void *ctx, uint32_t offset, const void *data, uint32_t length)
{
    const uint32_t *words = data;

    (void)ctx;
    for (uint32_t i = 0; i < length; i += sizeof *words)
        *word_at(RTC_USER_MEMORY + offset + i) = *words++;
    return 0;
}

struct ud_rtc ud_rom_rtc_port(void)
{
    return (struct ud_rtc){.ctx = NULL, .read = rtc_read, .write = rtc_write};
}

uint32_t ud_rom_straps(void *ctx)
{
    (void)ctx;
    return *word_at(GPIO_INPUT) >> STRAPS_SHIFT & STRAPS_MASK;
}

void ud_rom_watchdog_feed(void)
{
    *word_at(WATCHDOG_FEED) = WATCHDOG_SIGNAL;
}

void ud_rom_restart(void)
{
    volatile uint32_t *control = word_at(RTC_CONTROL);

    *control |= SOFT_RESET;
    for (;;)
        continue;
}
