/* What follows an image in its file: nothing, a manifest, a signature, or both.
 *
 *   manifest    112 bytes behind a raw image (updraft/manifest.h)
 *   signature   ESP8266, and devices with our library: the signature || u32 its
 *               length; the modulus' bytes for RSA, 64 for P-256 and up to 144
 *               bytes of DER for other curves and tools
 *               ESP32: 512 bytes, zero-padded, without a length (the Arduino core's
 *               tool); or Secure Boot v2: filled up to a multiple of 4096, then
 *               a sector that starts with E7 02 (or E7 03, ECDSA)
 */
#ifndef SERVER_RELEASE_TRAILER_H
#define SERVER_RELEASE_TRAILER_H

#include "updraft/image.h"
#include "updraft/manifest.h"

#include <stdbool.h>
#include <stdint.h>

struct trailer {
    int file;
    uint64_t start; /* file offset where the image, or gzip member, ends */
    uint64_t end;   /* bytes of the file */
    enum ud_chip chip;
};

enum trailer_kind { TRAILER_NONE, TRAILER_KNOWN, TRAILER_UNKNOWN, TRAILER_NOT_READ };

/* What a trailer that is known, or none, holds. */
struct trailer_parts {
    bool has_manifest;
    struct ud_manifest manifest;
    uint64_t signature;        /* bytes, all that belongs to it; 0 = none */
    uint32_t signature_length; /* as its length word says; 0 where there is no such word */
};

enum trailer_kind trailer_judge(const struct trailer *trailer, struct trailer_parts *parts);

#endif
