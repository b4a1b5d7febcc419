#include "inflate_internal.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <stddef.h>
#include <string.h>

#define HEADER_SIZE  10u
#define TRAILER_SIZE 8u
#define MAGIC        0x8b1fu
#define METHOD       8u /* deflate, the only one there is */

enum {
    FLAG_TEXT = 0x01, /* means nothing to a decoder */
    FLAG_HEADER_CRC = 0x02,
    FLAG_EXTRA = 0x04,
    FLAG_NAME = 0x08,
    FLAG_COMMENT = 0x10,
    FLAGS_RESERVED = 0xe0,
};

/* ---- Output ---- */

int ud_inflate_flush(struct ud_inflate *inflate)
{
    const struct ud_inflate_config *config = &inflate->config;
    const uint8_t *piece = config->window + (inflate->flushed & (config->window_size - 1));
    const uint32_t length = inflate->position - inflate->flushed;

    if (length == 0)
        return UD_OK;
    if (inflate->flushed > UINT32_MAX - config->piece_size)
        return UD_ERR_GZIP; /* more than 4 GiB is no firmware */
    inflate->crc = ud_crc32_reflected(inflate->crc, piece, length);
    inflate->flushed = inflate->position;
    return config->output == NULL ? UD_OK : config->output(config->ctx, piece, length);
}

/* ---- Header ---- */

/* Collects a byte in lengths; are there `count` now? */
static bool collect(struct ud_inflate *inflate, uint32_t count)
{
    inflate->lengths[inflate->have++] = (uint8_t)ud_inflate_take(inflate, 8);
    if (inflate->have < count)
        return false;
    inflate->have = 0;
    return true;
}

/* The optional fields follow in this order. */
static int begin_next_field(struct ud_inflate *inflate)
{
    static const struct {
        uint8_t flag;
        uint8_t state;
    } fields[] = {
        {FLAG_EXTRA, UD_INFLATE_EXTRA_LENGTH},
        {FLAG_NAME, UD_INFLATE_NAME},
        {FLAG_COMMENT, UD_INFLATE_COMMENT},
        {FLAG_HEADER_CRC, UD_INFLATE_HEADER_CRC},
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if ((inflate->header_flags & fields[i].flag) == 0)
            continue;
        inflate->header_flags &= (uint8_t)~fields[i].flag;
        inflate->state = fields[i].state;
        return UD_OK;
    }
    inflate->crc = 0;
    inflate->state = UD_INFLATE_BLOCK;
    return UD_OK;
}

static int header(struct ud_inflate *inflate)
{
    const uint8_t *bytes = inflate->lengths;

    if (!collect(inflate, HEADER_SIZE))
        return UD_OK;
    if (ud_get_u16(bytes) != MAGIC || bytes[2] != METHOD || (bytes[3] & FLAGS_RESERVED) != 0)
        return UD_ERR_GZIP;
    inflate->crc = ud_crc32_reflected(0, bytes, HEADER_SIZE);
    inflate->header_flags = bytes[3];
    return begin_next_field(inflate);
}

static uint32_t take_header_byte(struct ud_inflate *inflate)
{
    const uint8_t byte = (uint8_t)ud_inflate_take(inflate, 8);

    inflate->crc = ud_crc32_reflected(inflate->crc, &byte, 1);
    return byte;
}

static int extra_length(struct ud_inflate *inflate)
{
    inflate->left = take_header_byte(inflate);
    inflate->left |= take_header_byte(inflate) << 8;
    inflate->state = UD_INFLATE_EXTRA;
    return inflate->left > 0 ? UD_OK : begin_next_field(inflate);
}

static int extra(struct ud_inflate *inflate)
{
    (void)take_header_byte(inflate);
    inflate->left--;
    return inflate->left > 0 ? UD_OK : begin_next_field(inflate);
}

/* A name or a comment: NUL-terminated. */
static int text(struct ud_inflate *inflate)
{
    return take_header_byte(inflate) != 0 ? UD_OK : begin_next_field(inflate);
}

static int header_crc(struct ud_inflate *inflate)
{
    if (ud_inflate_take(inflate, 16) != (inflate->crc & 0xffff))
        return UD_ERR_GZIP;
    return begin_next_field(inflate);
}

/* ---- Trailer ---- */

static int trailer(struct ud_inflate *inflate)
{
    if (!collect(inflate, TRAILER_SIZE))
        return UD_OK;
    if (ud_get_u32(inflate->lengths) != inflate->crc ||
        ud_get_u32(inflate->lengths + 4) != inflate->position)
        return UD_ERR_GZIP_CRC;
    inflate->state = UD_INFLATE_DONE;
    return UD_OK;
}

/* ---- The dispatcher ---- */

static const struct {
    int (*step)(struct ud_inflate *inflate);
    uint8_t bits; /* must be there for a step */
} states[] = {
    [UD_INFLATE_HEADER] = {header, 8},
    [UD_INFLATE_EXTRA_LENGTH] = {extra_length, 16},
    [UD_INFLATE_EXTRA] = {extra, 8},
    [UD_INFLATE_NAME] = {text, 8},
    [UD_INFLATE_COMMENT] = {text, 8},
    [UD_INFLATE_HEADER_CRC] = {header_crc, 16},
    [UD_INFLATE_BLOCK] = {ud_inflate_block, 3},
    [UD_INFLATE_STORED_LENGTH] = {ud_inflate_stored_length, 16},
    [UD_INFLATE_STORED_COMPLEMENT] = {ud_inflate_stored_complement, 16},
    [UD_INFLATE_STORED] = {ud_inflate_stored, 8},
    [UD_INFLATE_COUNTS] = {ud_inflate_counts, 14},
    [UD_INFLATE_CODE_LENGTHS] = {ud_inflate_code_lengths, 3},
    [UD_INFLATE_LENGTHS] = {ud_inflate_lengths, UD_INFLATE_MAX_BITS}, /* 7, and 7 that follow */
    [UD_INFLATE_SYMBOLS] = {ud_inflate_symbols, UD_INFLATE_SYMBOL_BITS},
    [UD_INFLATE_DISTANCE] = {ud_inflate_distance, UD_INFLATE_MAX_BITS},
    [UD_INFLATE_MATCH] = {ud_inflate_match, 13},
    [UD_INFLATE_TRAILER] = {trailer, 8},
};

static bool is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

int ud_inflate_begin(struct ud_inflate *inflate, const struct ud_inflate_config *config)
{
    if (config->window == NULL || !is_power_of_two(config->window_size) ||
        config->window_size < UD_INFLATE_MIN_WINDOW || config->window_size > UD_INFLATE_WINDOW ||
        !is_power_of_two(config->piece_size) || config->piece_size > config->window_size)
        return UD_ERR_ARGUMENT;
    memset(inflate, 0, sizeof *inflate);
    inflate->config = *config;
    inflate->state = UD_INFLATE_HEADER;
    return UD_OK;
}

static int run(struct ud_inflate *inflate)
{
    while (inflate->state != UD_INFLATE_DONE) {
        if (!ud_inflate_need(inflate, states[inflate->state].bits))
            return UD_INFLATE_MORE;
        const int error = states[inflate->state].step(inflate);
        if (error != UD_OK)
            return error;
    }
    return inflate->input_left == 0 ? UD_OK : UD_ERR_GZIP;
}

int ud_inflate_write(struct ud_inflate *inflate, const void *data, uint32_t length)
{
    if (inflate->error != UD_OK)
        return inflate->error;
    inflate->input = data;
    inflate->input_left = length;
    const int status = run(inflate);
    inflate->input = NULL;
    if (status < 0)
        inflate->error = status;
    return status;
}

int ud_inflate_end(struct ud_inflate *inflate)
{
    if (inflate->error == UD_OK && inflate->state != UD_INFLATE_DONE)
        inflate->error = UD_ERR_GZIP;
    return inflate->error;
}
