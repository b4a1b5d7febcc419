#include "image_internal.h"

#include "updraft/endian.h"

#include <stddef.h>
#include <string.h>

static const struct chip_name {
    uint16_t id; /* of an extended header */
    const char *name;
} chip_names[] = {
    {0x00, "ESP32"},     {0x02, "ESP32-S2"}, {0x05, "ESP32-C3"},  {0x09, "ESP32-S3"},
    {0x0c, "ESP32-C2"},  {0x0d, "ESP32-C6"}, {0x10, "ESP32-H2"},  {0x12, "ESP32-P4"},
    {0x14, "ESP32-C61"}, {0x17, "ESP32-C5"}, {0x19, "ESP32-H21"}, {0x1c, "ESP32-H4"},
    {0x20, "ESP32-S31"},
};

/* Null for an unknown id. */
static const char *find_chip_name(uint16_t id)
{
    for (size_t i = 0; i < sizeof chip_names / sizeof chip_names[0]; i++)
        if (chip_names[i].id == id)
            return chip_names[i].name;
    return NULL;
}

const char *ud_image_chip_name(const struct ud_image_header *header)
{
    const char *name = NULL;

    if (header->chip == UD_CHIP_ESP8266)
        name = "ESP8266";
    else if (header->chip == UD_CHIP_ESP32)
        name = find_chip_name(header->chip_id);
    return name != NULL ? name : "unknown";
}

/* Byte 11 holds two pin drives of an ESP32's, each 0 to 3; in an ESP8266's image
 * it is the top of the first segment's load address: 3F or 40. */
static bool is_extended(const uint8_t *bytes, uint32_t length)
{
    return length >= UD_IMAGE_EXTENDED_SIZE && bytes[11] < 0x3f && bytes[23] <= 1 &&
           find_chip_name(ud_get_u16(bytes + 12)) != NULL;
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
