#include "inflate_internal.h"

#include <string.h>

/* Counts codes by length and checks that they fill the room there is. */
static int count_lengths(struct ud_inflate_code *code, const uint8_t *lengths, uint32_t count)
{
    int32_t room = 1; /* codes of the current length not used up by shorter ones */

    memset(code, 0, sizeof code->fast + sizeof code->count);
    for (uint32_t symbol = 0; symbol < count; symbol++)
        code->count[lengths[symbol]]++;
    const uint32_t used = count - code->count[0];
    code->count[0] = 0;

    for (uint32_t length = 1; length <= UD_INFLATE_MAX_BITS; length++) {
        room = 2 * room - code->count[length];
        if (room < 0)
            return UD_ERR_GZIP;
    }
    return room == 0 || used == 0 || (used == 1 && code->count[1] == 1) ? UD_OK : UD_ERR_GZIP;
}

static void sort_symbols(struct ud_inflate_code *code, const uint8_t *lengths, uint32_t count)
{
    uint16_t *next = code->symbols;

    for (uint32_t length = 1; length <= UD_INFLATE_MAX_BITS; length++)
        for (uint32_t symbol = 0; symbol < count; symbol++)
            if (lengths[symbol] == length)
                *next++ = (uint16_t)symbol;
}

/* Codes are numbers sent from the top, but bits arrive from the bottom: counts
 * one up from the top of `length` bits. */
static uint32_t next_code(uint32_t value, uint32_t length)
{
    uint32_t bit = 1u << (length - 1);

    for (; value & bit; bit >>= 1)
        value ^= bit;
    return value | bit;
}

/* Every entry whose low bits are a short code leads to its symbol. */
static void fill_fast(struct ud_inflate_code *code)
{
    const uint16_t *symbol = code->symbols;
    uint32_t value = 0;

    for (uint32_t length = 1; length <= UD_INFLATE_FAST_BITS; length++) {
        for (uint32_t left = code->count[length]; left > 0; left--) {
            const uint32_t entry = (uint32_t)*symbol++ << UD_INFLATE_ENTRY_BITS | length;
            for (uint32_t at = value; at < 1u << UD_INFLATE_FAST_BITS; at += 1u << length)
                code->fast[at] = (uint16_t)entry;
            value = next_code(value, length);
        }
    }
}

int ud_inflate_code_make(struct ud_inflate_code *code, const uint8_t *lengths, uint32_t count)
{
    const int error = count_lengths(code, lengths, count);

    if (error != UD_OK)
        return error;
    sort_symbols(code, lengths, count);
    fill_fast(code);
    return UD_OK;
}

/* Goes through the lengths: codes of one length are consecutive numbers, and the
 * first of the next length is twice the number after them. */
uint32_t ud_inflate_code_find(const struct ud_inflate_code *code, uint32_t bits)
{
    const uint16_t *symbols = code->symbols;
    int32_t value = 0; /* of the bits so far, counted from the first code this long */

    for (uint32_t length = 1; length <= UD_INFLATE_MAX_BITS; length++) {
        const int32_t count = code->count[length];

        value += bits & 1;
        bits >>= 1;
        if (value < count)
            return (uint32_t)symbols[value] << UD_INFLATE_ENTRY_BITS | length;
        symbols += count;
        value = (value - count) << 1;
    }
    return UD_INFLATE_NO_SYMBOL;
}
