/* The content of a flash chip in memory as a port to read it by, or to change it. */
#ifndef TOOLS_FLASH_VIEW_H
#define TOOLS_FLASH_VIEW_H

#include "updraft/flash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flash_view {
    struct ud_flash port; /* ctx is this struct, which must not be moved */
    const uint8_t *bytes;
    uint8_t *writable; /* null: it is read only */
};

/* False when it is no whole number of sectors. bytes must outlive the view. */
bool flash_view_init(struct flash_view *view, const uint8_t *bytes, size_t length);

/* The same, and what is programmed and erased changes the bytes. */
bool flash_view_init_writable(struct flash_view *view, uint8_t *bytes, size_t length);

#endif
