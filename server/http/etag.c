#include "server/http/etag.h"

#include <stddef.h>
#include <string.h>

bool etag_is_in(const char *value, const char *etag)
{
    const size_t length = strlen(etag);

    while (value != NULL && *value != '\0') {
        value += strspn(value, " \t,");
        if (*value == '*')
            return true;
        if (strncmp(value, "W/", 2) == 0)
            value += 2;
        if (strncmp(value, etag, length) == 0)
            return true;
        const char *quote = *value == '"' ? strchr(value + 1, '"') : NULL;
        value = quote != NULL ? quote + 1 : value + strcspn(value, ",");
    }
    return false;
}

bool etag_allows_range(const char *value, const char *etag)
{
    return value == NULL || strcmp(value, etag) == 0;
}
