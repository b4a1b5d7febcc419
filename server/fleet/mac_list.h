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

/* False when memory is out. */
bool mac_list_add(struct mac_list *list, mac_address mac);
void mac_list_sort(struct mac_list *list);

#endif
