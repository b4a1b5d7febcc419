/* Uploads from the bench: `updraft push`, espota.py, the Arduino IDE. */
#ifndef FIRMWARE_NET_UPLOADS_H
#define FIRMWARE_NET_UPLOADS_H

#include "firmware/net/updates.h"
#include "firmware/settings.h"
#include "lwip/espota.h"
#include "updraft/espota.h"

#include <stdbool.h>
#include <stdint.h>

struct uploads {
    struct updates *updates;
    struct ud_espota espota;
    struct ud_lwip_espota driver;
};

/* Opens the port of the settings, if they have one, for ever. updates and settings must
 * outlive it. */
void uploads_start(struct uploads *uploads, struct updates *updates,
                   const struct settings *settings);

/* Does what can be done without waiting. True when an image was taken: the device must be
 * restarted. */
bool uploads_service(struct uploads *uploads, uint32_t now_ms);

/* There is more to be done without waiting. */
bool uploads_are_busy(const struct uploads *uploads);

#endif
