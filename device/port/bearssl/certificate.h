/* What trust needs of a certificate before, or besides, what BearSSL makes of it:
 * when it begins to be valid, and the digest of its public key.
 *
 *   Certificate  SEQUENCE
 *     tbs        SEQUENCE
 *                [0] version (may be absent), serial, algorithm, issuer,
 *                validity { not before, not after }, subject,
 *                SubjectPublicKeyInfo, …
 */
#ifndef UPDRAFT_BEARSSL_CERTIFICATE_H
#define UPDRAFT_BEARSSL_CERTIFICATE_H

#include "updraft/digest.h"

#include <bearssl.h>
#include <stdbool.h>
#include <stdint.h>

/* As BearSSL counts: days since the first of January of year 0. */
struct ud_bearssl_moment {
    uint32_t days;
    uint32_t seconds;
};

/* Seconds since 1970. */
struct ud_bearssl_moment ud_bearssl_moment(uint64_t unix_s);
bool ud_bearssl_is_before(const struct ud_bearssl_moment *one,
                          const struct ud_bearssl_moment *other);

struct ud_bearssl_certificate {
    uint8_t step;   /* which element */
    uint8_t header; /* bytes of its tag and length so far, or that they are whole */
    uint8_t tag;
    uint8_t length_bytes; /* still to come */
    uint32_t left;        /* bytes of its content still to come */
    uint8_t time_length;
    uint8_t time[17];      /* the start of the validity: tag, length, digits */
    br_sha256_context key; /* over the SubjectPublicKeyInfo */
};

void ud_bearssl_certificate_begin(struct ud_bearssl_certificate *certificate);

/* Takes the certificate's DER, in pieces of any length. */
void ud_bearssl_certificate_add(struct ud_bearssl_certificate *certificate, const uint8_t *data,
                                uint32_t length);

/* False while it is not known, or not a time. */
bool ud_bearssl_certificate_start(const struct ud_bearssl_certificate *certificate,
                                  struct ud_bearssl_moment *start);

/* SHA-256 of the key as it travels; false when the certificate is not sound that far. */
bool ud_bearssl_certificate_pin(const struct ud_bearssl_certificate *certificate,
                                uint8_t pin[UD_SHA256_SIZE]);

#endif
