#include "sim/qemu/image.h"

#include "sim/qemu/rom.h"
#include "updraft/image.h"

#include <string.h>

/* Flash is read in blocks of this size; the checksum is the last byte of one. */
#define BLOCK         16u
#define CHECKSUM_SEED 0xefu

/* The image as a stream of bytes. */
struct stream {
    uint32_t next; /* flash address of the next block */
    uint32_t used; /* bytes of this block */
    uint8_t checksum;
    bool has_failed;
    union {
        uint8_t bytes[BLOCK];
        uint32_t words[BLOCK / sizeof(uint32_t)];
    } block;
};

struct header {
    uint8_t magic;
    uint8_t segment_count;
    uint8_t flash_mode;
    uint8_t flash_size;
    uint32_t entry;
};

struct segment {
    uint32_t address;
    uint32_t length;
};

static void next_block(struct stream *stream)
{
    if (SPIRead(stream->next, stream->block.words, BLOCK) != 0)
        stream->has_failed = true;
    stream->next += BLOCK;
    stream->used = 0;
}

/* As far as this block goes, at most. A block that is used up is left only for more. */
static uint32_t take(struct stream *stream, void *data, uint32_t length)
{
    if (stream->used == BLOCK)
        next_block(stream);
    if (length > BLOCK - stream->used)
        length = BLOCK - stream->used;
    memcpy(data, stream->block.bytes + stream->used, length);
    stream->used += length;
    return length;
}

static void take_all(struct stream *stream, void *data, uint32_t length)
{
    uint8_t *bytes = data;

    while (length != 0 && !stream->has_failed) {
        const uint32_t count = take(stream, bytes, length);
        bytes += count;
        length -= count;
    }
}

static void load_segment(struct stream *stream, bool is_first)
{
    struct segment segment;

    take_all(stream, &segment, sizeof segment);
    /* The first one's header ends its block, and the next is already there. */
    const uint32_t room = is_first ? BLOCK : BLOCK - stream->used;
    ets_printf("load 0x%08x, len %d, room %d \n", (unsigned)segment.address, (int)segment.length,
               (int)room);
    uint8_t *to = (uint8_t *)segment.address;
    uint32_t left = segment.length;
    while (left != 0 && !stream->has_failed) {
        const uint32_t count = take(stream, to, left);
        for (uint32_t i = 0; i < count; i++)
            stream->checksum ^= to[i];
        to += count;
        left -= count;
    }
    ets_printf("tail %d\nchksum 0x%02x\n", (int)((segment.length - room) % BLOCK),
               (unsigned)stream->checksum);
}

/* The byte at the end of the block that holds what comes after the last segment. */
static bool checksum_is_right(struct stream *stream)
{
    if (stream->used == BLOCK)
        next_block(stream);
    const uint8_t stored = stream->block.bytes[BLOCK - 1];
    ets_printf("csum 0x%02x\n", (unsigned)stream->checksum);
    if (!stream->has_failed && stored == stream->checksum)
        return true;
    ets_printf("csum err\n");
    return false;
}

bool image_load(uint32_t *entry)
{
    struct stream stream = {.used = BLOCK, .checksum = CHECKSUM_SEED};
    struct header header = {0};

    take_all(&stream, &header, sizeof header);
    if (stream.has_failed || header.magic != UD_IMAGE_MAGIC)
        return false;
    SPIReadModeCnfig(header.flash_mode);
    *entry = header.entry;
    if (header.segment_count == 0)
        return true;
    for (uint32_t i = 0; i < header.segment_count && !stream.has_failed; i++)
        load_segment(&stream, i == 0);
    return checksum_is_right(&stream);
}
