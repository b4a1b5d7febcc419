/* A bad update: stops feeding the watchdog, which resets the chip. */
#include "firmware/behaviour.h"

#include "esp8266-rom/rom.h"

void firmware_behave(const struct ud_flash *flash)
{
    (void)flash;
    ets_printf("hangs\n");
    for (;;)
        continue;
}
