/* From reset to the bootloader, as the mask ROM does it. */
#ifndef SIM_QEMU_RESET_H
#define SIM_QEMU_RESET_H

#include <stdint.h>

/* As rtc_get_reset_reason() tells them. */
enum reset_cause {
    RESET_POWER = 1,
    RESET_EXTERNAL = 2,
    RESET_SOFTWARE = 3,
    RESET_WATCHDOG = 4,
    RESET_DEEP_SLEEP = 5,
    RESET_DEEP_SLEEP_ONLY_RTC = 6,
};

/* entries.S: the core as after a reset, stack and all, then reset_main(cause). */
void reset_restart(uint32_t cause) __attribute__((noreturn));

void reset_main(uint32_t cause) __attribute__((noreturn));

#endif
