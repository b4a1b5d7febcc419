/* Announces a device on the local network, so that tools find it by name and browsers by
 * <name>.local: a multicast DNS responder (RFC 6762) for one IPv4 address and its two
 * services (RFC 6763), as a sans-IO engine. Platforms that have a responder of their own
 * need only the texts of service.h.
 *
 *   <name>.local                  A    the address
 *   _arduino._tcp.local           PTR  <name>._arduino._tcp.local
 *   <name>._arduino._tcp.local    SRV  <name>.local, UDP port of uploads
 *                                 TXT  ud_service_text()
 *   _http._tcp.local              PTR  <name>._http._tcp.local
 *   <name>._http._tcp.local       SRV  <name>.local, TCP port of the page; TXT without texts
 *   _services._dns-sd._udp.local  PTR  the two types
 *
 * With an address it asks three times whether somebody has the name, takes "<name>-2" and so
 * on if so, announces itself twice, and from then on answers. The driver hands over what
 * arrives at UDP port 5353 and sends what there is to say:
 *
 *   while (ud_mdns_wait_ms(&mdns, now_ms) == 0) {
 *       length = ud_mdns_message(&mdns, now_ms, buffer, sizeof buffer, &to);
 *       send it from port 5353, with a time to live of 255
 *   }
 *
 * again after each datagram, and when that many milliseconds have passed. Time is any
 * millisecond counter that wraps at 2^32.
 */
#ifndef UPDRAFT_MDNS_H
#define UPDRAFT_MDNS_H

#include "updraft/error.h"
#include "updraft/image.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_MDNS_PORT 5353u
#define UD_MDNS_GROUP                                                                              \
    {                                                                                              \
        224, 0, 0, 251                                                                             \
    }
#define UD_MDNS_NAME_MAX    64u  /* bytes of a name, NUL included */
#define UD_MDNS_MESSAGE_MAX 768u /* bytes of anything it says */

struct ud_mdns_config {
    enum ud_chip chip;
    const char *name;     /* of host and services, without ".local"; outlives the engine */
    const char *board;    /* as ud_service_text() has it; outlives the engine */
    bool needs_password;  /* uploads do */
    uint16_t upload_port; /* 0: takes no uploads */
    uint16_t page_port;   /* 0: has no page */
};

/* Who asked, or who is to hear it. */
struct ud_mdns_peer {
    uint8_t address[4];
    uint16_t port;
};

/* State; private, public only for its size. */
struct ud_mdns {
    struct ud_mdns_config config;
    uint8_t address[4];
    uint8_t state;
    uint8_t left;      /* probes, or announcements, still to come */
    uint8_t conflicts; /* names somebody else had, one after the other */
    uint16_t number;   /* appended to the name; 0: none */
    uint32_t chance;
    uint32_t due_ms;    /* of the next of those left */
    uint16_t answers;   /* owed to all: bits of records */
    uint16_t said;      /* by the last message to all */
    uint32_t answer_ms; /* when they are due */
    uint32_t said_ms;   /* when that was */
    struct ud_mdns_peer asker;
    uint16_t reply;      /* owed to the asker alone: bits of records */
    uint16_t id;         /* of his question; */
    uint16_t asked_type; /* which is said again */
    uint8_t asked_name;  /* to askers who know no mDNS; 0: to none */
};

/* UD_ERR_ARGUMENT for a name that is empty or too long. Says nothing until it has an
 * address. */
UD_MUST_CHECK int ud_mdns_init(struct ud_mdns *mdns, const struct ud_mdns_config *config);

/* The device has this address now. `random` spreads devices that start together. */
void ud_mdns_begin(struct ud_mdns *mdns, const uint8_t address[4], uint32_t random,
                   uint32_t now_ms);

/* The address is gone. */
void ud_mdns_end(struct ud_mdns *mdns);

/* The device goes: there is a good-bye to be sent, and then nothing until it has an
 * address again. */
void ud_mdns_leave(struct ud_mdns *mdns);

/* A datagram from the local network; nobody else's should be handed over. */
void ud_mdns_received(struct ud_mdns *mdns, const struct ud_mdns_peer *from, const uint8_t *message,
                      uint32_t length, uint32_t now_ms);

/* So long there is nothing to say, unless something arrives. 0: there is something now;
 * UINT32_MAX: nothing at all. */
uint32_t ud_mdns_wait_ms(const struct ud_mdns *mdns, uint32_t now_ms);

/* What there is to say, and to whom, as if it were sent now. Bytes; 0: nothing. With less
 * room than UD_MDNS_MESSAGE_MAX it may be lost. */
uint32_t ud_mdns_message(struct ud_mdns *mdns, uint32_t now_ms, uint8_t *out, uint32_t size,
                         struct ud_mdns_peer *to);

/* The name it goes by at present. */
void ud_mdns_name(const struct ud_mdns *mdns, char name[UD_MDNS_NAME_MAX]);

#endif
