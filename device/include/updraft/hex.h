/* Hexadecimal, the form in which digests travel in all three protocols. */
#ifndef UPDRAFT_HEX_H
#define UPDRAFT_HEX_H

#include "updraft/error.h"

#include <stdint.h>

/* Writes 2 * length lower-case digits and a terminating NUL. */
void ud_hex_encode(const uint8_t *data, uint32_t length, char *text);

/* 0 to 15, or negative for a character that is no digit. */
int ud_hex_digit(char character);

/* Reads exactly 2 * length digits of either case. UD_ERR_ARGUMENT if any
 * character is not a digit; data is then unspecified. text needs no NUL. */
UD_MUST_CHECK int ud_hex_decode(const char *text, uint8_t *data, uint32_t length);

#endif
