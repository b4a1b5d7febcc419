/* The chip's own digests: MD5 of its ROM, SHA-256 of mbedTLS, which uses the chip's engine. */
#ifndef UPDRAFT_ESP_IDF_DIGEST_H
#define UPDRAFT_ESP_IDF_DIGEST_H

#include "updraft/digest.h"

extern const struct ud_digest_class updraft_md5;
extern const struct ud_digest_class updraft_sha256;

#endif
