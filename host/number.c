#include "host/number.h"

#include <string.h>

bool number_read(const char *digits, size_t length, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;

    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        const uint64_t digit = (uint64_t)(digits[i] - '0');
        if (digit > max || value > (max - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    if (length == 0)
        return false;
    *number = value;
    return true;
}

bool number_read_text(const char *text, uint32_t *number)
{
    uint64_t value;

    if (!number_read(text, strlen(text), UINT32_MAX, &value))
        return false;
    *number = (uint32_t)value;
    return true;
}
