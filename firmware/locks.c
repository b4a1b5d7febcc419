/* A bad update: hangs with interrupts off, where nothing but the watchdog reaches it. */
#include "firmware/behaviour.h"

#include "esp8266-rom/rom.h"

void firmware_behave(const struct ud_flash *flash)
{
    (void)flash;
    ets_printf("hangs, and hears nothing\n");
    __asm__ volatile("rsil a2, 15\n\trsync" : : : "a2", "memory");
    for (;;)
        continue;
}
