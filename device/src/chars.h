/* ASCII, whatever the C library's locale and signedness of char. */
#ifndef UPDRAFT_SRC_CHARS_H
#define UPDRAFT_SRC_CHARS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool ud_is_control(char c)
{
    return (uint8_t)c < 0x20 || c == 0x7f;
}

static inline bool ud_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A switch, because gcc puts both comparisons into one value otherwise: twice the code. */
static inline bool ud_is_blank(char c)
{
    switch (c) {
    case ' ':
    case '\t':
        return true;
    default:
        return false;
    }
}

static inline char ud_to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

enum ud_decimal { UD_DECIMAL_GOOD, UD_DECIMAL_BAD, UD_DECIMAL_TOO_LARGE };

/* The number that digits alone make. Bad: there are none, or something else is among
 * them. Too large: for 32 bits. */
enum ud_decimal ud_decimal(const char *text, uint32_t length, uint32_t *number);

bool ud_has_control(const char *text, uint32_t length);
bool ud_same_ignoring_case(const char *a, const char *b, uint32_t length);

#endif
