#include "image_internal.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <string.h>

#define WORDS_SIZE 8u
#define WORDS_END  (UD_IMAGE_LENGTH_WORD_OFFSET + WORDS_SIZE)

static uint32_t length_word(const struct ud_image *image)
{
    return ud_get_u32(image->words);
}

static uint32_t crc_word(const struct ud_image *image)
{
    return ud_get_u32(image->words + 4);
}

/* The words themselves count as zeros: the packer fills them in last. */
static void cover_words(struct ud_image *image, uint32_t offset, const uint8_t *bytes,
                        uint32_t length)
{
    static const uint8_t zeros[WORDS_SIZE];

    memcpy(image->words + offset, bytes, length);
    image->crc = ud_crc32_forward(image->crc, zeros, length);
}

void ud_image_crc_cover(struct ud_image *image, const uint8_t *bytes, uint32_t length)
{
    uint32_t position = image->position;

    if (position < UD_IMAGE_LENGTH_WORD_OFFSET) {
        const uint32_t part = ud_min(length, UD_IMAGE_LENGTH_WORD_OFFSET - position);
        image->crc = ud_crc32_forward(image->crc, bytes, part);
        position += part;
        bytes += part;
        length -= part;
    }
    if (length > 0 && position < WORDS_END) {
        const uint32_t part = ud_min(length, WORDS_END - position);
        cover_words(image, position - UD_IMAGE_LENGTH_WORD_OFFSET, bytes, part);
        bytes += part;
        length -= part;
    }
    image->crc = ud_crc32_forward(image->crc, bytes, length);
}

/* A CRC is linear: had the build's bytes b been followed by the same rest as the
 * file's bytes a, the two CRCs would differ by what the difference a xor b in
 * front of that many zeros gives. Undoing the zeros, the first word's own four
 * bytes included, leaves the difference, first byte on top. */
static uint32_t first_word_difference(const struct ud_image *image)
{
    return ud_crc32_forward_unzeros(image->crc ^ crc_word(image), image->report.length);
}

static uint8_t size_byte(const struct ud_image_header *header)
{
    return (uint8_t)(header->flash_size_code << 4 | header->flash_frequency_code);
}

/* Flashing tools rewrite only the header at 0; the packer wrote the same bytes
 * into both, so the application's header confirms what the CRC says they were.
 * Without it one damaged file in 65536 would pass for a patched one. */
static enum ud_image_crc judge_crc(struct ud_image_report *report, uint32_t difference)
{
    const struct ud_image_header *first = &report->parts[0].header;
    const struct ud_image_header *app = &report->parts[1].header;

    report->built_mode_byte = (uint8_t)(first->flash_mode ^ difference >> 8);
    report->built_size_byte = (uint8_t)(size_byte(first) ^ difference);
    if (difference == 0)
        return UD_CRC_MATCH;
    if (difference >> 16 == 0 && report->built_mode_byte == app->flash_mode &&
        report->built_size_byte == size_byte(app))
        return UD_CRC_PATCHED;
    return UD_CRC_MISMATCH;
}

/* Words that name another length are an older core's code, unless one of them
 * can only have been meant: then the other, or the structure, is damaged. */
void ud_image_crc_judge(struct ud_image *image)
{
    struct ud_image_report *report = &image->report;

    if (report->part_count < 2)
        return;
    const enum ud_image_crc crc = judge_crc(report, first_word_difference(image));
    if (length_word(image) == report->length)
        report->crc = crc;
    else if (length_word(image) == image->position || crc != UD_CRC_MISMATCH)
        report->crc = UD_CRC_MISMATCH;
}
