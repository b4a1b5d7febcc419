#include "server/fleet/mac_list.h"

#include <stdlib.h>

bool mac_list_add(struct mac_list *list, mac_address mac)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity ? list->capacity * 2 : 64;
        mac_address *macs = realloc(list->macs, capacity * sizeof *macs);
        if (macs == NULL)
            return false;
        list->macs = macs;
        list->capacity = capacity;
    }
    list->macs[list->count++] = mac;
    return true;
}

static int compare(const void *left, const void *right)
{
    const mac_address a = *(const mac_address *)left, b = *(const mac_address *)right;

    return a < b ? -1 : a > b;
}

void mac_list_sort(struct mac_list *list)
{
    if (list->count > 0)
        qsort(list->macs, list->count, sizeof *list->macs, compare);
}
