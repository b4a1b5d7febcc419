#include "server/fleet/pointers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void *pointers_make_room(void *array, size_t count)
{
    const bool is_full = (count & (count - 1)) == 0; /* a power of two, or none */

    if (!is_full)
        return array;
    return realloc(array, (count > 0 ? count * 2 : 1) * sizeof(void *));
}

void pointers_remove(void *array, size_t *count, const void *what)
{
    unsigned char *at = array;

    for (size_t left = *count; left > 0; left--, at += sizeof what) {
        if (memcmp(at, &what, sizeof what) != 0)
            continue;
        memmove(at, at + sizeof what, (left - 1) * sizeof what);
        --*count;
        return;
    }
}
