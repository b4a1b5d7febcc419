/* Is the other end the server it should be? By its certificate's issuer, by the digest
 * of its public key, or by both:
 *
 *   anchors        the chain leads to one of them, the certificate is for the host
 *                  asked for, and its dates are right as far as time is known
 *   pin            the first certificate's key is this one; nothing else of it counts
 *   both           both hold
 *
 * Time that is not known is made up from what is: a certificate counts as begun, and
 * as not ended unless it ended before the time that has certainly come.
 */
#ifndef UPDRAFT_BEARSSL_TRUST_H
#define UPDRAFT_BEARSSL_TRUST_H

#include "anchor.h"
#include "certificate.h"

struct ud_bearssl_trust_config {
    const struct ud_bearssl_anchor *anchors; /* must outlive the trust */
    uint32_t anchor_count;
    const uint8_t *pin; /* SHA-256 of the SubjectPublicKeyInfo; null: none. Likewise */
    uint64_t now_s;     /* since 1970; 0: not known */
    uint64_t past_s;    /* where now is not known: it is later than this, say than when
                         * the program was built; 0: not known */
};

#define UD_BEARSSL_ANCHORS_MAX 4u

/* State of a handshake; private, public only for its size. Not needed between
 * handshakes. */
struct ud_bearssl_trust {
    const br_x509_class *methods; /* first: what BearSSL knows of it */
    struct ud_bearssl_trust_config config;
    br_x509_trust_anchor anchors[UD_BEARSSL_ANCHORS_MAX];
    struct ud_bearssl_certificate certificate;
    uint32_t certificates;
    bool is_pinned; /* the first has the right key */
    union {
        br_x509_minimal_context chain;
        br_x509_decoder_context alone;
    } as;
};

/* UD_ERR_ARGUMENT when there is neither anchor nor pin, or too many anchors. */
UD_MUST_CHECK int ud_bearssl_trust_init(struct ud_bearssl_trust *trust,
                                        const struct ud_bearssl_trust_config *config);

/* Was it the pin that failed? */
bool ud_bearssl_trust_lacks_pin(const struct ud_bearssl_trust *trust);

#endif
