#include "boot/place.h"

/* Memory an application may be loaded to. Below and between lie mapped flash
 * and ROM; the ROM's data begin where DRAM ends here, the bootloader where IRAM
 * does (boot.ld). The end of mapped flash is where 1 MB of it ends. */
static const struct {
    uint32_t start;
    uint32_t end;
    uint32_t place;
} ranges[] = {
    {0x3ffe8000, 0x3fffc000, BOOT_PLACE_COPY},
    {0x40100000, 0x4010c000, BOOT_PLACE_COPY},
    {0x40200000, 0x40300000, BOOT_PLACE_MAPPED},
};

enum boot_place boot_place(uint32_t address, uint32_t length)
{
    for (uint32_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (address >= ranges[i].start && address <= ranges[i].end &&
            length <= ranges[i].end - address)
            return (enum boot_place)ranges[i].place;
    return BOOT_PLACE_REFUSED;
}
