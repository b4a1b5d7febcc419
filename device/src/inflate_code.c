#include "inflate_internal.h"

#include <string.h>

#define LENGTH_BITS 4u /* of a fast entry, below the symbol */

/* Counts codes by length and checks that they fill the room there is. */
static int count_lengths(struct ud_inflate_code *code, const uint8_t *lengths, uint32_t count,
                         bool may_be_sparse)
{
    int32_t room = 1; /* codes of the current length not used up by shorter ones */

    memset(code->count, 0, sizeof code->count);
    for (uint32_t symbol = 0; symbol < count; symbol++)
        code->count[lengths[symbol]]++;
    const uint32_t used = count - code->count[0];
    code->count[0] = 0;

    for (uint32_t length = 1; length <= UD_INFLATE_MAX_BITS; length++) {
        room = 2 * room - code->count[length];
        if (room < 0)
            return UD_ERR_GZIP;
    }
    const bool is_sparse = used == 0 || (used == 1 && code->count[1] == 1);
    return room == 0 || (is_sparse && may_be_sparse) ? UD_OK : UD_ERR_GZIP;
}

static void sort_symbols(struct ud_inflate_code *code, const uint8_t *lengths, uint32_t count)
{
    uint16_t next[UD_INFLATE_MAX_BITS + 1]; /* place of the next symbol of each length */

    next[1] = 0;
    for (uint32_t length = 1; length < UD_INFLATE_MAX_BITS; length++)
        next[length + 1] = (uint16_t)(next[length] + code->count[length]);
    for (uint32_t symbol = 0; symbol < count; symbol++)
        if (lengths[symbol] != 0)
            code->symbols[next[lengths[symbol]]++] = (uint16_t)symbol;
}

/* Codes are numbers sent from the top, but bits arrive from the bottom. */
static uint32_t reverse(uint32_t value, uint32_t length)
{
    uint32_t reversed = 0;

    for (; length > 0; length--) {
        reversed = reversed << 1 | (value & 1);
        value >>= 1;
    }
    return reversed;
}

/* Every entry whose low bits are a short code leads to its symbol. */
static void fill_fast(struct ud_inflate_code *code)
{
    const uint32_t size = 1u << UD_INFLATE_FAST_BITS;
    uint32_t value = 0;
    uint32_t index = 0;

    memset(code->fast, 0, sizeof code->fast);
    for (uint32_t length = 1; length <= UD_INFLATE_FAST_BITS; length++) {
        for (uint32_t i = 0; i < code->count[length]; i++) {
            const uint32_t entry = (uint32_t)code->symbols[index++] << LENGTH_BITS | length;
            for (uint32_t at = reverse(value++, length); at < size; at += 1u << length)
                code->fast[at] = (uint16_t)entry;
        }
        value <<= 1;
    }
}

int ud_inflate_code_make(struct ud_inflate_code *code, const uint8_t *lengths, uint32_t count,
                         bool may_be_sparse)
{
    const int error = count_lengths(code, lengths, count, may_be_sparse);

    if (error != UD_OK)
        return error;
    sort_symbols(code, lengths, count);
    fill_fast(code);
    return UD_OK;
}

/* Goes through the lengths: codes of one length are consecutive numbers, and the
 * first of the next length is twice the number after them. */
static int read_long(const struct ud_inflate_code *code, struct ud_inflate *inflate)
{
    uint32_t value = 0;
    uint32_t first = 0; /* code of the current length */
    uint32_t index = 0; /* of its symbol */

    for (uint32_t length = 1; length <= UD_INFLATE_MAX_BITS; length++) {
        const uint32_t count = code->count[length];

        value |= inflate->bits >> (length - 1) & 1;
        if (value - first < count) {
            (void)ud_inflate_take(inflate, length);
            return code->symbols[index + value - first];
        }
        index += count;
        first = (first + count) << 1;
        value <<= 1;
    }
    return UD_ERR_GZIP;
}

int ud_inflate_code_read(const struct ud_inflate_code *code, struct ud_inflate *inflate)
{
    const uint32_t entry = code->fast[inflate->bits & ((1u << UD_INFLATE_FAST_BITS) - 1)];

    if (entry == 0)
        return read_long(code, inflate);
    (void)ud_inflate_take(inflate, entry & ((1u << LENGTH_BITS) - 1));
    return (int)(entry >> LENGTH_BITS);
}
