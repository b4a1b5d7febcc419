/* A TLS 1.2 client by BearSSL, in memory of the caller's choice.
 *
 * The receive buffer decides what a server is asked for: records of at most 512, 1024,
 * 2048 or 4096 bytes (RFC 6066's max_fragment_length), the largest that fits with
 * UD_BEARSSL_TLS_OVERHEAD; from 16384 on there is nothing to ask for. A server that
 * does not keep to it ends the connection with UD_ERR_TLS_RECORD.
 */
#ifndef UPDRAFT_BEARSSL_TLS_H
#define UPDRAFT_BEARSSL_TLS_H

#include "trust.h"
#include "updraft/tls.h"

#include <bearssl.h>
#include <stdint.h>

#define UD_BEARSSL_TLS_OVERHEAD      325u /* of a receive buffer: for a record's head and tail */
#define UD_BEARSSL_TLS_SEND_OVERHEAD 85u
#define UD_BEARSSL_TLS_RECEIVE_MIN   (512u + UD_BEARSSL_TLS_OVERHEAD)
#define UD_BEARSSL_TLS_SEND_MIN      (512u + UD_BEARSSL_TLS_SEND_OVERHEAD)
#define UD_BEARSSL_TLS_SEED          32u

struct ud_bearssl_tls_config {
    void *receive_buffer; /* both must outlive the session */
    uint32_t receive_size;
    void *send_buffer;
    uint32_t send_size;
    struct ud_bearssl_trust *trust;      /* used from begin until WRITE is wanted; else free */
    struct ud_bearssl_trust_config whom; /* checked when it is initialised */
};

/* State; private, public only for its size. */
struct ud_bearssl_tls {
    struct ud_bearssl_tls_config config;
    uint8_t seed[UD_BEARSSL_TLS_SEED]; /* of the next connection's random numbers */
    bool lacks_pin;
    br_ssl_client_context client;
};

/* The seed must be unguessable: all that a session keeps secret hangs on it. It is used
 * for one connection, which makes the next one's. UD_ERR_ARGUMENT for buffers below the
 * least, or nobody to trust. */
UD_MUST_CHECK int ud_bearssl_tls_init(struct ud_bearssl_tls *tls,
                                      const struct ud_bearssl_tls_config *config,
                                      const uint8_t seed[UD_BEARSSL_TLS_SEED]);

/* Seconds since 1970, from the next connection on. */
void ud_bearssl_tls_set_time(struct ud_bearssl_tls *tls, uint64_t now_s);

/* For a driver. The session must outlive it. */
struct ud_tls ud_bearssl_tls(struct ud_bearssl_tls *tls);

#endif
