/* What the image files share. An image is read in image_stream.c, from flash in
 * image_flash.c; header, description, CRC words and what watches each have a file. */
#ifndef UPDRAFT_IMAGE_INTERNAL_H
#define UPDRAFT_IMAGE_INTERNAL_H

#include "updraft/image.h"

#define UD_IMAGE_HEADER_SIZE         8u  /* ESP8266 */
#define UD_IMAGE_EXTENDED_SIZE       24u /* ESP32 */
#define UD_IMAGE_SEGMENT_HEADER_SIZE 8u
#define UD_IMAGE_SEGMENT_MAX         (16u << 20) /* bytes: the largest flash chip */

enum ud_image_state {
    UD_IMAGE_HEAD, /* the file's first bytes are held until they tell which chip it is for */
    UD_IMAGE_HEADER,
    UD_IMAGE_SEGMENT, /* a segment's header */
    UD_IMAGE_DATA,
    UD_IMAGE_PADDING,
    UD_IMAGE_CHECKSUM,
    UD_IMAGE_HASH,
    UD_IMAGE_GAP, /* one byte behind the first image */
    UD_IMAGE_TRAILING,
};

static inline uint32_t ud_min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t ud_image_header_size(enum ud_chip chip)
{
    return chip == UD_CHIP_ESP32 ? UD_IMAGE_EXTENDED_SIZE : UD_IMAGE_HEADER_SIZE;
}

static inline bool ud_image_has_sound_segment_count(const struct ud_image_header *header)
{
    return header->segment_count >= 1 && header->segment_count <= UD_IMAGE_MAX_SEGMENTS;
}

/* Does a first segment whose data spans [start, end) hold a whole description?
 * Both counted from the start of the image. */
static inline bool ud_image_can_describe(uint32_t start, uint32_t end)
{
    return start <= UD_IMAGE_DESCRIPTION_OFFSET &&
           end >= UD_IMAGE_DESCRIPTION_OFFSET + UD_IMAGE_DESCRIPTION_SIZE;
}

#define UD_IMAGE_CHIPS 13u /* with an extended header, known here */

/* The position of a chip's id among them; UD_IMAGE_CHIPS for an unknown one. */
uint32_t ud_image_find_chip(uint16_t id);

/* Decodes the piece of a description that starts `offset` bytes into it, into a
 * description that was all zero before the first piece. False when the magic
 * is wrong: then it is none. */
bool ud_image_description_take(struct ud_image_description *description, uint32_t offset,
                               const uint8_t *bytes, uint32_t length);

/* Adds the stream's next bytes, which start at image->position, to the CRC that
 * the CRC word is compared with; keeps the words themselves. */
void ud_image_crc_cover(struct ud_image *image, const uint8_t *bytes, uint32_t length);

/* Fills in the report's crc and built bytes once the stream has ended. */
void ud_image_crc_judge(struct ud_image *image);

#endif
