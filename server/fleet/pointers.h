/* Arrays of pointers that grow by doubling, and know only how many they hold. */
#ifndef SERVER_FLEET_POINTERS_H
#define SERVER_FLEET_POINTERS_H

#include <stddef.h>

/* The array with room for one more than `count`, which is what takes the old one's place; null
 * when memory is out: then the old one is as it was. Every array is grown one by one. */
void *pointers_make_room(void *array, size_t count);

/* Takes one of *count out, if it is there; the others keep their order. */
void pointers_remove(void *array, size_t *count, const void *what);

#endif
