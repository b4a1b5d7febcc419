/* An array of equal things that grows. */
#ifndef SERVER_ACCOUNTS_ROWS_H
#define SERVER_ACCOUNTS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

struct rows {
    void *data;
    size_t size; /* bytes of one */
    size_t count;
    size_t capacity;
};

void *rows_at(const struct rows *rows, size_t place);

/* Copies one in; false when memory is out. place <= count. */
bool rows_insert(struct rows *rows, size_t place, const void *row);
void rows_remove(struct rows *rows, size_t place);

/* A copy of all, to be freed; null when memory is out. */
void *rows_copy(const struct rows *rows, size_t *count);

#endif
