#include "updraft/hex.h"

void ud_hex_encode(const uint8_t *data, uint32_t length, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (uint32_t i = 0; i < length; i++) {
        *text++ = digits[data[i] >> 4];
        *text++ = digits[data[i] & 15];
    }
    *text = '\0';
}

int ud_hex_digit(char character)
{
    const uint32_t digit = (uint32_t)character - '0';
    const uint32_t letter = ((uint32_t)character | ('a' - 'A')) - 'a';

    if (digit < 10)
        return (int)digit;
    return letter < 6 ? (int)letter + 10 : -1;
}

int ud_hex_decode(const char *text, uint8_t *data, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        const int high = ud_hex_digit(*text++);
        const int low = high < 0 ? -1 : ud_hex_digit(*text++);
        if (low < 0)
            return UD_ERR_ARGUMENT;
        data[i] = (uint8_t)(high << 4 | low);
    }
    return UD_OK;
}
