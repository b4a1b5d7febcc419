#include "server/operator_api/handlers.h"

#include <stdlib.h>

bool path_id(const char *name, uint32_t *id)
{
    char *end;
    const unsigned long long number = strtoull(name, &end, 10);

    if (name[0] < '1' || name[0] > '9' || *end != '\0' || number > UINT32_MAX)
        return false;
    *id = (uint32_t)number;
    return true;
}
