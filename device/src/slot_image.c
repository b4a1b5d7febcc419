#include "updraft/slot_image.h"

#include "updraft/endian.h"

#include <stddef.h>

#define CHUNK       256u /* bytes read at once: stacks are small */
#define NO_REVISION 0xffffu
#define AT_SECURE   (UD_IMAGE_DESCRIPTION_OFFSET + 4u)

static bool is_limit(uint16_t max_revision)
{
    return max_revision != 0 && max_revision != NO_REVISION;
}

int ud_slot_judge_header(const struct ud_slot_terms *terms, uint8_t type,
                         const struct ud_image_header *header, const uint32_t *secure_version)
{
    if (header->chip != UD_CHIP_ESP32 || header->chip_id != terms->chip_id)
        return UD_ERR_CHIP;
    if (header->min_revision > terms->revision)
        return UD_ERR_REVISION;
    if (type != UD_TYPE_APP)
        return UD_OK;
    if (is_limit(header->max_revision) && header->max_revision < terms->revision)
        return UD_ERR_REVISION;
    if (terms->security_version > 0 &&
        (secure_version == NULL || *secure_version < terms->security_version))
        return UD_ERR_SECURITY;
    return UD_OK;
}

int ud_slot_judge_head(const struct ud_slot_terms *terms, uint8_t type, const uint8_t *bytes,
                       uint32_t length)
{
    struct ud_image_header header;
    uint32_t secure_version;
    const int error = ud_image_header_decode(bytes, length, &header);
    const bool is_described =
        length >= UD_SLOT_HEAD &&
        ud_get_u32(bytes + UD_IMAGE_DESCRIPTION_OFFSET) == UD_IMAGE_DESCRIPTION_MAGIC;

    if (error != UD_OK)
        return error;
    if (is_described)
        secure_version = ud_get_u32(bytes + AT_SECURE);
    return ud_slot_judge_header(terms, type, &header, is_described ? &secure_version : NULL);
}

int ud_slot_verify(const struct ud_slot_terms *terms, const struct ud_flash *flash,
                   const struct ud_partition *partition, struct ud_slot_image *image)
{
    _Alignas(uint32_t) uint8_t bytes[CHUNK];
    uint32_t position = 0;

    ud_image_watch_init(&image->watch, partition->type == UD_TYPE_APP ? terms->sha256 : NULL);
    ud_image_begin(&image->parser, &image->watch);
    while (position < partition->size && image->parser.report.length == 0) {
        const uint32_t left = partition->size - position;
        const uint32_t length = left < CHUNK ? left : CHUNK;
        int error = ud_flash_read(flash, partition->offset + position, bytes, length);
        if (error == UD_OK && position == 0)
            error = ud_slot_judge_head(terms, partition->type, bytes, length);
        if (error == UD_OK)
            error = ud_image_write(&image->parser, bytes, length);
        if (error != UD_OK)
            return error;
        position += length;
    }
    return ud_image_end(&image->parser);
}
