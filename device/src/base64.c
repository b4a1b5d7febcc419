#include "updraft/base64.h"

#include <string.h>

static char digit(uint32_t six_bits)
{
    if (six_bits < 26)
        return (char)('A' + six_bits);
    if (six_bits < 52)
        return (char)('a' + (six_bits - 26));
    if (six_bits < 62)
        return (char)('0' + (six_bits - 52));
    return six_bits == 62 ? '+' : '/';
}

static uint32_t put_group(struct ud_base64 *base64, char *digits)
{
    for (uint32_t i = 0; i < UD_BASE64_GROUP; i++)
        digits[i] = digit(base64->bits >> (18 - 6 * i) & 0x3f);
    base64->bits = 0;
    base64->count = 0;
    return UD_BASE64_GROUP;
}

uint32_t ud_base64_add(struct ud_base64 *base64, uint8_t byte, char digits[UD_BASE64_GROUP])
{
    base64->bits |= (uint32_t)byte << (16 - 8 * base64->count);
    base64->count++;
    return base64->count == 3 ? put_group(base64, digits) : 0;
}

uint32_t ud_base64_end(struct ud_base64 *base64, char digits[UD_BASE64_GROUP])
{
    const uint32_t padding = 3u - base64->count;

    if (base64->count == 0)
        return 0;
    put_group(base64, digits);
    memset(digits + UD_BASE64_GROUP - padding, '=', padding);
    return UD_BASE64_GROUP;
}
