#include "boot/copy.h"

#include <stddef.h>
#include <string.h>

#define ERASED       0xffu
#define COMPARE_SIZE 256u /* bytes of flash looked at in one go; on the stack */

struct copy {
    const struct ud_flash *flash;
    uint32_t destination;
    struct boot_copy_report *report;
};

static bool is_erased(const uint8_t *bytes, uint32_t length)
{
    while (length > 0 && *bytes == ERASED) {
        bytes++;
        length--;
    }
    return length == 0;
}

/* Does the flash sector hold `length` bytes of data, and FF behind them? */
static int compare(const struct ud_flash *flash, uint32_t address, const uint8_t *data,
                   uint32_t length, bool *is_equal)
{
    uint32_t words[COMPARE_SIZE / sizeof(uint32_t)];
    const uint8_t *found = (const uint8_t *)words;

    *is_equal = true;
    for (uint32_t offset = 0; *is_equal && offset < UD_FLASH_SECTOR; offset += COMPARE_SIZE) {
        const uint32_t left = length > offset ? length - offset : 0;
        const uint32_t part = left < COMPARE_SIZE ? left : COMPARE_SIZE;
        const int error = ud_flash_read(flash, address + offset, words, COMPARE_SIZE);
        if (error != UD_OK)
            return error;
        *is_equal = (part == 0 || memcmp(found, data + offset, part) == 0) &&
                    is_erased(found + part, COMPARE_SIZE - part);
    }
    return UD_OK;
}

/* Flash takes whole words; the last one is filled up with FF. */
static int program(const struct ud_flash *flash, uint32_t address, const uint8_t *data,
                   uint32_t length)
{
    const uint32_t rest = length % UD_FLASH_WORD;
    const uint32_t whole = length - rest;
    uint32_t last = UINT32_MAX;
    const int error = ud_flash_program(flash, address, data, whole);

    if (error != UD_OK || rest == 0)
        return error;
    memcpy(&last, data + whole, rest);
    return ud_flash_program(flash, address + whole, &last, sizeof last);
}

static int rewrite(const struct ud_flash *flash, uint32_t address, const struct boot_sector *sector)
{
    bool is_equal;
    int error = ud_flash_erase_sector(flash, address);

    if (error == UD_OK)
        error = program(flash, address, sector->data, sector->length);
    if (error == UD_OK)
        error = compare(flash, address, sector->data, sector->length, &is_equal);
    if (error != UD_OK)
        return error;
    return is_equal ? UD_OK : UD_ERR_FLASH_WRITE;
}

static int copy_sector(void *ctx, const struct boot_sector *sector)
{
    struct copy *copy = ctx;
    const uint32_t address = copy->destination + sector->offset;
    bool is_equal;
    const int error = compare(copy->flash, address, sector->data, sector->length, &is_equal);

    if (error != UD_OK)
        return error;
    if (is_equal || address == 0) {
        copy->report->bootloader_differs |= !is_equal;
        copy->report->sectors_kept++;
        return UD_OK;
    }
    copy->report->sectors_written++;
    return rewrite(copy->flash, address, sector);
}

int boot_copy(const struct ud_flash *flash, const struct boot_decision *decision,
              struct boot_memory *memory, struct boot_copy_report *report)
{
    struct copy copy = {
        .flash = flash,
        .destination = decision->destination,
        .report = report,
    };
    const struct boot_sink sink = {.ctx = &copy, .sector = copy_sector};

    memset(report, 0, sizeof *report);
    return boot_source_walk(flash, decision, memory, &sink);
}
