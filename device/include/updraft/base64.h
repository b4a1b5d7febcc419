/* Base64 (RFC 4648), byte by byte: the form of Basic credentials. */
#ifndef UPDRAFT_BASE64_H
#define UPDRAFT_BASE64_H

#include <stdint.h>

#define UD_BASE64_GROUP 4u /* digits written at a time, for 3 bytes */

/* Begin by setting it to zero. */
struct ud_base64 {
    uint32_t bits; /* of the bytes waiting for their group */
    uint8_t count; /* of those bytes, 0 to 2 */
};

/* Takes one byte. Returns the digits written to `digits`: 0 or UD_BASE64_GROUP. */
uint32_t ud_base64_add(struct ud_base64 *base64, uint8_t byte, char digits[UD_BASE64_GROUP]);

/* Pads and writes the last group. Returns 0, if there is none, or UD_BASE64_GROUP. */
uint32_t ud_base64_end(struct ud_base64 *base64, char digits[UD_BASE64_GROUP]);

#endif
