#include "gunzip_internal.h"

#include <stddef.h>
#include <string.h>

/* ---- input ---- */

bool ud_gunzip_take(struct ud_gunzip *gunzip, uint32_t count, uint32_t *value)
{
    if (gunzip->bit_count < count)
        return false;
    *value = gunzip->bits & ((1u << count) - 1);
    gunzip->bits >>= count;
    gunzip->bit_count -= count;
    return true;
}

void ud_gunzip_align(struct ud_gunzip *gunzip)
{
    uint32_t rest;

    (void)ud_gunzip_take(gunzip, gunzip->bit_count % 8, &rest);
}

/* ---- codes ---- */

int ud_gunzip_make_code(struct ud_gunzip_code *code, const uint8_t *lengths, uint32_t count)
{
    uint16_t next[UD_GUNZIP_MAX_BITS + 1];
    uint32_t room = 1; /* for codes of the length looked at */

    memset(code->counts, 0, sizeof code->counts);
    for (uint32_t i = 0; i < count; i++)
        code->counts[lengths[i]]++;
    next[0] = 0;
    code->counts[0] = 0;
    for (uint32_t bits = 1; bits <= UD_GUNZIP_MAX_BITS; bits++) {
        next[bits] = (uint16_t)(next[bits - 1] + code->counts[bits - 1]);
        room *= 2;
        if (code->counts[bits] > room)
            return UD_ERR_GZIP;
        room -= code->counts[bits];
    }
    for (uint32_t i = 0; i < count; i++)
        if (lengths[i] != 0)
            code->symbols[next[lengths[i]]++] = (uint16_t)i;
    return UD_OK;
}

/* Codes of a length are numbers in a row, sent from the top: with each bit more either
 * the number is one of them, or it lies behind them. */
int ud_gunzip_decode(struct ud_gunzip *gunzip, const struct ud_gunzip_code *code, uint32_t *symbol)
{
    const uint16_t *symbols = code->symbols;
    uint32_t bits = gunzip->bits;
    uint32_t behind = 0; /* the number, less the first one of a code of its length */

    for (uint32_t length = 1; length <= UD_GUNZIP_MAX_BITS; length++) {
        const uint32_t count = code->counts[length];
        if (length > gunzip->bit_count)
            return GUNZIP_MORE;
        behind = behind << 1 | (bits & 1);
        bits >>= 1;
        if (behind < count) {
            *symbol = symbols[behind];
            gunzip->bits = bits;
            gunzip->bit_count -= length;
            return UD_OK;
        }
        behind -= count;
        symbols += count;
    }
    return UD_ERR_GZIP;
}

/* ---- output ---- */

/* CRC-32 of four bits, bits from the bottom, polynomial EDB88320. */
static const uint32_t crc_of_nibble[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t crc_add(uint32_t crc, uint32_t byte)
{
    crc = ~crc ^ byte;
    crc = crc >> 4 ^ crc_of_nibble[crc & 15];
    crc = crc >> 4 ^ crc_of_nibble[crc & 15];
    return ~crc;
}

/* The last `length` bytes of output; they do not wrap. */
static int hand_out(struct ud_gunzip *gunzip, uint32_t length)
{
    const uint8_t *bytes = gunzip->window + ((gunzip->length - length) & gunzip->window_mask);

    return gunzip->output != NULL ? gunzip->output(gunzip->ctx, bytes, length) : UD_OK;
}

int ud_gunzip_put(struct ud_gunzip *gunzip, uint32_t byte)
{
    gunzip->window[gunzip->length & gunzip->window_mask] = (uint8_t)byte;
    gunzip->crc = crc_add(gunzip->crc, byte);
    gunzip->length++;
    return gunzip->length % UD_GUNZIP_PIECE == 0 ? hand_out(gunzip, UD_GUNZIP_PIECE) : UD_OK;
}

int ud_gunzip_flush(struct ud_gunzip *gunzip)
{
    const uint32_t rest = gunzip->length % UD_GUNZIP_PIECE;

    return rest > 0 ? hand_out(gunzip, rest) : UD_OK;
}
