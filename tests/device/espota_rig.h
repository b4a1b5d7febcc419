/* A device that takes uploads: the engine and the real updater over a RAM flash,
 * with a driver that writes down all the engine says, in order:
 *
 *   "> OK"   a datagram, to the inviter
 *   "< 1460" bytes for the connection
 */
#ifndef ESPOTA_RIG_H
#define ESPOTA_RIG_H

#include "updater_rig.h"

#include "updraft/espota.h"

#include <stdbool.h>
#include <stdint.h>

#define RIG_SAID_MAX     8192u
#define RIG_NOT_FAILED   (-1)
#define RIG_INVITER      1 /* names of hosts, first byte of their addresses */
#define RIG_STRANGER     2
#define RIG_INVITER_PORT 50000u

struct espota_rig {
    struct updater_rig device;
    struct ud_espota_config config; /* a test may change it before espota_rig_start() */
    struct ud_espota espota;
    struct ud_pbkdf2 key;
    uint32_t now_ms;
    uint8_t random[UD_ESPOTA_RANDOM]; /* what the next datagram comes with */
    uint32_t stretch_rounds;          /* at a time */

    /* What happened. */
    char said[RIG_SAID_MAX];
    struct ud_espota_peer replied_to; /* where the last datagram went */
    int failure;                      /* the last error event's */
    uint32_t failures;
    uint32_t ends;
    uint32_t erases;
    int erase_error; /* to be returned by erase_settings */
};

/* No password; a device with a 1 MB chip and 64 KB of files. */
void espota_rig_init(struct espota_rig *rig);
void espota_rig_free(struct espota_rig *rig);

/* As espota_rig_init() made it, in less time. */
void espota_rig_renew(struct espota_rig *rig);

/* Initialises the engine from config. */
void espota_rig_start(struct espota_rig *rig);

struct ud_espota_peer espota_rig_peer(uint8_t host, uint16_t port);

/* A datagram of that text; what the engine says to it is written down. */
void espota_rig_hear(struct espota_rig *rig, uint8_t host, const char *text);

/* Bytes of the image, in pieces of `step`, 0 for all at once. */
void espota_rig_receive(struct espota_rig *rig, const void *data, uint32_t length, uint32_t step);

/* Does all that can be done at once: datagrams, bytes, derivations. */
void espota_rig_serve(struct espota_rig *rig);

/* Lets time pass up to the engine's next deadline; false if there is none. */
bool espota_rig_wait(struct espota_rig *rig);

/* Forgets what has been said. */
void espota_rig_forget(struct espota_rig *rig);

/* The sum of the counts said since then: digits after "< ", at most one line of
 * which is the result. */
uint32_t espota_rig_counted(const struct espota_rig *rig);

/* An invitation to take these bytes: text of at least 80 bytes. */
void espota_rig_invitation(char *text, enum ud_command command, const void *data, uint32_t length);

#endif
