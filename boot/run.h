/* One boot, from the facts to the address of the application to start: what the
 * virtual devices and the bootloader on the chip have in common.
 */
#ifndef BOOT_RUN_H
#define BOOT_RUN_H

#include "boot/decide.h"
#include "boot/work.h"
#include "updraft/eboot.h"

enum boot_step {
    BOOT_STEP_ACTION, /* decided: what is in `action` */
    BOOT_STEP_CHECK,  /* the source is read */
    BOOT_STEP_COPY,   /* and written */
    BOOT_STEP_END,    /* over, with what is in `reason` and `error` */
};

enum boot_outcome {
    BOOT_STARTS,   /* start the application at `base` */
    BOOT_RESTARTS, /* flash failed in mid-copy: nothing to start; the journal knows the rest */
};

struct boot_result {
    enum boot_outcome outcome;
    uint32_t base; /* flash address of the two-image file to start */
    enum boot_action action;
    enum boot_reason reason; /* why an update was not carried out */
    int error;               /* of its check or copy, or of the journal */
    bool is_copied;          /* an update was carried out */
    bool is_returned;        /* the image before a trial was put back */
};

struct boot_config {
    const struct ud_flash *flash;
    const struct ud_rtc *rtc;
    struct boot_work *work;
    void *ctx;
    /* Told as the boot goes on. */
    void (*step)(void *ctx, enum boot_step step, const struct boot_result *result);
};

void boot_run(const struct boot_config *config, struct boot_result *result);

#endif
