#include "ram_flash.h"

#include <stdlib.h>
#include <string.h>

#define FAULT (-1)

static bool is_sound(struct ram_flash *flash, uint32_t address, const void *data, uint32_t length)
{
    const bool is_inside = address <= flash->port.size && length <= flash->port.size - address;
    const bool is_aligned = address % UD_FLASH_WORD == 0 && length % UD_FLASH_WORD == 0 &&
                            (uintptr_t)data % UD_FLASH_WORD == 0;

    if (is_inside && is_aligned && length > 0)
        return true;
    flash->violations++;
    return false;
}

static void note_change(struct ram_flash *flash, uint32_t address, uint32_t length)
{
    if (flash->changed_end == 0 || address < flash->changed_at)
        flash->changed_at = address;
    if (address + length > flash->changed_end)
        flash->changed_end = address + length;
}

static int read_words(void *ctx, uint32_t address, void *data, uint32_t length)
{
    struct ram_flash *flash = ctx;

    if (!is_sound(flash, address, data, length) || ++flash->reads == flash->fail_read)
        return FAULT;
    memcpy(data, flash->bytes + address, length);
    return 0;
}

static int program_words(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    struct ram_flash *flash = ctx;
    const uint8_t *bytes = data;

    if (!is_sound(flash, address, data, length))
        return FAULT;
    note_change(flash, address, length);
    const bool fails = ++flash->programs == flash->fail_program;
    const uint32_t done = fails ? length / 2 : length;
    for (uint32_t i = 0; i < done; i++)
        flash->bytes[address + i] &= bytes[i];
    return fails ? FAULT : 0;
}

static int erase_unit(void *ctx, uint32_t address, uint32_t length)
{
    struct ram_flash *flash = ctx;
    const bool is_unit =
        length == UD_FLASH_SECTOR || (length == UD_FLASH_BLOCK && flash->port.has_block_erase);

    if (!is_unit || address % length != 0) {
        flash->violations++;
        return FAULT;
    }
    if (!is_sound(flash, address, NULL, length))
        return FAULT;
    note_change(flash, address, length);
    const bool fails = ++flash->erases == flash->fail_erase;
    memset(flash->bytes + address, 0xff, fails ? length / 2 : length);
    return fails ? FAULT : 0;
}

int ram_flash_init(struct ram_flash *flash, uint32_t size)
{
    memset(flash, 0, sizeof *flash);
    flash->bytes = malloc(size);
    if (flash->bytes == NULL)
        return -1;
    memset(flash->bytes, 0xff, size);
    flash->port = (struct ud_flash){
        .ctx = flash,
        .size = size,
        .read = read_words,
        .program = program_words,
        .erase = erase_unit,
    };
    return 0;
}

void ram_flash_free(struct ram_flash *flash)
{
    free(flash->bytes);
    flash->bytes = NULL;
}

void ram_flash_renew(struct ram_flash *flash, const uint8_t *content)
{
    const uint32_t at = flash->changed_at, length = flash->changed_end - at;

    if (flash->changed_end > 0 && content != NULL)
        memcpy(flash->bytes + at, content + at, length);
    else if (flash->changed_end > 0)
        memset(flash->bytes + at, 0xff, length);
    *flash = (struct ram_flash){.port = flash->port, .bytes = flash->bytes};
}
