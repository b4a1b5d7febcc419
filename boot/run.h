/* One boot, from the command to the address of the application to start: what
 * the virtual device and the bootloader on the chip have in common.
 */
#ifndef BOOT_RUN_H
#define BOOT_RUN_H

#include "boot/copy.h"
#include "boot/decide.h"

enum boot_step { BOOT_STEP_VERIFY, BOOT_STEP_COPY };

struct boot_config {
    const struct ud_flash *flash;
    const struct ud_rtc *rtc;
    struct boot_memory *memory;
    void *ctx;
    /* Called as a decision to copy is carried out; null for no interest. */
    void (*step)(void *ctx, enum boot_step step, const struct boot_decision *decision);
};

enum boot_outcome {
    BOOT_START,   /* start the application at `base` */
    BOOT_RESTART, /* flash failed in mid-copy: nothing to start, the command is kept */
};

struct boot_result {
    enum boot_outcome outcome;
    uint32_t base;
    struct boot_decision decision;
    int error;      /* of the verification or the copy; UD_OK when there was none */
    bool is_copied; /* the decision to copy was carried out */
    struct boot_copy_report copy;
};

/* The command is cleared when it has been carried out or refused, and before
 * anything is started. */
void boot_run(const struct boot_config *config, struct boot_result *result);

#endif
