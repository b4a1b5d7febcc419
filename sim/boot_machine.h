/* The machine a boot runs on, on the host: flash and RTC memory through the library's
 * ports, and an end to each boot. One boot after the other may run on a machine.
 */
#ifndef SIM_BOOT_MACHINE_H
#define SIM_BOOT_MACHINE_H

#include "boot/boot.h"
#include "boot/decide.h"
#include "updraft/eboot.h"
#include "updraft/flash.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

enum boot_end {
    BOOT_STARTED,   /* the application at `base` runs */
    BOOT_RESTARTED, /* the chip resets: flash failed in mid-copy, or nothing can be started */
};

struct boot_result {
    enum boot_end end;
    uint32_t base;           /* flash address of the two-image file that was started */
    enum boot_action action; /* the last one */
    enum boot_error error;   /* the last one; BOOT_OK: none */
    bool is_copied;          /* an update was carried out */
    bool is_returned;        /* the program before a trial was ordered back */
};

struct boot_machine_config {
    const struct ud_flash *flash;
    const struct ud_rtc *rtc;
    void *ctx;
    /* Told of each action as it begins; may be null. */
    void (*acts)(void *ctx, enum boot_action action);
};

/* Owned by the caller, who need not prepare it. */
struct boot_machine {
    struct boot boot;
    uint32_t window[BOOT_INFLATE_WINDOW / sizeof(uint32_t)];
    uint32_t command[UD_EBOOT_BLOCK_WORDS];
    const struct boot_machine_config *config;
    struct boot_result *result;
    jmp_buf end;
};

/* One boot, from reset to a start or another reset. */
void boot_machine_run(struct boot_machine *machine, const struct boot_machine_config *config,
                      struct boot_result *result);

#endif
