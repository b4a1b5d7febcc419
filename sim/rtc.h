/* The ESP8266's RTC user memory, as much of it as the boot command takes: keeps
 * its content through resets, not through loss of power. */
#ifndef SIM_RTC_H
#define SIM_RTC_H

#include "updraft/eboot.h"

#include <stdint.h>

struct rtc {
    struct ud_rtc port; /* ctx is this struct, so it must not be moved */
    uint32_t words[UD_EBOOT_BLOCK_WORDS];
};

/* The content is as after rtc_power_loss(). */
void rtc_init(struct rtc *rtc, uint32_t seed);

/* The content becomes whatever the memory wakes up with. */
void rtc_power_loss(struct rtc *rtc, uint32_t seed);

#endif
