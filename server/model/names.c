#include "server/model/names.h"

#include <string.h>

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._-", c) != NULL);
}

bool name_is_valid(const char *name)
{
    size_t length = 0;

    if (name[0] == '.')
        return false;
    for (; name[length] != '\0'; length++)
        if (length + 1 >= NAME_SIZE || !is_name_character(name[length]))
            return false;
    return length > 0;
}

bool notes_are_valid(const char *notes)
{
    size_t length = 0;

    for (; notes[length] != '\0'; length++) {
        const unsigned char c = (unsigned char)notes[length];
        if (length >= NOTES_MAX || c == 0x7f || (c < ' ' && c != '\n' && c != '\t'))
            return false;
    }
    return true;
}

bool version_is_valid(const char *version)
{
    size_t length = 0;

    for (; version[length] != '\0'; length++)
        if (length + 1 >= VERSION_SIZE || version[length] <= ' ' || version[length] > '~')
            return false;
    return length > 0;
}
