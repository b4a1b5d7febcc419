/* https: TLS for check-ins, in memory that is there from the start.
 *
 * Which server is the right one, settings say: by its key's digest, by who vouches for
 * its certificate, or by both. Without either there is no https. The board knows no time,
 * so of a certificate's dates only this is checked, and only where it must come from
 * somebody: it has not ended before the program was built.
 */
#ifndef FIRMWARE_NET_SECURE_H
#define FIRMWARE_NET_SECURE_H

#include "bearssl/tls.h"
#include "updraft/tls.h"

#include <stdbool.h>
#include <stdint.h>

#define SECURE_RECORD 4096u /* bytes of a server's record */

#define SECURE_STACK 8192u /* bytes that a handshake may take of it */

/* Needed during handshakes only. */
struct secure_handshake {
    struct ud_bearssl_trust trust;
    struct ud_bearssl_anchor anchor;
    _Alignas(16) uint8_t stack[SECURE_STACK]; /* the core's is not deep enough for curves */
};

struct secure {
    struct secure_handshake *handshake;
    uint8_t pin[UD_SHA256_SIZE];
    struct ud_bearssl_tls session;
    struct ud_tls tls;
    bool is_open;                  /* the handshake is done */
    struct ud_tls_methods methods; /* the session's, on that stack where need be */
    uint8_t send_buffer[UD_BEARSSL_TLS_SEND_MIN];
    uint8_t receive_buffer[SECURE_RECORD + UD_BEARSSL_TLS_OVERHEAD];
};

struct secure_config {
    struct secure_handshake *handshake; /* must outlive the rest */
    const uint8_t *pin;                 /* UD_SHA256_SIZE bytes, copied; null: none */
    const uint8_t *ca;                  /* a certificate in DER; copied; null: none */
    uint32_t ca_length;
    uint64_t built_s; /* when the program was, in seconds since 1970; 0: not known */
};

/* Before each check-in: what a handshake needs has been other things since. False when
 * there is nobody to trust, or a certificate that cannot be used. */
bool secure_prepare(struct secure *secure, const struct secure_config *config);

#endif
