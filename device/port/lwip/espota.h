/* Drives an espota engine over lwIP's raw interface: a UDP port that takes invitations, and
 * the connection to the uploader.
 *
 *   ud_espota_init(&espota, &config);
 *   is_open = ud_lwip_espota_open(&driver, &espota, UD_ESPOTA_PORT_ESP8266, random_bytes);
 *   for (;;) {
 *       let lwIP take what has arrived and look at its timers
 *       if (ud_lwip_espota_service(&driver, now_ms)) restart the device
 *       sleep until something arrives, not longer than a second, and not at all while
 *       ud_lwip_espota_is_busy(&driver)
 *   }
 */
#ifndef UPDRAFT_LWIP_ESPOTA_H
#define UPDRAFT_LWIP_ESPOTA_H

#include "lwip/stream.h"
#include "updraft/espota.h"
#include "updraft/pbkdf2.h"

#include <stdbool.h>
#include <stdint.h>

struct udp_pcb;

/* Writes bytes that nobody can foretell. */
typedef void ud_lwip_espota_random(void *bytes, uint32_t length);

/* State; private, public only for its size. All zero: not open. */
struct ud_lwip_espota {
    struct ud_espota *espota; /* the caller's; must outlive the driver */
    ud_lwip_espota_random *random;
    struct udp_pcb *udp;
    struct pbuf *datagram; /* the one not looked at yet; others are lost meanwhile */
    struct ud_espota_peer from;
    struct ud_lwip_stream stream;
    struct ud_pbkdf2 key;
};

/* Opens the port on all addresses, for ever. False when lwIP has no memory or the port
 * is in use. */
bool ud_lwip_espota_open(struct ud_lwip_espota *driver, struct ud_espota *espota, uint16_t port,
                         ud_lwip_espota_random *random);

/* Does all that can be done without waiting, or part of a long computation, and tells the
 * engine the time. True when the engine wants a RESTART. One that is not open is fine. */
bool ud_lwip_espota_service(struct ud_lwip_espota *driver, uint32_t now_ms);

/* There is more to compute: serve it again at once. */
bool ud_lwip_espota_is_busy(const struct ud_lwip_espota *driver);

#endif
