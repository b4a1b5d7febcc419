/* Drives a form engine over lwIP's raw interface: a TCP port, and the connections to it.
 *
 *   ud_form_init(&form, &config, random);
 *   is_open = ud_lwip_form_open(&driver, &form, 80);
 *   for (;;) {
 *       let lwIP take what has arrived and look at its timers
 *       if (ud_lwip_form_service(&driver, now_ms)) restart the device
 *       sleep until something arrives, and not longer than a second
 *   }
 */
#ifndef UPDRAFT_LWIP_FORM_H
#define UPDRAFT_LWIP_FORM_H

#include "lwip/stream.h"
#include "updraft/form.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_LWIP_FORM_CLIENTS 2u /* at a time: browsers open a spare one. Others are refused */

/* State; private, public only for its size. */
struct ud_lwip_form {
    struct ud_form *form; /* the caller's; must outlive the driver */
    struct ud_lwip_stream streams[UD_LWIP_FORM_CLIENTS];
    struct ud_form_client clients[UD_LWIP_FORM_CLIENTS];
    bool is_new[UD_LWIP_FORM_CLIENTS]; /* accepted; the engine has not been told */
};

/* Opens the port on all addresses, for ever. False when lwIP has no memory or the port
 * is in use. */
bool ud_lwip_form_open(struct ud_lwip_form *driver, struct ud_form *form, uint16_t port);

/* Does all that can be done without waiting, and tells the engine the time. True when
 * the engine wants a RESTART. */
bool ud_lwip_form_service(struct ud_lwip_form *driver, uint32_t now_ms);

#endif
