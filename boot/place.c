#include "boot/place.h"

#define PAGE_BITS 12

struct range {
    uint32_t start;
    uint32_t size;
};

/* Memory an application may be loaded to: below and between lie mapped flash and
 * ROM; the ROM's data begin where DRAM ends here, the bootloader where IRAM does
 * (boot/lx106/boot.ld). Mapped flash ends where 1 MB of it does.
 *
 * Each is the number of its first page, shifted up, and how many there are. The table
 * is needed while an application is loaded over all other constants, so it lies
 * with the code, and is read by words. */
static const uint32_t ranges[BOOT_PLACE_REFUSED] __attribute__((section(".iram.rodata"))) = {
    [BOOT_PLACE_MAPPED] = 0x40200000 | 0x100,
    [BOOT_PLACE_IRAM] = 0x40100000 | 0x00c,
    [BOOT_PLACE_DRAM] = 0x3ffe8000 | 0x014,
};

static struct range unpack(uint32_t word)
{
    const uint32_t start = word >> PAGE_BITS << PAGE_BITS;

    return (struct range){start, (word - start) << PAGE_BITS};
}

enum boot_place boot_place(uint32_t address, uint32_t length)
{
    uint32_t place = BOOT_PLACE_MAPPED;

    for (; place < BOOT_PLACE_REFUSED; place++) {
        const struct range range = unpack(ranges[place]);
        const uint32_t offset = address - range.start;

        if (offset <= range.size && length <= range.size - offset)
            break;
    }
    return (enum boot_place)place;
}
