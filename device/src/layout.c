#include "updraft/layout.h"

#include "updraft/flash.h"

#include <stdbool.h>
#include <stddef.h>

#define KB 1024u
#define MB (1024u * 1024u)

/* Bytes the linker reserves before .irom0: the bootloader's sector and the
 * headers of the application, 0x1000 + 8 + 8. */
#define IROM_OFFSET 0x1010u

/* The flash window shows 1 MB, so a larger chip takes no larger program. */
#define MAX_SKETCH_LARGE 0xfeff0u

#define FS_SMALL_BLOCK 0x1000u
#define FS_LARGE_BLOCK 0x2000u
#define FS_LARGE_FROM  (512 * KB)

static bool is_flash_size(uint32_t size)
{
    return size >= 512 * KB && size <= 16 * MB && (size & (size - 1)) == 0;
}

/* A file system is a whole number of blocks that do not reach the EEPROM. */
static uint32_t filesystem_end(uint32_t start, uint32_t fs_size, uint32_t eeprom)
{
    const uint32_t block = fs_size < FS_LARGE_FROM ? FS_SMALL_BLOCK : FS_LARGE_BLOCK;
    const uint32_t limit = fs_size < eeprom - start ? fs_size : eeprom - start;

    return start + limit / block * block;
}

int ud_layout_make(uint32_t flash_size, uint32_t fs_size, struct ud_layout *layout)
{
    if (!is_flash_size(flash_size) || fs_size % UD_FLASH_SECTOR != 0)
        return UD_ERR_ARGUMENT;

    const uint32_t eeprom = flash_size - UD_LAYOUT_TAIL;
    const bool is_small = flash_size <= MB;
    /* Small chips put the files below the EEPROM, larger ones let the nominal
     * size include the tail. */
    const uint32_t top = is_small || fs_size == 0 ? eeprom : flash_size;

    if (fs_size > top - IROM_OFFSET || (!is_small && fs_size > flash_size - MB))
        return UD_ERR_ARGUMENT;
    if (fs_size != 0 && top - fs_size >= eeprom)
        return UD_ERR_ARGUMENT; /* all tail and no files */

    layout->flash_size = flash_size;
    layout->eeprom = eeprom;
    layout->fs_start = top - fs_size;
    layout->fs_end = filesystem_end(layout->fs_start, fs_size, eeprom);
    layout->max_sketch = is_small ? layout->fs_start - IROM_OFFSET : MAX_SKETCH_LARGE;
    return UD_OK;
}

/* Reads "<digits>K" or "<digits>M" or a bare "0"; moves *text past it. */
static bool parse_size(const char **text, uint32_t *size)
{
    const char *p = *text;
    uint32_t value = 0;

    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint32_t)(*p - '0');
        if (value > 16 * KB)
            return false;
    }
    if (*p == 'K')
        value *= KB;
    else if (*p == 'M' && value <= 16)
        value *= MB;
    else if (value != 0)
        return false;
    if (*p == 'K' || *p == 'M')
        p++;
    *text = p;
    *size = value;
    return true;
}

int ud_layout_parse(const char *name, struct ud_layout *layout)
{
    uint32_t flash_size;
    uint32_t fs_size = 0;

    if (!parse_size(&name, &flash_size))
        return UD_ERR_ARGUMENT;
    if (*name != '\0' && !parse_size(&name, &fs_size))
        return UD_ERR_ARGUMENT;
    if (*name != '\0')
        return UD_ERR_ARGUMENT;
    return ud_layout_make(flash_size, fs_size, layout);
}

struct auto_row {
    uint32_t flash_size;
    uint32_t fs_sizes[3]; /* by enum ud_layout_map */
};

/* The largest file system that leaves room to update over the air, the largest
 * one at all, and none. */
static const struct auto_row auto_rows[] = {
    {512 * KB, {32 * KB, 128 * KB, 0}}, {1 * MB, {64 * KB, 512 * KB, 0}},
    {2 * MB, {256 * KB, 1 * MB, 0}},    {4 * MB, {2 * MB, 3 * MB, 0}},
    {8 * MB, {6 * MB, 7 * MB, 0}},      {16 * MB, {14 * MB, 15 * MB, 0}},
};

int ud_layout_auto(uint32_t flash_size, enum ud_layout_map map, struct ud_layout *layout)
{
    if ((unsigned)map > UD_MAP_NO_FS)
        return UD_ERR_ARGUMENT;
    for (size_t i = 0; i < sizeof auto_rows / sizeof auto_rows[0]; i++) {
        if (auto_rows[i].flash_size == flash_size)
            return ud_layout_make(flash_size, auto_rows[i].fs_sizes[map], layout);
    }
    return UD_ERR_ARGUMENT;
}
