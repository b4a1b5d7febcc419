#include "server/fleet/pointers.h"

#include <stdbool.h>
#include <stdlib.h>

void *pointers_make_room(void *array, size_t count)
{
    const bool is_full = (count & (count - 1)) == 0; /* a power of two, or none */

    if (!is_full)
        return array;
    return realloc(array, (count > 0 ? count * 2 : 1) * sizeof(void *));
}
