#include "image_internal.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <string.h>

#define WORDS_END (UD_IMAGE_LENGTH_WORD_OFFSET + 8u)

static uint32_t length_word(const struct ud_image *image)
{
    return ud_le32(image->words[0]);
}

static uint32_t crc_word(const struct ud_image *image)
{
    return ud_le32(image->words[1]);
}

/* Where what is at `position` ends: the bytes before the words, the words, the rest. */
static uint32_t end_of(uint32_t position)
{
    if (position < UD_IMAGE_LENGTH_WORD_OFFSET)
        return UD_IMAGE_LENGTH_WORD_OFFSET;
    return position < WORDS_END ? WORDS_END : UINT32_MAX;
}

/* The words themselves count as zeros: the packer fills them in last. */
void ud_image_crc_cover(struct ud_image *image, const uint8_t *bytes, uint32_t length)
{
    static const uint8_t zeros[sizeof image->words];
    uint32_t position = image->position;

    while (length > 0) {
        const uint32_t end = end_of(position);
        const uint32_t part = ud_min(length, end - position);
        const bool are_words = end == WORDS_END;

        if (are_words)
            memcpy((uint8_t *)image->words + (position - UD_IMAGE_LENGTH_WORD_OFFSET), bytes, part);
        image->crc = ud_crc32_forward(image->crc, are_words ? zeros : bytes, part);
        position += part;
        bytes += part;
        length -= part;
    }
}

/* A CRC is linear: had the build's bytes b been followed by the same rest as the
 * file's bytes a, the two CRCs would differ by what the difference a xor b in
 * front of that many zeros gives. Undoing the zeros, the first word's own four
 * bytes included, leaves the difference, first byte on top. */
static uint32_t first_word_difference(const struct ud_image *image)
{
    return ud_crc32_forward_unzeros(image->crc ^ crc_word(image), image->report.length);
}

/* Header bytes 2 and 3. */
static uint32_t rewritten_bytes(const struct ud_image_header *header)
{
    return (uint32_t)header->flash_mode << 8 | (uint32_t)header->flash_size_code << 4 |
           header->flash_frequency_code;
}

/* Flashing tools rewrite only the header at 0; the packer wrote the same bytes
 * into both, so the application's header confirms what the CRC says they were.
 * Without it one damaged file in 65536 would pass for a patched one. */
static enum ud_image_crc judge_crc(struct ud_image_report *report, uint32_t difference)
{
    const uint32_t built = rewritten_bytes(&report->parts[0].header) ^ difference;

    report->built_mode_byte = (uint8_t)(built >> 8);
    report->built_size_byte = (uint8_t)built;
    if (difference == 0)
        return UD_CRC_MATCH;
    return built == rewritten_bytes(&report->parts[1].header) ? UD_CRC_PATCHED : UD_CRC_MISMATCH;
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
