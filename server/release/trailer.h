/* What follows an image in its file: nothing, or a signature.
 *
 *   ESP8266     signature || u32 its length; 256, 384 or 512 for RSA, up to
 *               144 bytes of DER for ECDSA up to P-521
 *   ESP32       512 bytes, zero-padded, without a length (the Arduino core's
 *               tool); or Secure Boot v2: filled up to a multiple of 4096, then
 *               a sector that starts with E7 02 (or E7 03, ECDSA)
 */
#ifndef SERVER_RELEASE_TRAILER_H
#define SERVER_RELEASE_TRAILER_H

#include "updraft/image.h"

#include <stdint.h>

struct trailer {
    int file;
    uint64_t start; /* file offset where the image, or gzip member, ends */
    uint64_t end;   /* bytes of the file */
    enum ud_chip chip;
};

enum trailer_kind { TRAILER_NONE, TRAILER_SIGNATURE, TRAILER_UNKNOWN, TRAILER_NOT_READ };

enum trailer_kind trailer_judge(const struct trailer *trailer);

#endif
