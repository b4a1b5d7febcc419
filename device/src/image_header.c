#include "image_internal.h"

#include "updraft/endian.h"

#include <string.h>

/* Ids of an extended header; image_chip_name.c has their names. */
static const uint8_t chip_ids[UD_IMAGE_CHIPS] = {
    0x00, 0x02, 0x05, 0x09, 0x0c, 0x0d, 0x10, 0x12, 0x14, 0x17, 0x19, 0x1c, 0x20,
};

uint32_t ud_image_find_chip(uint16_t id)
{
    uint32_t i = 0;

    while (i < UD_IMAGE_CHIPS && chip_ids[i] != id)
        i++;
    return i;
}

/* Byte 11 holds two pin drives of an ESP32's, each 0 to 3; in an ESP8266's image
 * it is the top of the first segment's load address: 3F or 40. */
static bool is_extended(const uint8_t *bytes, uint32_t length)
{
    return length >= UD_IMAGE_EXTENDED_SIZE && bytes[11] < 0x3f && bytes[23] <= 1 &&
           ud_image_find_chip(ud_get_u16(bytes + 12)) < UD_IMAGE_CHIPS;
}

static void decode_extension(const uint8_t *bytes, struct ud_image_header *header)
{
    header->chip = UD_CHIP_ESP32;
    header->chip_id = ud_get_u16(bytes + 12);
    header->min_revision = ud_get_u16(bytes + 15);
    header->max_revision = ud_get_u16(bytes + 17);
    header->hash_appended = bytes[23] == 1;
}

int ud_image_header_decode(const uint8_t *bytes, uint32_t length, struct ud_image_header *header)
{
    memset(header, 0, sizeof *header);
    if (length > 0 && bytes[0] != UD_IMAGE_MAGIC)
        return UD_ERR_MAGIC;
    if (length < UD_IMAGE_HEADER_SIZE)
        return UD_ERR_IMAGE;
    header->chip = UD_CHIP_ESP8266;
    header->segment_count = bytes[1];
    header->flash_mode = bytes[2];
    header->flash_size_code = bytes[3] >> 4;
    header->flash_frequency_code = bytes[3] & 15;
    header->entry = ud_get_u32(bytes + 4);
    if (is_extended(bytes, length))
        decode_extension(bytes, header);
    return UD_OK;
}

/* By size code, in units of 256 KB. */
static const uint8_t esp8266_sizes[] = {2, 1, 4, 8, 16, 8, 16, 0, 32, 64};

uint32_t ud_image_flash_size(enum ud_chip chip, uint8_t code)
{
    if (chip == UD_CHIP_ESP8266 && code < sizeof esp8266_sizes)
        return (uint32_t)esp8266_sizes[code] << 18;
    if (chip == UD_CHIP_ESP32 && code <= 7)
        return (uint32_t)1 << (20 + code);
    return 0;
}
