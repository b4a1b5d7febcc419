/* What a running program does to update itself, by the real library: from the
 * first byte to the order for the bootloader.
 */
#ifndef POWERCUT_SESSION_H
#define POWERCUT_SESSION_H

#include "updraft/eboot.h"
#include "updraft/flash.h"
#include "updraft/layout.h"

#include <stdbool.h>
#include <stdint.h>

struct session {
    const struct ud_flash *flash;
    const struct ud_rtc *rtc;
    const struct ud_layout *layout;
    bool has_journal; /* orders go there, not to RTC memory */
    bool has_files;   /* a file system comes, staged for the bootloader to copy */
    const uint8_t *data;
    uint32_t length; /* bytes */
};

/* UD_OK, or what the library said. Does not come back when power goes. */
int session_run(const struct session *session);

#endif
