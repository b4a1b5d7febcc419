/* A bad update: an exception, after which the ROM waits for the watchdog. */
#include "firmware/behaviour.h"

#include "esp8266-rom/rom.h"

void firmware_behave(const struct ud_flash *flash)
{
    (void)flash;
    ets_printf("crashes\n");
    for (;;)
        __asm__ volatile("ill");
}
