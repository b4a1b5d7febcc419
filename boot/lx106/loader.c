#include "boot/lx106/loader.h"

#include "boot/place.h"
#include "esp8266-rom/rom.h"
#include "updraft/image.h"

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
    const enum boot_place place = boot_place(segment.address, segment.length);
    if (place == BOOT_PLACE_REFUSED)
        return LOADER_NO_IMAGE;
    if (place == BOOT_PLACE_COPY && segment.length != 0 &&
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
