#include "chars.h"

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
