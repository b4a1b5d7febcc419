#include "chars.h"

enum ud_decimal ud_decimal(const char *text, uint32_t length, uint32_t *number)
{
    const uint32_t tenth = UINT32_MAX / 10;
    enum ud_decimal result = length > 0 ? UD_DECIMAL_GOOD : UD_DECIMAL_BAD;
    uint32_t sum = 0;

    for (uint32_t i = 0; i < length; i++) {
        const uint32_t digit = (uint32_t)(text[i] - '0');
        if (digit > 9)
            return UD_DECIMAL_BAD;
        if (sum > tenth || (sum == tenth && digit > UINT32_MAX % 10))
            result = UD_DECIMAL_TOO_LARGE;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return result;
}

bool ud_has_control(const char *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (ud_is_control(text[i]))
            return true;
    }
    return false;
}

bool ud_same_ignoring_case(const char *a, const char *b, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (ud_to_lower(a[i]) != ud_to_lower(b[i]))
            return false;
    }
    return true;
}
