/* As it should be: confirms itself, and keeps the watchdog quiet. */
#include "firmware/behaviour.h"

#include "esp8266-rom/port.h"
#include "esp8266-rom/rom.h"
#include "updraft/trial.h"

#define FEED_INTERVAL_US 100000u

void firmware_behave(const struct ud_flash *flash)
{
    const int error = ud_trial_confirm(flash);

    if (error != UD_OK)
        ets_printf("could not confirm itself: error %d\n", error);
    else
        ets_printf("works\n");
    for (;;) {
        ud_rom_watchdog_feed();
        ets_delay_us(FEED_INTERVAL_US);
    }
}
