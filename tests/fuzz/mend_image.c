#include "mend_image.h"

#include "updraft/endian.h"
#include "updraft/image.h"

#include <openssl/evp.h>
#include <string.h>
#include <zlib.h>

static void mend_hash(uint8_t *data, const struct ud_image_part *part, uint32_t size)
{
    if (part->header.chip != UD_CHIP_ESP32 || !part->header.hash_appended || part->end > size ||
        part->end < part->offset + UD_SHA256_SIZE)
        return;
    const uint32_t hashed = part->end - part->offset - UD_SHA256_SIZE;
    EVP_Digest(data + part->offset, hashed, data + part->offset + hashed, NULL, EVP_sha256(), NULL);
}

static void mend_checksum(uint8_t *data, const struct ud_image_part *part, uint32_t size)
{
    uint32_t end = part->end;

    if (part->header.chip == UD_CHIP_ESP32 && part->header.hash_appended && end > UD_SHA256_SIZE)
        end -= UD_SHA256_SIZE;
    if (end > 0 && end <= size && part->checksum_stored == data[end - 1])
        data[end - 1] = part->checksum_computed;
}

/* The forward CRC-32 is the reflected one of reflected bytes. */
static uint8_t reflect(uint8_t byte)
{
    static const uint8_t nibbles[] = {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15};

    return (uint8_t)(nibbles[byte % 16] << 4 | nibbles[byte / 16]);
}

static void mend_words(uint8_t *data, const struct ud_image_report *report, uint32_t size)
{
    static uint8_t reflected[MEND_MAX];
    const uint32_t length = ud_image_app(report)->end;
    uint32_t forward = 0;

    if (report->part_count < 2 || length > size || length > MEND_MAX ||
        length < UD_IMAGE_CRC_WORD_OFFSET + 4)
        return;
    memset(data + UD_IMAGE_LENGTH_WORD_OFFSET, 0, 8);
    for (uint32_t i = 0; i < length; i++)
        reflected[i] = reflect(data[i]);
    const uint32_t crc = ~(uint32_t)crc32(0, reflected, length); /* without the last inversion */
    for (int i = 0; i < 32; i++)
        forward = forward << 1 | (crc >> i & 1);
    ud_put_u32(data + UD_IMAGE_LENGTH_WORD_OFFSET, length);
    ud_put_u32(data + UD_IMAGE_CRC_WORD_OFFSET, forward);
}

static void mend_once(uint8_t *data, uint32_t size)
{
    struct ud_image image;
    const struct ud_image_report *report = &image.report;

    ud_image_begin(&image, NULL);
    (void)!ud_image_write(&image, data, size);
    (void)!ud_image_end(&image);
    for (uint8_t i = 0; i < report->part_count; i++)
        mend_checksum(data, &report->parts[i], size);
    mend_words(data, report, size);
    mend_hash(data, &report->parts[0], size);
}

/* What lies behind a wrong checksum is seen when that is right. */
void mend_image(uint8_t *data, uint32_t size)
{
    mend_once(data, size);
    mend_once(data, size);
}
