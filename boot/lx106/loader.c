#include "boot/lx106/loader.h"

#include "esp8266-rom/rom.h"
#include "updraft/image.h"

#include <stdbool.h>

/* Memory an application may be loaded to. Below and between lie mapped flash
 * and ROM; the ROM's data begin where DRAM ends here, this program where IRAM
 * does (boot.ld). */
#define DRAM_START  0x3ffe8000u
#define DRAM_END    0x3fffc000u
#define IRAM_START  0x40100000u
#define IRAM_END    0x4010c000u
#define FLASH_START 0x40200000u
#define FLASH_END   0x40300000u

static bool is_within(uint32_t address, uint32_t length, uint32_t start, uint32_t end)
{
    return address >= start && address <= end && length <= end - address;
}

enum loader_place loader_place(uint32_t address, uint32_t length)
{
    if (is_within(address, length, DRAM_START, DRAM_END) ||
        is_within(address, length, IRAM_START, IRAM_END))
        return LOADER_COPY;
    return is_within(address, length, FLASH_START, FLASH_END) ? LOADER_MAPPED : LOADER_REFUSED;
}

/* The ROM reads whole words; a segment that ends within one brings up to three
 * bytes of what follows it. IRAM takes words only, so nothing is read by bytes. */
static enum loader_result load_segment(uint32_t *position)
{
    struct {
        uint32_t address;
        uint32_t length;
    } segment;

    if (SPIRead(*position, &segment, sizeof segment) != 0)
        return LOADER_NO_SEGMENT;
    *position += sizeof segment;
    const enum loader_place place = loader_place(segment.address, segment.length);
    if (place == LOADER_REFUSED)
        return LOADER_NO_IMAGE;
    if (place == LOADER_COPY && segment.length != 0 &&
        SPIRead(*position, (void *)(uintptr_t)segment.address, segment.length) != 0)
        return LOADER_NO_DATA;
    *position += segment.length;
    return LOADER_OK;
}

enum loader_result loader_load(uint32_t image, uint32_t *entry)
{
    struct {
        uint8_t magic;
        uint8_t segment_count;
        uint8_t flash[2];
        uint32_t entry;
    } header;
    enum loader_result result = LOADER_OK;

    if (SPIRead(image, &header, sizeof header) != 0)
        return LOADER_NO_HEADER;
    if (header.magic != UD_IMAGE_MAGIC || header.segment_count == 0)
        return LOADER_NO_IMAGE;
    image += sizeof header;
    for (uint32_t i = 0; result == LOADER_OK && i < header.segment_count; i++)
        result = load_segment(&image);
    *entry = header.entry;
    return result;
}
