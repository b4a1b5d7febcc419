/* What a TLS server shows of itself, whoever it is: nothing is verified here. */
#ifndef HOST_TLS_LOOK_H
#define HOST_TLS_LOOK_H

#include "host/pin.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define TLS_LOOK_NAMES   256
#define TLS_LOOK_LENGTHS 4u /* of records, that a client can ask for: 512, 1024, 2048, 4096 */

struct tls_look {
    bool has_12, has_13;
    unsigned suites;               /* of tls_suites[], a bit for each, that it takes with TLS 1.2 */
    bool agrees[TLS_LOOK_LENGTHS]; /* to a record length it is asked for */
    size_t chain_count;            /* certificates it sends, its own first */
    size_t chain_bytes;            /* in DER */
    char key[24];                  /* of its own: "P-256", "RSA-2048" */
    unsigned key_bits;
    bool key_is_ec;
    char names[TLS_LOOK_NAMES];
    time_t begins, ends; /* of its own certificate */
    time_t chain_ends;   /* the first of all to end */
    uint8_t pin[PIN_SIZE];
};

/* Those that device/port/bearssl has, as OpenSSL calls them; null ends the list. */
extern const char *const tls_suites[];

/* False when there is no TLS to be had, with a text in *why. */
bool tls_look(const char *host, unsigned port, unsigned seconds, struct tls_look *look,
              const char **why);

#endif
