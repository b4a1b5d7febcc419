#include "image_internal.h"

#include "updraft/endian.h"

#include <string.h>

struct segment_header {
    uint32_t length; /* bytes of data */
    uint32_t data;   /* flash address of the data */
};

/* Reads the image header at flash address `address`. */
static int read_header(const struct ud_flash *flash, uint32_t address,
                       struct ud_image_header *header)
{
    uint8_t bytes[UD_IMAGE_EXTENDED_SIZE];
    int error = ud_flash_read(flash, address, bytes, sizeof bytes);

    if (error == UD_OK)
        error = ud_image_header_decode(bytes, sizeof bytes, header);
    if (error == UD_ERR_FLASH_READ)
        return error;
    if (error != UD_OK || !ud_image_has_sound_segment_count(header))
        return UD_ERR_IMAGE;
    return UD_OK;
}

/* Reads the segment header at flash address `address`. UD_ERR_IMAGE when it or
 * its data leaves the chip. */
static int read_segment(const struct ud_flash *flash, uint32_t address,
                        struct segment_header *segment)
{
    uint32_t words[2];
    const int error = ud_flash_read(flash, address, words, sizeof words);

    if (error != UD_OK)
        return error == UD_ERR_FLASH_RANGE ? UD_ERR_IMAGE : error;
    segment->length = ud_le32(words[1]);
    segment->data = address + UD_IMAGE_SEGMENT_HEADER_SIZE;
    return segment->length <= flash->size - segment->data ? UD_OK : UD_ERR_IMAGE;
}

int ud_image_sketch_size(const struct ud_flash *flash, uint32_t *size)
{
    uint32_t position = UD_IMAGE_APP_OFFSET + UD_IMAGE_HEADER_SIZE;
    struct ud_image_header header;
    int error = read_header(flash, UD_IMAGE_APP_OFFSET, &header);

    for (uint8_t i = 0; error == UD_OK && i < header.segment_count; i++) {
        struct segment_header segment;
        error = read_segment(flash, position, &segment);
        if (error == UD_OK)
            position = segment.data + segment.length;
    }
    if (error != UD_OK)
        return error;
    /* Rounded past the chip only if the last segment ends with it: no room for
     * a checksum then. */
    if (position > flash->size - 1)
        return UD_ERR_IMAGE;
    *size = (position + 16) & ~(uint32_t)15;
    return UD_OK;
}

/* Finds out whether an image's first segment can hold a description. */
static int check_room(const struct ud_flash *flash, uint32_t image)
{
    struct ud_image_header header;
    struct segment_header segment;
    int error = read_header(flash, image, &header);

    if (error == UD_OK)
        error = read_segment(flash, image + ud_image_header_size(header.chip), &segment);
    if (error != UD_OK)
        return error;
    const uint32_t start = segment.data - image;
    return ud_image_can_describe(start, start + segment.length) ? UD_OK : UD_ERR_IMAGE;
}

int ud_image_read_description(const struct ud_flash *flash, uint32_t image,
                              struct ud_image_description *description)
{
    const uint32_t start = image + UD_IMAGE_DESCRIPTION_OFFSET;
    uint8_t bytes[64]; /* the description in quarters: stacks are small */
    int error = check_room(flash, image);

    memset(description, 0, sizeof *description);
    for (uint32_t at = 0; error == UD_OK && at < UD_IMAGE_DESCRIPTION_SIZE; at += sizeof bytes) {
        error = ud_flash_read(flash, start + at, bytes, sizeof bytes);
        if (error == UD_OK && !ud_image_description_take(description, at, bytes, sizeof bytes))
            error = UD_ERR_IMAGE;
    }
    return error;
}
