/* The device's one update session, which all ways in share: where updates go, whose are
 * taken, and what is known of the running program.
 */
#ifndef FIRMWARE_NET_UPDATES_H
#define FIRMWARE_NET_UPDATES_H

#include "firmware/net/secure.h"
#include "firmware/net/trust.h"
#include "firmware/settings.h"
#include "updraft/eboot.h"
#include "updraft/form.h"
#include "updraft/gunzip.h"
#include "updraft/image.h"
#include "updraft/staging.h"
#include "updraft/updater.h"

#include <stdbool.h>
#include <stdint.h>

struct updates {
    const struct ud_flash *flash;
    struct settings_place place;
    struct ud_rtc rtc;
    struct ud_staging staging;
    struct ud_updater updater;
    struct ud_image_description description;
    struct trust trust;
    struct ud_gunzip gunzip;
    union {
        uint8_t window[UD_GUNZIP_WINDOW]; /* while a session runs */
        struct {
            struct secure_handshake handshake;
            uint32_t settings[UD_FLASH_SECTOR / sizeof(uint32_t)];
        } secure; /* while none does */
    } shared;
    uint32_t buffer[UD_FLASH_SECTOR / sizeof(uint32_t)]; /* whoever may begin a session, or none
                                                          * runs: see updates_buffer() */
};

/* Also reads the settings, by default where there are none. flash must outlive it, which
 * must not be moved. UD_ERR_*. */
UD_MUST_CHECK int updates_init(struct updates *updates, const struct ud_flash *flash,
                               struct settings *settings);

/* A sector's worth of memory until something begins a session; null while one runs. */
uint8_t *updates_buffer(struct updates *updates);

/* What the page shows. */
UD_MUST_CHECK int updates_about(const struct updates *updates, struct ud_form_about *about);

#endif
