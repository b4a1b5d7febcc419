#include "image_internal.h"

#include <stddef.h>
#include <string.h>

/* Offsets in an image. Between and behind them: fields nobody here reads. */
enum {
    AT_MAGIC = 0,
    AT_SECURE_VERSION = 4,
    AT_WORDS_END = 8,
    AT_VERSION = 16,
    AT_PROJECT = 48,
    AT_TIME = 80,
    AT_DATE = 96,
    AT_SDK = 112,
    AT_ELF_SHA256 = 144,
};

/* Where bytes that are copied as they are come from and go to. */
static const struct field {
    uint8_t at;
    uint8_t size;
    uint8_t to;
} fields[] = {
    {AT_VERSION, 32, offsetof(struct ud_image_description, version)},
    {AT_PROJECT, 32, offsetof(struct ud_image_description, project)},
    {AT_TIME, 16, offsetof(struct ud_image_description, time)},
    {AT_DATE, 16, offsetof(struct ud_image_description, date)},
    {AT_SDK, 32, offsetof(struct ud_image_description, sdk)},
    {AT_ELF_SHA256, 32, offsetof(struct ud_image_description, elf_sha256)},
};

/* A byte of the magic or of the secure version, least significant first. */
static bool take_word_byte(struct ud_image_description *description, uint32_t offset, uint8_t byte)
{
    if (offset < AT_SECURE_VERSION)
        return byte == (uint8_t)(UD_IMAGE_DESCRIPTION_MAGIC >> 8 * (offset - AT_MAGIC));
    description->secure_version |= (uint32_t)byte << 8 * (offset - AT_SECURE_VERSION);
    return true;
}

/* Copies what a field and a piece of the description have in common. */
static void take_field(struct ud_image_description *description, const struct field *field,
                       uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    const uint32_t field_end = (uint32_t)field->at + field->size;
    const uint32_t from = offset > field->at ? offset : field->at;
    const uint32_t to = ud_min(offset + length, field_end);

    if (from < to)
        memcpy((uint8_t *)description + field->to + (from - field->at), bytes + (from - offset),
               to - from);
}

bool ud_image_description_take(struct ud_image_description *description, uint32_t offset,
                               const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length && offset + i < AT_WORDS_END; i++)
        if (!take_word_byte(description, offset + i, bytes[i]))
            return false;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        take_field(description, &fields[i], offset, bytes, length);
    return true;
}

int ud_image_description_decode(const uint8_t *bytes, struct ud_image_description *description)
{
    memset(description, 0, sizeof *description);
    return ud_image_description_take(description, 0, bytes, UD_IMAGE_DESCRIPTION_SIZE)
               ? UD_OK
               : UD_ERR_IMAGE;
}
