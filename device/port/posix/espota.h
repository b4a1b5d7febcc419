/* Drives an espota engine over BSD sockets: a UDP port that takes invitations, and
 * the connection to the uploader.
 *
 *   ud_espota_init(&espota, &config);
 *   error = ud_posix_espota_open(&driver, &espota, "0.0.0.0", 8266);
 *   for (;;) {
 *       wait until a socket of ud_posix_espota_poll(&driver) is ready, or until
 *       ud_posix_espota_deadline()
 *       if (ud_posix_espota_service(&driver, now_ms)) restart the device
 *   }
 *   ud_posix_espota_close(&driver);
 *
 * Nothing here blocks.
 */
#ifndef UPDRAFT_POSIX_ESPOTA_H
#define UPDRAFT_POSIX_ESPOTA_H

#include "updraft/espota.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UD_POSIX_ESPOTA_SOCKETS 2u

struct ud_posix_espota {
    struct ud_espota *espota; /* the caller's; must outlive the driver */
    struct ud_pbkdf2 key;
    int udp; /* -1: not open */
    int tcp; /* -1: no connection */
    bool is_connecting;
};

/* Opens the port on a numeric IPv4 address; port 0 takes any. 0, or a negative errno. */
int ud_posix_espota_open(struct ud_posix_espota *driver, struct ud_espota *espota,
                         const char *address, uint16_t port);

/* The port that was opened. */
uint16_t ud_posix_espota_port(const struct ud_posix_espota *driver);

/* Does all that can be done without waiting, and tells the engine the time. Takes
 * at most 16 KiB of an image at a time, to be fair to others in the loop. True when
 * the engine wants a RESTART. */
bool ud_posix_espota_service(struct ud_posix_espota *driver, uint32_t now_ms);

/* Fills in the sockets to wait for; returns how many. */
size_t ud_posix_espota_poll(const struct ud_posix_espota *driver,
                            struct pollfd entries[UD_POSIX_ESPOTA_SOCKETS]);

/* When service is due at the latest; false: only when a socket is ready. */
bool ud_posix_espota_deadline(const struct ud_posix_espota *driver, uint32_t *deadline_ms);

/* Gives up what is under way and closes. One that is not open is fine. */
void ud_posix_espota_close(struct ud_posix_espota *driver);

#endif
