/* Whom a server's certificate must come from: a CA's certificate, or a server's own. */
#ifndef UPDRAFT_BEARSSL_ANCHOR_H
#define UPDRAFT_BEARSSL_ANCHOR_H

#include "updraft/error.h"

#include <bearssl.h>
#include <stdint.h>

#define UD_BEARSSL_NAME_MAX 256u /* bytes of a subject's name in DER */
#define UD_BEARSSL_KEY_MAX  (BR_X509_BUFSIZE_KEY)

struct ud_bearssl_anchor {
    br_x509_trust_anchor anchor; /* points into the rest, so this must stay where it is */
    uint8_t name[UD_BEARSSL_NAME_MAX];
    uint32_t name_length;
    uint8_t key[UD_BEARSSL_KEY_MAX];
};

/* Reads a certificate in DER, which is not needed any more then. UD_ERR_ARGUMENT when
 * it is none, its name is longer than UD_BEARSSL_NAME_MAX or its key is of a kind
 * that BearSSL does not have. */
UD_MUST_CHECK int ud_bearssl_anchor_read(struct ud_bearssl_anchor *anchor, const uint8_t *der,
                                         uint32_t length);

#endif
