/* A growing list of MAC addresses. */
#ifndef SERVER_FLEET_MAC_LIST_H
#define SERVER_FLEET_MAC_LIST_H

#include "host/mac.h"

#include <stddef.h>

/* All zero is an empty list. */
struct mac_list {
    mac_address *macs; /* free() it */
    size_t count;
    size_t capacity;
};

/* These return false when memory is out; the list is as it was. */

bool mac_list_add(struct mac_list *list, mac_address mac);

/* There is room for so many more, and no more than that. */
bool mac_list_reserve(struct mac_list *list, size_t count);

void mac_list_sort(struct mac_list *list);

/* Makes a heap of it, from which mac_list_pop() takes the lowest: a few of many in order, without
 * sorting all of them. */
void mac_list_make_heap(struct mac_list *list);

/* The list is a heap and not empty. */
mac_address mac_list_pop(struct mac_list *list);

#endif
