#include "updraft/gunzip.h"

#include "gunzip_internal.h"

#include <stddef.h>
#include <string.h>

#define MAGIC_AND_METHOD 0x088b1fu /* deflate is the only method there is */

enum header_flag {
    FLAG_HEADER_CRC = 0x02,
    FLAG_EXTRA = 0x04,
    FLAG_NAME = 0x08,
    FLAG_COMMENT = 0x10,
};

/* ---- the header ---- */

static int magic(struct ud_gunzip *gunzip)
{
    uint32_t start;

    if (!ud_gunzip_take(gunzip, 24, &start))
        return GUNZIP_MORE;
    gunzip->state = GUNZIP_FLAGS;
    return start == MAGIC_AND_METHOD ? UD_OK : UD_ERR_GZIP;
}

static int flags(struct ud_gunzip *gunzip)
{
    uint32_t byte;

    if (!ud_gunzip_take(gunzip, 8, &byte))
        return GUNZIP_MORE;
    gunzip->flags = (uint8_t)byte;
    gunzip->left = 6; /* time, hints, system */
    gunzip->state = GUNZIP_FIXED_PART;
    return UD_OK;
}

/* `left` bytes that do not matter; then on to the next state. */
static int skip(struct ud_gunzip *gunzip, enum gunzip_state next)
{
    uint32_t byte;

    if (gunzip->left > 0) {
        if (!ud_gunzip_take(gunzip, 8, &byte))
            return GUNZIP_MORE;
        gunzip->left--;
        return UD_OK;
    }
    gunzip->state = (uint8_t)next;
    return UD_OK;
}

static int fixed_part(struct ud_gunzip *gunzip)
{
    return skip(gunzip, GUNZIP_EXTRA_LENGTH);
}

static int extra_length(struct ud_gunzip *gunzip)
{
    if ((gunzip->flags & FLAG_EXTRA) != 0 && !ud_gunzip_take(gunzip, 16, &gunzip->left))
        return GUNZIP_MORE;
    gunzip->state = GUNZIP_EXTRA;
    return UD_OK;
}

static int extra(struct ud_gunzip *gunzip)
{
    return skip(gunzip, GUNZIP_NAME);
}

/* A text that ends with a NUL, if the flag says that it is there. */
static int text(struct ud_gunzip *gunzip, uint32_t flag, enum gunzip_state next)
{
    uint32_t byte = 0;

    if ((gunzip->flags & flag) != 0 && !ud_gunzip_take(gunzip, 8, &byte))
        return GUNZIP_MORE;
    if (byte == 0)
        gunzip->state = (uint8_t)next;
    return UD_OK;
}

static int name(struct ud_gunzip *gunzip)
{
    return text(gunzip, FLAG_NAME, GUNZIP_COMMENT);
}

static int comment(struct ud_gunzip *gunzip)
{
    return text(gunzip, FLAG_COMMENT, GUNZIP_HEADER_CRC);
}

static int header_crc(struct ud_gunzip *gunzip)
{
    uint32_t crc;

    if ((gunzip->flags & FLAG_HEADER_CRC) != 0 && !ud_gunzip_take(gunzip, 16, &crc))
        return GUNZIP_MORE;
    gunzip->state = GUNZIP_BLOCK;
    return UD_OK;
}

/* ---- the end ---- */

/* CRC-32 and length of the output, by halves. */
static int trailer(struct ud_gunzip *gunzip)
{
    const uint32_t word = gunzip->index < 2 ? gunzip->crc : gunzip->length;
    uint32_t half;

    ud_gunzip_align(gunzip);
    if (!ud_gunzip_take(gunzip, 16, &half))
        return GUNZIP_MORE;
    if (half != (word >> 16 * (gunzip->index % 2) & 0xffff))
        return UD_ERR_GZIP;
    gunzip->index++;
    if (gunzip->index == 4)
        gunzip->state = GUNZIP_DONE;
    return UD_OK;
}

/* ---- the interface ---- */

static int step(struct ud_gunzip *gunzip)
{
    static int (*const steps[GUNZIP_DONE])(struct ud_gunzip *) = {
        [GUNZIP_MAGIC] = magic,
        [GUNZIP_FLAGS] = flags,
        [GUNZIP_FIXED_PART] = fixed_part,
        [GUNZIP_EXTRA_LENGTH] = extra_length,
        [GUNZIP_EXTRA] = extra,
        [GUNZIP_NAME] = name,
        [GUNZIP_COMMENT] = comment,
        [GUNZIP_HEADER_CRC] = header_crc,
        [GUNZIP_BLOCK] = ud_gunzip_block,
        [GUNZIP_STORED_LENGTH] = ud_gunzip_stored_length,
        [GUNZIP_STORED] = ud_gunzip_stored,
        [GUNZIP_COUNTS] = ud_gunzip_counts,
        [GUNZIP_LENGTH_CODE] = ud_gunzip_length_code,
        [GUNZIP_LENGTHS] = ud_gunzip_lengths,
        [GUNZIP_REPEAT] = ud_gunzip_repeat,
        [GUNZIP_SYMBOL] = ud_gunzip_symbol,
        [GUNZIP_LENGTH_BITS] = ud_gunzip_length_bits,
        [GUNZIP_DISTANCE] = ud_gunzip_distance,
        [GUNZIP_DISTANCE_BITS] = ud_gunzip_distance_bits,
        [GUNZIP_TRAILER] = trailer,
    };

    return steps[gunzip->state](gunzip);
}

void ud_gunzip_begin(struct ud_gunzip *gunzip, ud_gunzip_output *output, void *ctx)
{
    gunzip->output = output;
    gunzip->ctx = ctx;
    gunzip->error = UD_OK;
    gunzip->state = GUNZIP_MAGIC;
    gunzip->is_blind = false;
    gunzip->bits = 0;
    gunzip->bit_count = 0;
    gunzip->position = 0;
    gunzip->index = 0;
    gunzip->left = 0;
    gunzip->crc = 0;
    gunzip->length = 0;
}

int ud_gunzip_write(struct ud_gunzip *gunzip, const uint8_t *data, uint32_t length)
{
    const uint8_t *end = data + length;
    int result = gunzip->error;

    while (result == UD_OK && gunzip->state != GUNZIP_DONE) {
        /* As many bits as there is room for: more than any step takes. */
        for (; data < end && gunzip->bit_count <= 24; gunzip->bit_count += 8) {
            gunzip->bits |= (uint32_t)*data++ << gunzip->bit_count;
            gunzip->position++;
        }
        result = step(gunzip);
    }
    if (result != GUNZIP_MORE)
        gunzip->error = result;
    return gunzip->error;
}

int ud_gunzip_end(struct ud_gunzip *gunzip, uint32_t size)
{
    if (gunzip->error != UD_OK || gunzip->is_blind)
        return gunzip->error;
    const uint32_t member_size = gunzip->position - gunzip->bit_count / 8;
    return gunzip->state == GUNZIP_DONE && member_size == size ? UD_OK : UD_ERR_GZIP;
}

int ud_gunzip_init(struct ud_gunzip *gunzip, void *window, uint32_t size)
{
    if (window == NULL || size < UD_GUNZIP_WINDOW_MIN || size > UD_GUNZIP_WINDOW ||
        (size & (size - 1)) != 0)
        return UD_ERR_ARGUMENT;
    memset(gunzip, 0, sizeof *gunzip);
    gunzip->window = window;
    gunzip->window_mask = size - 1;
    gunzip->literals.symbols = gunzip->literal_symbols;
    gunzip->distances.symbols = gunzip->distance_symbols;
    ud_gunzip_begin(gunzip, NULL, NULL);
    return UD_OK;
}
