#include "server/accounts/rows.h"

#include <stdlib.h>
#include <string.h>

void *rows_at(const struct rows *rows, size_t place)
{
    return (char *)rows->data + place * rows->size;
}

bool rows_insert(struct rows *rows, size_t place, const void *row)
{
    if (rows->count == rows->capacity) {
        const size_t capacity = rows->capacity != 0 ? 2 * rows->capacity : 16;
        void *data = realloc(rows->data, capacity * rows->size);
        if (data == NULL)
            return false;
        rows->data = data;
        rows->capacity = capacity;
    }
    memmove((char *)rows->data + (place + 1) * rows->size, rows_at(rows, place),
            (rows->count - place) * rows->size);
    memcpy(rows_at(rows, place), row, rows->size);
    rows->count++;
    return true;
}

void rows_remove(struct rows *rows, size_t place)
{
    rows->count--;
    memmove(rows_at(rows, place), (char *)rows->data + (place + 1) * rows->size,
            (rows->count - place) * rows->size);
}

void *rows_copy(const struct rows *rows, size_t *count)
{
    void *copy = malloc(rows->count * rows->size + 1);

    *count = copy != NULL ? rows->count : 0;
    if (*count > 0)
        memcpy(copy, rows->data, rows->count * rows->size);
    return copy;
}
