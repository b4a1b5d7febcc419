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
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
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
