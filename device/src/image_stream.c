#include "image_internal.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"
#include "updraft/image_watch.h"

#include <stddef.h>
#include <string.h>

#define CHECKSUM_SEED  0xefu
#define CHECKSUM_ALIGN 16u   /* the checksum is the last byte of a block of this many */
#define GAP_BYTE       0xaau /* between the images of a file */
#define GAP_CERTAIN    16u   /* this many of them are no signature's first bytes */

static struct ud_image_part *current_part(struct ud_image *image)
{
    return &image->report.parts[image->part];
}

static int fail(struct ud_image *image, int error)
{
    image->error = error;
    return error;
}

static void enter(struct ud_image *image, enum ud_image_state state, uint32_t length)
{
    image->state = (uint8_t)state;
    image->state_left = length;
    image->held_length = 0;
}

/* ---- Taking a state's bytes, which start at image->position ---- */

static void take_held(struct ud_image *image, const uint8_t *bytes, uint32_t length)
{
    memcpy(image->held + image->held_length, bytes, length);
    image->held_length = (uint8_t)(image->held_length + length);
}

static void take_data(struct ud_image *image, const uint8_t *bytes, uint32_t length)
{
    uint8_t checksum = image->checksum;

    for (uint32_t i = 0; i < length; i++)
        checksum ^= bytes[i];
    image->checksum = checksum;
}

/* Padding means nothing, and no loader looks at it; a hash is for who watches. */
static void take_nothing(struct ud_image *image, const uint8_t *bytes, uint32_t length)
{
    (void)image;
    (void)bytes;
    (void)length;
}

static void take_trailing(struct ud_image *image, const uint8_t *bytes, uint32_t length)
{
    (void)bytes;
    image->report.trailing += length;
}

/* ---- What follows when a state's bytes are complete ----
 * image->position is one past them. */

static int header_done(struct ud_image *image)
{
    struct ud_image_part *part = current_part(image);
    const int error = ud_image_header_decode(image->held, image->held_length, &part->header);

    image->report.part_count = (uint8_t)(image->part + 1);
    if (error != UD_OK)
        return error;
    if (!ud_image_has_sound_segment_count(&part->header))
        return UD_ERR_IMAGE;
    image->segment_index = 0;
    image->checksum = CHECKSUM_SEED;
    enter(image, UD_IMAGE_SEGMENT, UD_IMAGE_SEGMENT_HEADER_SIZE);
    return UD_OK;
}

static int data_done(struct ud_image *image)
{
    const struct ud_image_part *part = current_part(image);

    image->segment_index++;
    if (image->segment_index < part->header.segment_count) {
        enter(image, UD_IMAGE_SEGMENT, UD_IMAGE_SEGMENT_HEADER_SIZE);
        return UD_OK;
    }
    const uint32_t last = CHECKSUM_ALIGN - 1;
    const uint32_t padding = last - (image->position - part->offset) % CHECKSUM_ALIGN;
    if (padding > 0)
        enter(image, UD_IMAGE_PADDING, padding);
    else
        enter(image, UD_IMAGE_CHECKSUM, 1);
    return UD_OK;
}

static bool is_length_possible(const struct ud_image *image, uint32_t length)
{
    const struct ud_image_header *header = &image->report.parts[image->part].header;

    if (header->chip == UD_CHIP_ESP32 && length % 4 != 0)
        return false;
    return length <= UD_IMAGE_SEGMENT_MAX;
}

static int segment_done(struct ud_image *image)
{
    const struct ud_image_segment segment = {
        .part = image->part,
        .index = image->segment_index,
        .load_address = ud_le32(image->held_words[0]),
        .length = ud_le32(image->held_words[1]),
        .offset = image->position,
    };

    if (!is_length_possible(image, segment.length))
        return UD_ERR_IMAGE;
    if (image->watch != NULL && image->watch->segment != NULL)
        image->watch->segment(image->watch->ctx, &segment);
    if (segment.length == 0)
        return data_done(image);
    enter(image, UD_IMAGE_DATA, segment.length);
    return UD_OK;
}

static int padding_done(struct ud_image *image)
{
    enter(image, UD_IMAGE_CHECKSUM, 1);
    return UD_OK;
}

static int part_done(struct ud_image *image)
{
    struct ud_image_part *part = current_part(image);

    part->end = image->position;
    image->report.length = image->position;
    if (image->part == 0 && part->header.chip == UD_CHIP_ESP8266 &&
        part->end <= UD_IMAGE_APP_OFFSET)
        enter(image, UD_IMAGE_GAP, 1);
    else
        enter(image, UD_IMAGE_TRAILING, UINT32_MAX);
    return UD_OK;
}

static int checksum_done(struct ud_image *image)
{
    struct ud_image_part *part = current_part(image);

    part->checksum_stored = image->held[0];
    part->checksum_computed = image->checksum;
    if (!part->header.hash_appended)
        return part_done(image);
    enter(image, UD_IMAGE_HASH, UD_SHA256_SIZE);
    return UD_OK;
}

static int hash_done(struct ud_image *image)
{
    if (image->report.hash == UD_HASH_ABSENT)
        image->report.hash = UD_HASH_UNCHECKED;
    return part_done(image);
}

/* The second image's magic has been read; the first one was the bootloader, and
 * whatever description it held is not the application's. */
static void begin_application(struct ud_image *image)
{
    struct ud_image_report *report = &image->report;

    image->part = 1;
    report->parts[1].offset = UD_IMAGE_APP_OFFSET;
    report->has_description = false;
    enter(image, UD_IMAGE_HEADER, UD_IMAGE_HEADER_SIZE - 1);
    image->held[0] = UD_IMAGE_MAGIC;
    image->held_length = 1;
}

static int gap_done(struct ud_image *image)
{
    const uint32_t offset = image->position - 1;
    const uint8_t byte = image->held[0];

    if (offset < UD_IMAGE_APP_OFFSET && byte == GAP_BYTE) {
        enter(image, UD_IMAGE_GAP, 1);
        return UD_OK;
    }
    if (offset == UD_IMAGE_APP_OFFSET && byte == UD_IMAGE_MAGIC) {
        begin_application(image);
        return UD_OK;
    }
    if (offset - image->report.length >= GAP_CERTAIN)
        return UD_ERR_IMAGE;
    image->report.trailing = image->position - image->report.length;
    enter(image, UD_IMAGE_TRAILING, UINT32_MAX);
    return UD_OK;
}

/* ---- The dispatcher ---- */

static const struct {
    void (*take)(struct ud_image *image, const uint8_t *bytes, uint32_t length);
    int (*done)(struct ud_image *image);
} states[] = {
    [UD_IMAGE_HEADER] = {take_held, header_done},
    [UD_IMAGE_SEGMENT] = {take_held, segment_done},
    [UD_IMAGE_DATA] = {take_data, data_done},
    [UD_IMAGE_PADDING] = {take_nothing, padding_done},
    [UD_IMAGE_CHECKSUM] = {take_held, checksum_done},
    [UD_IMAGE_HASH] = {take_nothing, hash_done},
    [UD_IMAGE_GAP] = {take_held, gap_done},
    [UD_IMAGE_TRAILING] = {take_trailing, NULL}, /* longer than any stream: never done */
};

/* Do the CRC words, if there are any, cover the bytes of this state? */
static bool has_words(const struct ud_image *image)
{
    return image->report.parts[0].header.chip != UD_CHIP_ESP32 && image->state != UD_IMAGE_TRAILING;
}

static int consume(struct ud_image *image, const uint8_t *bytes, uint32_t length)
{
    while (length > 0) {
        const uint32_t part = ud_min(length, image->state_left);
        int error = UD_OK;

        if (has_words(image))
            ud_image_crc_cover(image, bytes, part);
        if (image->watch != NULL)
            image->watch->piece(image->watch, image, bytes, part);
        states[image->state].take(image, bytes, part);
        image->position += part;
        image->state_left -= part;
        if (image->state_left == 0)
            error = states[image->state].done(image);
        if (error != UD_OK)
            return error;
        bytes += part;
        length -= part;
    }
    return UD_OK;
}

/* Enough bytes are held to tell the chips apart: reads them as what they are. */
static int begin_first_part(struct ud_image *image)
{
    uint8_t head[UD_IMAGE_EXTENDED_SIZE];
    struct ud_image_header header;

    memcpy(head, image->held, sizeof head);
    const int error = ud_image_header_decode(head, sizeof head, &header);
    if (error != UD_OK)
        return error;
    enter(image, UD_IMAGE_HEADER, ud_image_header_size(header.chip));
    return consume(image, head, sizeof head);
}

/* Returns how many of the bytes went into the head. */
static uint32_t take_head(struct ud_image *image, const uint8_t *bytes, uint32_t length)
{
    const uint32_t part = ud_min(length, image->state_left);

    take_held(image, bytes, part);
    image->state_left -= part;
    if (image->held_length > 0 && image->held[0] != UD_IMAGE_MAGIC)
        image->error = UD_ERR_MAGIC;
    else if (image->state_left == 0)
        image->error = begin_first_part(image);
    return part;
}

void ud_image_begin(struct ud_image *image, struct ud_image_watch *watch)
{
    memset(image, 0, sizeof *image);
    image->watch = watch;
    image->crc = UD_CRC32_FORWARD_START;
    enter(image, UD_IMAGE_HEAD, UD_IMAGE_EXTENDED_SIZE);
}

int ud_image_write(struct ud_image *image, const void *data, uint32_t length)
{
    const uint8_t *bytes = data;

    if (image->error == UD_OK && image->state == UD_IMAGE_HEAD) {
        const uint32_t taken = take_head(image, bytes, length);
        bytes += taken;
        length -= taken;
    }
    if (image->error != UD_OK)
        return image->error;
    if (length > UINT32_MAX - image->position)
        return fail(image, UD_ERR_IMAGE);
    image->error = consume(image, bytes, length);
    return image->error;
}

/* Has the stream come to an end where one may end? */
static bool is_whole(const struct ud_image *image)
{
    if (image->state == UD_IMAGE_GAP)
        return image->position == image->report.length;
    return image->state == UD_IMAGE_TRAILING;
}

/* The first image is the one a boot ROM checks, on either chip. */
static bool are_checks_right(const struct ud_image_report *report)
{
    return report->parts[0].checksum_stored == report->parts[0].checksum_computed &&
           report->hash != UD_HASH_MISMATCH && report->crc != UD_CRC_MISMATCH;
}

int ud_image_end(struct ud_image *image)
{
    if (image->error != UD_OK)
        return image->error;
    if (image->state == UD_IMAGE_HEAD && image->held_length == 0)
        return fail(image, UD_ERR_NO_DATA);
    if (!is_whole(image))
        return fail(image, UD_ERR_IMAGE);
    ud_image_crc_judge(image);
    return are_checks_right(&image->report) ? UD_OK : fail(image, UD_ERR_IMAGE);
}
