#include "sim/rom.h"

#include "updraft/endian.h"
#include "updraft/image.h"

#define HEADER_SIZE         8u
#define SEGMENT_HEADER_SIZE 8u
#define CHECKSUM_SEED       0xefu
#define CHECKSUM_ALIGN      16u

struct scan {
    const uint8_t *flash;
    uint32_t size; /* bytes that may be looked at */
    uint32_t position;
    uint8_t checksum;
};

static bool scan_segment(struct scan *scan)
{
    if (scan->size - scan->position < SEGMENT_HEADER_SIZE)
        return false;
    const uint32_t length = ud_get_u32(scan->flash + scan->position + 4);
    scan->position += SEGMENT_HEADER_SIZE;
    if (length > scan->size - scan->position)
        return false;
    for (uint32_t i = 0; i < length; i++)
        scan->checksum ^= scan->flash[scan->position + i];
    scan->position += length;
    return true;
}

static bool scan_image(struct scan *scan)
{
    if (scan->position > scan->size || scan->size - scan->position < HEADER_SIZE)
        return false;
    const uint8_t *header = scan->flash + scan->position;
    const uint8_t segments = header[1];
    if (header[0] != UD_IMAGE_MAGIC || segments == 0 || segments > UD_IMAGE_MAX_SEGMENTS)
        return false;
    scan->position += HEADER_SIZE;
    scan->checksum = CHECKSUM_SEED;
    for (uint8_t i = 0; i < segments; i++)
        if (!scan_segment(scan))
            return false;
    return true;
}

bool rom_starts_bootloader(const uint8_t *flash, uint32_t size)
{
    const uint32_t limit = size < UD_IMAGE_APP_OFFSET ? size : UD_IMAGE_APP_OFFSET;
    struct scan scan = {.flash = flash, .size = limit};

    if (!scan_image(&scan))
        return false;
    /* The checksum is the last byte of the block of 16 that holds the next byte. */
    const uint32_t last = scan.position | (CHECKSUM_ALIGN - 1);
    return last < limit && flash[last] == scan.checksum;
}
