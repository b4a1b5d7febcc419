/* MD5 and SHA-256 by BearSSL. */
#ifndef UPDRAFT_BEARSSL_DIGEST_H
#define UPDRAFT_BEARSSL_DIGEST_H

#include "updraft/digest.h"

extern const struct ud_digest_class ud_md5;
extern const struct ud_digest_class ud_sha256;

#endif
