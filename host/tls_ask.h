/* A request over TLS, by the very client devices have: BearSSL, with as little memory. */
#ifndef HOST_TLS_ASK_H
#define HOST_TLS_ASK_H

#include "device/port/bearssl/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_ask {
    const char *host;
    unsigned port;
    unsigned seconds;    /* of silence */
    const char *request; /* to send; what comes is read to its end */
    uint32_t record;     /* bytes of records it has memory for: 512 to 16384 */
    struct ud_bearssl_trust_config whom;
    /* Of what comes; may be null. */
    void (*take)(void *ctx, const void *data, size_t length);
    void *ctx;
};

struct tls_asked {
    uint64_t received;  /* bytes, decrypted */
    bool is_whole;      /* it ended with the server's good-bye, or its connection's clean end
                         * after one */
    bool shook_hands;   /* got as far as the request */
    const char *socket; /* what went wrong with the connection; null: nothing */
};

/* UD_OK, or one of UD_ERR_TLS*, or UD_ERR_HTTP_CONNECT where socket says why. */
int tls_ask(const struct tls_ask *ask, struct tls_asked *asked);

#endif
