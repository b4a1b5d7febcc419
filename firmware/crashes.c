/* A bad update: an exception, after which the ROM waits for the watchdog. */
#include "firmware/behaviour.h"

#include "esp8266-rom/rom.h"

#define NOT_ON_A_WORD 0x3ffe8001u

void firmware_behave(const struct ud_flash *flash)
{
    volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)NOT_ON_A_WORD;

    (void)flash;
    ets_printf("crashes\n");
    for (;;)
        *word = 0;
}
