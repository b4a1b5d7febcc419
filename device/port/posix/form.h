/* Drives a form engine over BSD sockets: a TCP port, and the connections to it.
 *
 *   ud_form_init(&form, &config, random);
 *   error = ud_posix_form_open(&driver, &form, "0.0.0.0", 80);
 *   for (;;) {
 *       wait until a socket of ud_posix_form_poll(&driver) is ready, or until
 *       ud_posix_form_deadline()
 *       if (ud_posix_form_service(&driver, now_ms)) restart the device
 *   }
 *   ud_posix_form_close(&driver);
 *
 * Nothing here blocks.
 */
#ifndef UPDRAFT_POSIX_FORM_H
#define UPDRAFT_POSIX_FORM_H

#include "updraft/form.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UD_POSIX_FORM_CLIENTS 4u /* at a time; others wait to be accepted */
#define UD_POSIX_FORM_SOCKETS (UD_POSIX_FORM_CLIENTS + 1u)

struct ud_posix_form {
    struct ud_form *form;               /* the caller's; must outlive the driver */
    int listener;                       /* -1: not open */
    int sockets[UD_POSIX_FORM_CLIENTS]; /* -1: no connection */
    struct ud_form_client clients[UD_POSIX_FORM_CLIENTS];
};

/* Opens the port on a numeric IPv4 address; port 0 takes any. 0, or a negative errno. */
int ud_posix_form_open(struct ud_posix_form *driver, struct ud_form *form, const char *address,
                       uint16_t port);

/* The port that was opened. */
uint16_t ud_posix_form_port(const struct ud_posix_form *driver);

/* Does all that can be done without waiting, and tells the engine the time. Takes
 * at most 16 KiB of each connection at a time, to be fair to others in the loop. True
 * when the engine wants a RESTART. */
bool ud_posix_form_service(struct ud_posix_form *driver, uint32_t now_ms);

/* Fills in the sockets to wait for; returns how many. */
size_t ud_posix_form_poll(const struct ud_posix_form *driver,
                          struct pollfd entries[UD_POSIX_FORM_SOCKETS]);

/* When service is due at the latest; false: only when a socket is ready. */
bool ud_posix_form_deadline(const struct ud_posix_form *driver, uint32_t *deadline_ms);

/* Somebody is connected. */
bool ud_posix_form_is_active(const struct ud_posix_form *driver);

/* Gives up what is under way and closes. One that is not open is fine. */
void ud_posix_form_close(struct ud_posix_form *driver);

#endif
