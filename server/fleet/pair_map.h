/* A hash table from pairs of texts to pointers, and with it a set of names of
 * which each is kept once.
 */
#ifndef SERVER_FLEET_PAIR_MAP_H
#define SERVER_FLEET_PAIR_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct pair_entry {
    char *first; /* one allocation with second; null = empty */
    char *second;
    void *value;
};

/* All zero is an empty map. */
struct pair_map {
    struct pair_entry *entries; /* capacity of them, a power of two */
    size_t capacity;
    size_t count;
};

/* The value, or null. */
void *pair_map_get(const struct pair_map *map, const char *first, const char *second);

/* Sets a value, not null, copying the texts. False when memory is out. */
bool pair_map_set(struct pair_map *map, const char *first, const char *second, void *value);

/* No pair has this value any more. */
void pair_map_forget(struct pair_map *map, const void *value);

/* The map's own copy of a name, which lives as long as the map; null for null
 * and "", or when memory is out. */
const char *pair_map_intern(struct pair_map *map, const char *name);

/* Frees the table and the texts, not the values. */
void pair_map_free(struct pair_map *map);

#endif
