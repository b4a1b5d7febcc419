/* Receiving an upload from the bench: the uploader invites the device by a
 * datagram, proves that it knows the password, and the device connects back and
 * takes the image. ArduinoOTA's protocol as a sans-IO engine.
 *
 *   uploader                               device, UDP port 8266 (ESP32: 3232)
 *   "0 48266 301200 <md5>\n"  ──UDP──►     command, TCP port, bytes, MD5 of them
 *                             ◄──UDP──     "AUTH <nonce>"            with a password
 *   "200 <cnonce> <response>\n" ─UDP─►     (espota_auth.h)
 *                             ◄──UDP──     "OK" | "Authentication Failed" | "ERR: ERROR[n]: …\n"
 *                             ◄──TCP──     connects
 *   image                     ──TCP──►
 *                             ◄──TCP──     "1460" "1460" …           bytes taken, no separator
 *                             ◄──TCP──     "OK" | "ERROR[n]: …\n"    and closes
 *
 * The engine owns no socket, clock or thread, and no source of random bytes. A
 * driver hands over what comes to the UDP port, ud_espota_datagram(), and serves
 * what ud_espota_want() names:
 *
 *   REPLY    send ud_espota_send_buffer() as one datagram to ud_espota_peer();
 *            ud_espota_sent()
 *   STRETCH  ud_espota_stretch(), again and again; only with SHA-256
 *   CONNECT  open TCP to ud_espota_endpoint(); report ud_espota_connected() or
 *            ud_espota_connection_failed()
 *   SEND     send from ud_espota_send_buffer(); ud_espota_sent()
 *   RECEIVE  hand over what arrives: ud_espota_received(), ud_espota_peer_closed()
 *   CLOSE    close the connection; ud_espota_closed()
 *   RESTART  the new image is committed: restart the device
 *
 * and calls ud_espota_tick() no later than ud_espota_deadline(). Several things
 * can be wanted at once; REPLY is better done first. Every event may be reported
 * at any time: one the engine did not want is ignored. Time is any millisecond
 * counter that wraps at 2^32.
 *
 * Whatever happens, the engine is back where it takes invitations when the
 * deadlines on the way have passed; only a success that asks for RESTART ends it.
 */
#ifndef UPDRAFT_ESPOTA_H
#define UPDRAFT_ESPOTA_H

#include "updraft/error.h"
#include "updraft/espota_auth.h"
#include "updraft/messages.h"
#include "updraft/updater.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_ESPOTA_PORT_ESP8266 8266u
#define UD_ESPOTA_PORT_ESP32   3232u
#define UD_ESPOTA_TIMEOUT_MS   10000u /* as long as the uploaders wait */
#define UD_ESPOTA_SETTLE_MS    1000u  /* keeps "OK" apart from the last count, and from the end */
#define UD_ESPOTA_RANDOM       UD_DIGEST_MAX_SIZE
#define UD_ESPOTA_TEXT_MAX     132u /* "ERR: ", the longest error line of the updater, newline */
#define UD_ESPOTA_CHALLENGE    5u   /* bytes of "AUTH " */

/* ArduinoOTA's numbers for what went wrong. */
enum ud_espota_failure {
    UD_ESPOTA_AUTH_FAILED = 0,    /* wrong password, or none within the time */
    UD_ESPOTA_BEGIN_FAILED = 1,   /* the updater did not begin */
    UD_ESPOTA_CONNECT_FAILED = 2, /* no connection to the uploader */
    UD_ESPOTA_RECEIVE_FAILED = 3, /* the uploader closed or fell silent */
    UD_ESPOTA_END_FAILED = 4,     /* the updater did not take the image */
    UD_ESPOTA_ERASE_FAILED = 5,   /* the settings could not be erased */
};

/* Beside the updater's own: start and progress are those. */
struct ud_espota_events {
    void *ctx;
    void (*error)(void *ctx, enum ud_espota_failure failure); /* the updater knows more */
    void (*end)(void *ctx); /* succeeded and the connection is closed; a restart comes next */
};

struct ud_espota_config {
    struct ud_updater *updater;           /* initialised */
    const struct ud_digest_class *digest; /* of the password's proof: MD5 or SHA-256. Null:
                                           * there is no password */
    const char *password;                 /* null or empty: none; outlives the engine */
    const char *password_hash;            /* in place of it: H as lower-case digits */
    uint32_t timeout_ms;                  /* of every phase; 0: UD_ESPOTA_TIMEOUT_MS */
    /* Erases the SDK's settings once an image is committed; null: they stay. With
     * a boot journal its sector, the first of the four, must not be among them.
     * UD_OK or negative. */
    int (*erase_settings)(void *ctx);
    void *erase_ctx;
    bool needs_erase; /* a failed erase withdraws the update; else it is only reported */
    bool stays_up;    /* no RESTART after a success */
    struct ud_espota_events events; /* each may be null */
};

enum ud_espota_want {
    UD_ESPOTA_REPLY = 1 << 0,
    UD_ESPOTA_STRETCH = 1 << 1,
    UD_ESPOTA_CONNECT = 1 << 2,
    UD_ESPOTA_SEND = 1 << 3,
    UD_ESPOTA_RECEIVE = 1 << 4,
    UD_ESPOTA_CLOSE = 1 << 5,
    UD_ESPOTA_RESTART = 1 << 6,
};

/* An address and port of an uploader. The address is never looked into: IPv4,
 * IPv6 or a test's name, unused bytes zero. */
struct ud_espota_peer {
    uint8_t address[16];
    uint16_t port;
};

struct ud_espota_invitation {
    uint32_t command;
    uint32_t port; /* TCP, of the uploader */
    uint32_t size;
    uint8_t md5[UD_MD5_SIZE];
};

/* What an uploader proves the password with. */
struct ud_espota_proof {
    char cnonce[UD_ESPOTA_HEX_TEXT];
    uint8_t response[UD_DIGEST_MAX_SIZE];
};

/* State; private, public only for its size. */
struct ud_espota {
    uint8_t state;
    bool owns_session;  /* the updater's session is this upload's */
    bool is_committed;  /* the image waits for the restart */
    bool is_reply;      /* text is a datagram, else bytes for the connection */
    bool is_stretching; /* the derivation has begun */
    bool is_held_off;   /* until hold_until_ms no challenge is given out */
    uint8_t failures;   /* proofs refused since the last good one */
    uint8_t text_length;
    uint8_t text_sent;
    uint32_t uncounted; /* bytes taken whose count has not been sent */
    uint32_t last_event_ms;
    uint32_t hold_until_ms;
    struct ud_espota_config config;
    struct ud_espota_peer peer;
    struct ud_espota_invitation invitation;
    union {
        char text[UD_ESPOTA_TEXT_MAX]; /* what is being said */
        struct {                       /* from the invitation until the proof is judged */
            union {
                char challenge[UD_ESPOTA_CHALLENGE + UD_ESPOTA_HEX_TEXT]; /* "AUTH <nonce>" */
                struct ud_espota_proof proof;                             /* the answer to it */
            };
            uint8_t nonce[UD_DIGEST_MAX_SIZE];
        };
    } said;
};

/* Checks and copies config. UD_ERR_ARGUMENT when something needed is missing, or
 * password_hash is not a hash of that digest. */
UD_MUST_CHECK int ud_espota_init(struct ud_espota *espota, const struct ud_espota_config *config);

/* What the engine waits for: a set of enum ud_espota_want. 0: an invitation. */
unsigned ud_espota_want(const struct ud_espota *espota);

/* Where a reply goes, and what to connect to: valid until the next event. */
const struct ud_espota_peer *ud_espota_peer(const struct ud_espota *espota);
struct ud_espota_peer ud_espota_endpoint(const struct ud_espota *espota);

/* Bytes to send now, valid until the next event. */
const void *ud_espota_send_buffer(const struct ud_espota *espota, uint32_t *length);

/* Events. */

/* One datagram, from `from`. The random bytes must be such that nobody can tell
 * them beforehand; fresh ones for every call. */
void ud_espota_datagram(struct ud_espota *espota, const struct ud_espota_peer *from,
                        const void *data, uint32_t length, const uint8_t random[UD_ESPOTA_RANDOM],
                        uint32_t now_ms);

/* Part of a derivation in `key`, which is the caller's until STRETCH is no longer
 * wanted; whoever wants no SHA-256 leaves this call out, and links no PBKDF2.
 * `rounds` is how many to do now: two digest blocks each. */
void ud_espota_stretch(struct ud_espota *espota, struct ud_pbkdf2 *key, uint32_t rounds,
                       uint32_t now_ms);

void ud_espota_connected(struct ud_espota *espota, uint32_t now_ms);
void ud_espota_connection_failed(struct ud_espota *espota);
void ud_espota_sent(struct ud_espota *espota, uint32_t length, uint32_t now_ms);
void ud_espota_received(struct ud_espota *espota, const void *data, uint32_t length,
                        uint32_t now_ms);
void ud_espota_peer_closed(struct ud_espota *espota, uint32_t now_ms);
void ud_espota_closed(struct ud_espota *espota);
void ud_espota_tick(struct ud_espota *espota, uint32_t now_ms);

/* Gives an upload up, and the updater's session with it; CLOSE is wanted next if
 * there is a connection. What has been committed stays so. */
void ud_espota_abort(struct ud_espota *espota);

/* When tick must be called: true, and an absolute time to compare as
 * (int32_t)(deadline - now); or false while there is nothing to wait for. */
bool ud_espota_deadline(const struct ud_espota *espota, uint32_t *deadline_ms);

#endif
