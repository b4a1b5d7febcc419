/* Orders for a bootloader, beside the command that staging.c leaves in RTC memory. */
#ifndef UPDRAFT_SRC_STAGING_ORDERS_H
#define UPDRAFT_SRC_STAGING_ORDERS_H

#include "updraft/staging.h"

struct ud_staging_orders {
    /* Takes back the order that copies from this place, if one waits. UD_ERR_COMMIT. */
    int (*withdraw)(const struct ud_flash *flash, const struct ud_placement *placement);

    /* `size` bytes at `source` are to be copied to `destination`. UD_ERR_COMMIT. */
    int (*leave)(const struct ud_flash *flash, uint32_t source, uint32_t destination,
                 uint32_t size);
};

/* Do `size` bytes at `source` and the place have bytes in common? */
static inline bool ud_staging_overlaps(const struct ud_placement *placement, uint32_t source,
                                       uint32_t size)
{
    return source - placement->start < placement->capacity || placement->start - source < size;
}

#endif
