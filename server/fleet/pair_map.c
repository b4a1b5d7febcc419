#include "server/fleet/pair_map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 64

/* FNV-1a over both texts and the NUL between them. */
static uint64_t hash_pair(const char *first, const char *second)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (; *first != '\0'; first++)
        hash = (hash ^ (unsigned char)*first) * 0x100000001b3u;
    hash *= 0x100000001b3u;
    for (; *second != '\0'; second++)
        hash = (hash ^ (unsigned char)*second) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

/* The pair's entry, or the empty one where it belongs. Needs room. */
static struct pair_entry *find(const struct pair_map *map, const char *first, const char *second)
{
    size_t place = (size_t)hash_pair(first, second);

    for (;; place++) {
        struct pair_entry *entry = &map->entries[place & (map->capacity - 1)];
        if (entry->first == NULL)
            return entry;
        if (strcmp(entry->first, first) == 0 && strcmp(entry->second, second) == 0)
            return entry;
    }
}

void *pair_map_get(const struct pair_map *map, const char *first, const char *second)
{
    return map->count > 0 ? find(map, first, second)->value : NULL;
}

static bool grow(struct pair_map *map)
{
    struct pair_map larger = {.capacity = map->capacity ? map->capacity * 2 : CAPACITY_FIRST,
                              .count = map->count};

    if (map->count * 4 < map->capacity * 3)
        return true;
    larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    if (larger.entries == NULL)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entries[i].first != NULL)
            *find(&larger, map->entries[i].first, map->entries[i].second) = map->entries[i];
    free(map->entries);
    *map = larger;
    return true;
}

static bool fill(struct pair_entry *entry, const char *first, const char *second)
{
    const size_t first_size = strlen(first) + 1, second_size = strlen(second) + 1;

    entry->first = malloc(first_size + second_size);
    if (entry->first == NULL)
        return false;
    entry->second = entry->first + first_size;
    memcpy(entry->first, first, first_size);
    memcpy(entry->second, second, second_size);
    return true;
}

bool pair_map_set(struct pair_map *map, const char *first, const char *second, void *value)
{
    if (!grow(map))
        return false;
    struct pair_entry *entry = find(map, first, second);
    if (entry->first == NULL) {
        if (!fill(entry, first, second))
            return false;
        map->count++;
    }
    entry->value = value;
    return true;
}

void pair_map_forget(struct pair_map *map, const void *value)
{
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entries[i].value == value)
            map->entries[i].value = NULL;
}

const char *pair_map_intern(struct pair_map *map, const char *name)
{
    if (name == NULL || name[0] == '\0')
        return NULL;
    if (pair_map_get(map, name, "") == NULL && !pair_map_set(map, name, "", map))
        return NULL;
    return find(map, name, "")->first;
}

void pair_map_free(struct pair_map *map)
{
    for (size_t i = 0; i < map->capacity; i++)
        free(map->entries[i].first);
    free(map->entries);
    *map = (struct pair_map){0};
}
