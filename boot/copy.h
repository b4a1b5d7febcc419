/* Carries a copy out: decided and verified, and now written. */
#ifndef BOOT_COPY_H
#define BOOT_COPY_H

#include "boot/source.h"

struct boot_copy_report {
    uint32_t sectors_written;
    uint32_t sectors_kept;   /* were right already */
    bool bootloader_differs; /* the source's sector 0 is not the chip's */
};

/* Writes sector by sector, in ascending order. A sector that holds what it
 * should is left alone; each one written is read back. The rest of the last one
 * is FF. Sector 0 is never touched: without it nothing would start, whatever
 * happened to power meanwhile.
 *
 * UD_ERR_FLASH_READ, _ERASE or _WRITE leave the destination partly written; the
 * call can be repeated as long as the source is whole. */
UD_MUST_CHECK int boot_copy(const struct ud_flash *flash, const struct boot_decision *decision,
                            struct boot_memory *memory, struct boot_copy_report *report);

#endif
