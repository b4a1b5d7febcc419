#include "updraft/flash.h"

#include <stddef.h>
#include <string.h>

int ud_flash_check(const struct ud_flash *flash)
{
    if (flash == NULL || flash->read == NULL || flash->program == NULL || flash->erase == NULL)
        return UD_ERR_ARGUMENT;
    if (flash->size == 0 || flash->size % UD_FLASH_SECTOR != 0)
        return UD_ERR_ARGUMENT;
    return UD_OK;
}

static bool is_inside(const struct ud_flash *flash, uint32_t address, uint32_t length)
{
    return address <= flash->size && length <= flash->size - address;
}

static bool is_word_aligned(uintptr_t value)
{
    return value % UD_FLASH_WORD == 0;
}

/* Reads whole words if they fall on words of the buffer, or else of one word what is
 * asked for. Returns the bytes read; 0: the port failed. */
static uint32_t read_part(const struct ud_flash *flash, uint32_t address, uint8_t *out,
                          uint32_t length)
{
    const uint32_t skip = address % UD_FLASH_WORD;
    uint32_t part = length - length % UD_FLASH_WORD;
    uint32_t word;

    if (part > 0 && is_word_aligned(address | (uintptr_t)out))
        return flash->read(flash->ctx, address, out, part) == 0 ? part : 0;
    if (flash->read(flash->ctx, address - skip, &word, sizeof word) != 0)
        return 0;
    part = UD_FLASH_WORD - skip;
    if (part > length)
        part = length;
    memcpy(out, (const uint8_t *)&word + skip, part);
    return part;
}

int ud_flash_read(const struct ud_flash *flash, uint32_t address, void *data, uint32_t length)
{
    uint8_t *out = data;

    if (!is_inside(flash, address, length))
        return UD_ERR_FLASH_RANGE;
    while (length > 0) {
        const uint32_t part = read_part(flash, address, out, length);
        if (part == 0)
            return UD_ERR_FLASH_READ;
        address += part;
        out += part;
        length -= part;
    }
    return UD_OK;
}

int ud_flash_program(const struct ud_flash *flash, uint32_t address, const void *data,
                     uint32_t length)
{
    if (!is_inside(flash, address, length) || !is_word_aligned(address) ||
        !is_word_aligned(length) || !is_word_aligned((uintptr_t)data))
        return UD_ERR_FLASH_RANGE;
    if (length > 0 && flash->program(flash->ctx, address, data, length) != 0)
        return UD_ERR_FLASH_WRITE;
    return UD_OK;
}

static int erase_unit(const struct ud_flash *flash, uint32_t address, uint32_t unit)
{
    return flash->erase(flash->ctx, address, unit) == 0 ? UD_OK : UD_ERR_FLASH_ERASE;
}

int ud_flash_erase_sector(const struct ud_flash *flash, uint32_t address)
{
    if (!is_inside(flash, address, UD_FLASH_SECTOR) || address % UD_FLASH_SECTOR != 0)
        return UD_ERR_FLASH_RANGE;
    return erase_unit(flash, address, UD_FLASH_SECTOR);
}

int ud_flash_erase(const struct ud_flash *flash, uint32_t address, uint32_t length)
{
    if (!is_inside(flash, address, length) || address % UD_FLASH_SECTOR != 0 ||
        length % UD_FLASH_SECTOR != 0)
        return UD_ERR_FLASH_RANGE;

    while (length > 0) {
        const bool fits_block =
            flash->has_block_erase && address % UD_FLASH_BLOCK == 0 && length >= UD_FLASH_BLOCK;
        const uint32_t unit = fits_block ? UD_FLASH_BLOCK : UD_FLASH_SECTOR;
        const int error = erase_unit(flash, address, unit);
        if (error != UD_OK)
            return error;
        address += unit;
        length -= unit;
    }
    return UD_OK;
}
