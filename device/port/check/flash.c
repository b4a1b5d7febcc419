#include "flash.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SECTOR_WORDS (UD_FLASH_SECTOR / UD_FLASH_WORD)
#define ERASED       0xffffffffu

/* A word that is another one at every address, so that bytes at the wrong one show. */
static uint32_t pattern(uint32_t address)
{
    return address * 2654435761u ^ 0x5a5a5a5au;
}

static void fill(uint32_t *words, uint32_t address, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        words[i] = pattern(address + i * UD_FLASH_WORD);
}

static bool is_erased(const struct ud_port_check *check, uint32_t address)
{
    const struct ud_flash *flash = check->flash;

    if (flash->read(flash->ctx, address, check->buffer, UD_FLASH_SECTOR) != 0)
        return false;
    for (uint32_t i = 0; i < SECTOR_WORDS; i++)
        if (check->buffer[i] != ERASED)
            return false;
    return true;
}

static bool is_pattern(const struct ud_port_check *check, uint32_t address, uint32_t length)
{
    const struct ud_flash *flash = check->flash;

    if (flash->read(flash->ctx, address, check->buffer, length) != 0)
        return false;
    for (uint32_t i = 0; i < length / UD_FLASH_WORD; i++)
        if (check->buffer[i] != pattern(address + i * UD_FLASH_WORD))
            return false;
    return true;
}

static int program_pattern(const struct ud_port_check *check, uint32_t address, uint32_t length)
{
    const struct ud_flash *flash = check->flash;

    fill(check->buffer, address, length / UD_FLASH_WORD);
    return flash->program(flash->ctx, address, check->buffer, length);
}

static int erase_sector(const struct ud_port_check *check, uint32_t address)
{
    return check->flash->erase(check->flash->ctx, address, UD_FLASH_SECTOR);
}

/* ---- The rules, one after the other ---- */

static const char *check_sectors(const struct ud_port_check *check)
{
    const uint32_t middle = check->address + UD_FLASH_SECTOR;

    for (uint32_t i = 0; i < UD_PORT_CHECK_SECTORS; i++) {
        const uint32_t address = check->address + i * UD_FLASH_SECTOR;

        if (erase_sector(check, address) != 0)
            return "a sector cannot be erased";
        if (!is_erased(check, address))
            return "an erased sector does not read as FF";
        if (program_pattern(check, address, UD_FLASH_SECTOR) != 0)
            return "a sector cannot be programmed at once";
        if (!is_pattern(check, address, UD_FLASH_SECTOR))
            return "a programmed sector does not read as what was programmed";
    }
    if (erase_sector(check, middle) != 0 || !is_erased(check, middle))
        return "a programmed sector cannot be erased";
    if (!is_pattern(check, check->address, UD_FLASH_SECTOR) ||
        !is_pattern(check, middle + UD_FLASH_SECTOR, UD_FLASH_SECTOR))
        return "erasing a sector touches the one beside it";
    return NULL;
}

/* The middle sector is erased. Pieces end in the middle of a chip's pages of 256 bytes. */
static const char *check_pieces(const struct ud_port_check *check)
{
    static const uint32_t pieces[] = {4, 8, 240, 260, 512, 2000, 1072};
    const uint32_t middle = check->address + UD_FLASH_SECTOR;
    uint32_t address = middle;

    for (uint32_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (program_pattern(check, address, pieces[i]) != 0)
            return "a piece of a sector cannot be programmed";
        if (!is_pattern(check, address, pieces[i]))
            return "a piece that crosses pages does not read as what was programmed";
        address += pieces[i];
    }
    return is_pattern(check, middle, UD_FLASH_SECTOR) ? NULL
                                                      : "programming a piece touches another";
}

static const char *check_bits(const struct ud_port_check *check)
{
    const struct ud_flash *flash = check->flash;
    uint32_t word = 0xff00ff00u;

    if (erase_sector(check, check->address) != 0 ||
        flash->program(flash->ctx, check->address, &word, sizeof word) != 0)
        return "a word cannot be programmed";
    word = 0x0ff00ff0u;
    if (flash->program(flash->ctx, check->address, &word, sizeof word) != 0)
        return "a word that is programmed already cannot be again";
    if (flash->read(flash->ctx, check->address, &word, sizeof word) != 0 || word != 0x0f000f00u)
        return "programming does more than turn 1 bits into 0";
    return NULL;
}

static const char *check_block(const struct ud_port_check *check)
{
    const struct ud_flash *flash = check->flash;
    const uint32_t last = check->address + (UD_PORT_CHECK_SECTORS - 1) * UD_FLASH_SECTOR;
    const uint32_t start = (last + UD_FLASH_BLOCK) / UD_FLASH_BLOCK * UD_FLASH_BLOCK;
    const uint32_t end = start + UD_FLASH_BLOCK - UD_FLASH_SECTOR;

    if (program_pattern(check, start, UD_FLASH_WORD) != 0 ||
        program_pattern(check, end, UD_FLASH_WORD) != 0)
        return "a block cannot be programmed";
    if (flash->erase(flash->ctx, start, UD_FLASH_BLOCK) != 0)
        return "a block cannot be erased";
    if (!is_erased(check, start) || !is_erased(check, end))
        return "an erased block does not read as FF";
    if (!is_pattern(check, last, UD_FLASH_SECTOR))
        return "erasing a block touches what is before it";
    return NULL;
}

const char *ud_port_check_flash(const struct ud_port_check *check)
{
    const char *broken;

    if (ud_flash_check(check->flash) != UD_OK)
        return "a callback is missing, or the size is not a whole number of sectors";
    broken = check_sectors(check);
    if (broken == NULL)
        broken = check_pieces(check);
    if (broken == NULL)
        broken = check_bits(check);
    if (broken == NULL && check->flash->has_block_erase)
        broken = check_block(check);
    return broken;
}
