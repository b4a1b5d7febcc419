/* The flash port: everything Updraft knows about a flash chip.
 *
 * One call is one operation of the chip and is all or nothing as far as the
 * caller can tell: it returns 0, or a negative error and then the touched
 * range holds anything. Nothing else in the library reaches flash.
 *
 * NOR rules every port keeps: erase sets whole sectors to FF; programming only
 * turns 1 bits into 0 and never needs an erase to do so.
 *
 * Ports receive addresses and lengths that are multiples of UD_FLASH_WORD and
 * buffers aligned to it (the ESP8266's mask ROM takes nothing else). Callers
 * inside the library use the checked wrappers below, never the pointers.
 */
#ifndef UPDRAFT_FLASH_H
#define UPDRAFT_FLASH_H

#include "updraft/error.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_FLASH_WORD   4u
#define UD_FLASH_SECTOR 4096u  /* erase unit of every SPI NOR chip these boards carry */
#define UD_FLASH_BLOCK  65536u /* larger erase unit, about a tenth of the time per byte */

struct ud_flash {
    void *ctx;            /* handed back to every callback; owned by the port */
    uint32_t size;        /* bytes on the real chip, whatever an image header claims */
    bool has_block_erase; /* erase() also takes one aligned UD_FLASH_BLOCK */

    /* length > 0 in all three. erase takes exactly one sector, or one block
     * where has_block_erase is set, at an address aligned to its own length. */
    int (*read)(void *ctx, uint32_t address, void *data, uint32_t length);
    int (*program)(void *ctx, uint32_t address, const void *data, uint32_t length);
    int (*erase)(void *ctx, uint32_t address, uint32_t length);
};

/* UD_OK, or UD_ERR_ARGUMENT for a port with a callback missing or a size that
 * is not a whole number of sectors. */
UD_MUST_CHECK int ud_flash_check(const struct ud_flash *flash);

/* Reads any range into any buffer, aligned or not: whole words at once, the parts
 * of words at both ends by themselves. Where the words do not fall on words of the
 * buffer they are read one by one: slow, as each is an operation of the chip.
 * UD_ERR_FLASH_RANGE outside the chip, UD_ERR_FLASH_READ if the port fails. */
UD_MUST_CHECK int ud_flash_read(const struct ud_flash *flash, uint32_t address, void *data,
                                uint32_t length);

/* Programs words. address, length and data must be word-aligned
 * (UD_ERR_FLASH_RANGE). UD_ERR_FLASH_WRITE if the port fails. */
UD_MUST_CHECK int ud_flash_program(const struct ud_flash *flash, uint32_t address, const void *data,
                                   uint32_t length);

/* Erases the one sector that starts at address. UD_ERR_FLASH_RANGE if it does
 * not start one; UD_ERR_FLASH_ERASE if the port fails. */
UD_MUST_CHECK int ud_flash_erase_sector(const struct ud_flash *flash, uint32_t address);

/* Erases [address, address + length), both multiples of the sector size, by
 * whole blocks where the port offers them and they fit. */
UD_MUST_CHECK int ud_flash_erase(const struct ud_flash *flash, uint32_t address, uint32_t length);

/* Rounds a byte count up to whole sectors. Counts above 4 GiB - 4 KiB saturate
 * to the largest whole number of sectors, so a comparison still refuses them. */
static inline uint32_t ud_flash_round_up(uint32_t length)
{
    const uint32_t mask = UD_FLASH_SECTOR - 1;
    return length > UINT32_MAX - mask ? UINT32_MAX & ~mask : (length + mask) & ~mask;
}

#endif
