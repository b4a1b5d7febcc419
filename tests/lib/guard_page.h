/* Input that ends where readable memory ends: a read past it is a crash, not a
 * byte that happens to be there. */
#ifndef GUARD_PAGE_H
#define GUARD_PAGE_H

#include <stddef.h>
#include <stdint.h>

struct guard_page {
    uint8_t *data; /* the copy; its last byte is the last one readable */
    void *mapping;
    size_t mapping_length;
};

/* Aborts the program when memory runs out. */
struct guard_page guard_page_copy(const void *data, size_t length);

void guard_page_free(struct guard_page *guard);

#endif
