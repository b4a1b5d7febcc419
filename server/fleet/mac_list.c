#include "server/fleet/mac_list.h"

#include <stdlib.h>

static bool set_capacity(struct mac_list *list, size_t capacity)
{
    mac_address *macs = realloc(list->macs, capacity * sizeof *macs);

    if (macs == NULL)
        return false;
    list->macs = macs;
    list->capacity = capacity;
    return true;
}

bool mac_list_reserve(struct mac_list *list, size_t count)
{
    return count <= list->capacity - list->count || set_capacity(list, list->count + count);
}

bool mac_list_add(struct mac_list *list, mac_address mac)
{
    if (list->count == list->capacity &&
        !set_capacity(list, list->capacity != 0 ? list->capacity * 2 : 64))
        return false;
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

/* Moves what is at a place down until both below it are higher. */
static void sink(struct mac_list *list, size_t place)
{
    const mac_address mac = list->macs[place];

    for (size_t below = 2 * place + 1; below < list->count; below = 2 * place + 1) {
        if (below + 1 < list->count && list->macs[below + 1] < list->macs[below])
            below++;
        if (list->macs[below] >= mac)
            break;
        list->macs[place] = list->macs[below];
        place = below;
    }
    list->macs[place] = mac;
}

void mac_list_make_heap(struct mac_list *list)
{
    for (size_t place = list->count / 2; place > 0; place--)
        sink(list, place - 1);
}

mac_address mac_list_pop(struct mac_list *list)
{
    const mac_address lowest = list->macs[0];

    list->macs[0] = list->macs[--list->count];
    if (list->count > 0)
        sink(list, 0);
    return lowest;
}
