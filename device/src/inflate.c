#include "inflate_internal.h"

#include <stddef.h>
#include <string.h>

#define MAGIC           0x8b1fu
#define METHOD          8u          /* deflate, the only one there is */
#define POLYNOMIAL      0xedb88320u /* CRC-32, bits from the bottom */
#define TIME_AND_SYSTEM 6u          /* bytes of the header nobody here reads */

enum {
    FLAG_HEADER_CRC = 0x02,
    FLAG_EXTRA = 0x04,
    FLAG_NAME = 0x08,
    FLAG_COMMENT = 0x10,
    FLAGS_RESERVED = 0xe0,
};

/* ---- Input ---- */

/* The last bits of a member are read together with some that follow it: one buffer
 * of them is nobody's error. Whether they were needed shows in the end. */
const uint8_t *ud_inflate_next_input(struct ud_inflate *inflate)
{
    const struct ud_inflate_config *config = inflate->config;
    const uint32_t offset = inflate->offset;
    const uint32_t left = config->size - offset;
    int error = UD_OK;

    inflate->offset = offset + UD_INFLATE_INPUT;
    if (offset < config->size)
        error = config->read(config->ctx, offset, inflate->input,
                             left < UD_INFLATE_INPUT ? left : UD_INFLATE_INPUT);
    else if (offset - config->size >= UD_INFLATE_INPUT)
        error = UD_ERR_GZIP;
    if (inflate->error == UD_OK)
        inflate->error = error;
    return (const uint8_t *)inflate->input;
}

uint32_t ud_inflate_take(struct ud_inflate *inflate, uint32_t count)
{
    ud_inflate_fill(inflate, &inflate->bits);
    return ud_inflate_consume(&inflate->bits, count);
}

/* Bytes of the member consumed so far, whole ones. */
static uint32_t consumed(const struct ud_inflate *inflate)
{
    const uint8_t *end = (const uint8_t *)inflate->input + UD_INFLATE_INPUT;

    return inflate->offset - (uint32_t)(end - inflate->bits.next) - inflate->bits.count / 8;
}

/* ---- Output ---- */

static void make_crc_table(uint32_t *table)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (uint32_t bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        table[byte] = crc;
    }
}

int ud_inflate_flush(struct ud_inflate *inflate)
{
    const struct ud_inflate_config *config = inflate->config;
    uint8_t *const window = (uint8_t *)inflate->window;
    uint8_t *const piece = inflate->piece;
    const uint32_t length = (uint32_t)(inflate->out - piece);
    uint32_t crc = inflate->crc;

    for (const uint8_t *byte = piece; byte < inflate->out; byte++)
        crc = crc >> 8 ^ inflate->crc_table[(crc ^ *byte) & 0xff];
    inflate->crc = crc;
    inflate->flushed += length;
    if (inflate->out == window + UD_INFLATE_WINDOW)
        inflate->out = window;
    inflate->piece = inflate->out;
    if (inflate->error != UD_OK || length == 0)
        return inflate->error;
    return config->output(config->ctx, piece, length);
}

/* ---- The member ---- */

static void skip(struct ud_inflate *inflate, uint32_t bytes)
{
    for (; bytes > 0; bytes--)
        (void)ud_inflate_take(inflate, 8);
}

/* A name or a comment: NUL-terminated. */
static void skip_text(struct ud_inflate *inflate)
{
    while (ud_inflate_take(inflate, 8) != 0 && inflate->error == UD_OK)
        continue;
}

static int header(struct ud_inflate *inflate)
{
    const uint32_t magic = ud_inflate_take(inflate, 16);
    const uint32_t method = ud_inflate_take(inflate, 8);
    const uint32_t flags = ud_inflate_take(inflate, 8);

    if (magic != MAGIC || method != METHOD || (flags & FLAGS_RESERVED) != 0)
        return UD_ERR_GZIP;
    skip(inflate, TIME_AND_SYSTEM);
    if (flags & FLAG_EXTRA)
        skip(inflate, ud_inflate_take(inflate, 16));
    if (flags & FLAG_NAME)
        skip_text(inflate);
    if (flags & FLAG_COMMENT)
        skip_text(inflate);
    if (flags & FLAG_HEADER_CRC)
        skip(inflate, 2);
    return UD_OK;
}

static uint32_t take_word(struct ud_inflate *inflate)
{
    const uint32_t low = ud_inflate_take(inflate, 16);

    return low | ud_inflate_take(inflate, 16) << 16;
}

static int trailer(struct ud_inflate *inflate)
{
    (void)ud_inflate_take(inflate, inflate->bits.count % 8);
    const uint32_t crc = take_word(inflate);
    const uint32_t length = take_word(inflate);

    /* Read too far: what came from behind the end is no trailer. */
    if (consumed(inflate) != inflate->config->size)
        return UD_ERR_GZIP;
    return crc == ~inflate->crc && length == inflate->flushed ? UD_OK : UD_ERR_GZIP_CRC;
}

int ud_inflate_run(struct ud_inflate *inflate, const struct ud_inflate_config *config)
{
    inflate->config = config;
    inflate->bits =
        (struct ud_inflate_bits){.next = (const uint8_t *)inflate->input + UD_INFLATE_INPUT};
    inflate->offset = 0;
    inflate->flushed = 0;
    inflate->piece = inflate->out = (uint8_t *)inflate->window;
    inflate->crc = UINT32_MAX;
    inflate->error = UD_OK;
    make_crc_table(inflate->crc_table);
    int error = header(inflate);
    if (error == UD_OK)
        error = ud_inflate_blocks(inflate);
    if (error == UD_OK)
        error = trailer(inflate);
    /* What followed from input that was not there is of no interest. */
    return inflate->error != UD_OK ? inflate->error : error;
}
