#include "inflate_internal.h"

#include <stddef.h>
#include <string.h>

enum {
    BLOCK_STORED = 0,
    BLOCK_FIXED = 1,
    BLOCK_DYNAMIC = 2,
};

enum {
    SYMBOL_END = 256,
    SYMBOL_FIRST_LENGTH = 257,
    LENGTH_SYMBOLS = 29,
    LENGTH_258 = 28, /* the last of them: the longest match, without bits behind it */
    DISTANCE_SYMBOLS = 30,
    MAX_LITERAL_COUNT = 286,
    FIXED_LITERAL_COUNT = 288,
    FIXED_DISTANCE_COUNT = 32,
    CODE_LENGTH_COUNT = 19,
    REPEAT_LAST = 16,
    REPEAT_ZERO_LONG = 18,
};

/* Lengths and distances come in groups that double in span: a symbol names the
 * group and a place in it, and as many bits as needed follow to tell the rest.
 * The logarithm of the places a group has: */
enum { LENGTH_PLACES = 2, DISTANCE_PLACES = 1 };

UD_HOT uint32_t take_rest(struct ud_inflate_bits *bits, uint32_t symbol, uint32_t places)
{
    const uint32_t mask = (1u << places) - 1;

    if (symbol < 2u << places)
        return symbol;
    const uint32_t extra_bits = (symbol >> places) - 1;
    return (((symbol & mask) + (1u << places)) << extra_bits) +
           ud_inflate_consume(bits, extra_bits);
}

/* Where a match begins; null when that is before the first byte. */
UD_HOT const uint8_t *match_at(const struct ud_inflate *inflate, const uint8_t *out,
                               uint32_t distance)
{
    const uint8_t *window = (const uint8_t *)inflate->window;
    const uint8_t *from = out - distance;

    if (distance > inflate->flushed + (uint32_t)(out - inflate->piece))
        return NULL;
    return from < window ? from + UD_INFLATE_WINDOW : from;
}

/* Copies a match, or a literal from where the decoder put it. */
UD_HOT int copy(struct ud_inflate *inflate, uint8_t **to, const uint8_t *from, uint32_t length)
{
    const uint8_t *const end = (const uint8_t *)inflate->window + UD_INFLATE_WINDOW;
    uint8_t *out = *to;
    int error = UD_OK;

    do {
        *out++ = *from++;
        if (from == end)
            from = (const uint8_t *)inflate->window;
        if (out == inflate->piece + UD_INFLATE_PIECE) {
            inflate->out = out;
            error = ud_inflate_flush(inflate);
            out = inflate->out;
        }
    } while (--length != 0 && error == UD_OK);
    *to = out;
    return error;
}

/* A block's literals and matches, up to its end. */
static int symbols(struct ud_inflate *inflate)
{
    struct ud_inflate_bits bits = inflate->bits;
    const struct ud_inflate_code *code = &inflate->literals;
    uint8_t *out = inflate->out;
    const uint8_t *from;
    uint32_t length = 0;
    uint32_t symbol;
    uint8_t literal;

    for (;;) {
        ud_inflate_fill(inflate, &bits);
        symbol = ud_inflate_decode(&bits, code);
        if (code == &inflate->distances) {
            ud_inflate_fill(inflate, &bits);
            if (symbol >= DISTANCE_SYMBOLS)
                return UD_ERR_GZIP;
            from = match_at(inflate, out, take_rest(&bits, symbol, DISTANCE_PLACES) + 1);
            if (from == NULL)
                return UD_ERR_GZIP;
            code = &inflate->literals;
        } else if (symbol < SYMBOL_END) {
            literal = (uint8_t)symbol;
            from = &literal;
            length = 1;
        } else {
            symbol -= SYMBOL_FIRST_LENGTH;
            if (symbol >= LENGTH_SYMBOLS)
                break;
            length = symbol == LENGTH_258 ? 258 : 3 + take_rest(&bits, symbol, LENGTH_PLACES);
            code = &inflate->distances;
            continue;
        }
        const int error = copy(inflate, &out, from, length);
        if (error != UD_OK)
            return error;
    }
    inflate->bits = bits;
    inflate->out = out;
    return symbol == (uint32_t)(SYMBOL_END - SYMBOL_FIRST_LENGTH) ? UD_OK : UD_ERR_GZIP;
}

/* ---- Blocks ---- */

static int stored(struct ud_inflate *inflate)
{
    int error = UD_OK;

    (void)ud_inflate_take(inflate, inflate->bits.count % 8);
    uint32_t length = ud_inflate_take(inflate, 16);
    if ((ud_inflate_take(inflate, 16) ^ length) != 0xffff)
        return UD_ERR_GZIP;
    for (; length > 0 && error == UD_OK; length--) {
        *inflate->out++ = (uint8_t)ud_inflate_take(inflate, 8);
        if (inflate->out == inflate->piece + UD_INFLATE_PIECE)
            error = ud_inflate_flush(inflate);
    }
    return error;
}

static int make_codes(struct ud_inflate *inflate, uint32_t literals, uint32_t distances)
{
    const uint8_t *lengths = inflate->lengths;

    if (lengths[SYMBOL_END] == 0 ||
        ud_inflate_code_make(&inflate->literals, lengths, literals) != UD_OK ||
        ud_inflate_code_make(&inflate->distances, lengths + literals, distances) != UD_OK)
        return UD_ERR_GZIP;
    return symbols(inflate);
}

static int fixed(struct ud_inflate *inflate)
{
    uint8_t *lengths = inflate->lengths;

    memset(lengths, 8, FIXED_LITERAL_COUNT);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + FIXED_LITERAL_COUNT, 5, FIXED_DISTANCE_COUNT);
    return make_codes(inflate, FIXED_LITERAL_COUNT, FIXED_DISTANCE_COUNT);
}

/* Symbols up to 15 are a length; 16 repeats the last one, 17 and 18 zero. */
static int read_lengths(struct ud_inflate *inflate, uint32_t total)
{
    uint8_t *const lengths = inflate->lengths;
    uint32_t have = 0;

    while (have < total) {
        (void)ud_inflate_take(inflate, 0);
        uint32_t length = ud_inflate_decode(&inflate->bits, &inflate->distances);
        uint32_t repeats = 1;
        if (length >= REPEAT_LAST) {
            const uint32_t symbol = length;
            if (symbol > REPEAT_ZERO_LONG || (symbol == REPEAT_LAST && have == 0))
                return UD_ERR_GZIP;
            length = symbol == REPEAT_LAST ? lengths[have - 1] : 0;
            repeats = symbol == REPEAT_ZERO_LONG ? 11 + ud_inflate_take(inflate, 7)
                                                 : 3 + ud_inflate_take(inflate, symbol - 14);
        }
        if (repeats > total - have)
            return UD_ERR_GZIP;
        memset(lengths + have, (int)length, repeats);
        have += repeats;
    }
    return UD_OK;
}

static int dynamic(struct ud_inflate *inflate)
{
    /* The order of RFC 1951, 3.2.7: lengths that are seldom used come last. */
    static const uint8_t order[CODE_LENGTH_COUNT] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    };
    const uint32_t literals = 257 + ud_inflate_take(inflate, 5);
    const uint32_t distances = 1 + ud_inflate_take(inflate, 5);
    const uint32_t count = 4 + ud_inflate_take(inflate, 4);

    memset(inflate->lengths, 0, CODE_LENGTH_COUNT);
    for (uint32_t i = 0; i < count; i++)
        inflate->lengths[order[i]] = (uint8_t)ud_inflate_take(inflate, 3);
    if (literals > MAX_LITERAL_COUNT || distances > DISTANCE_SYMBOLS ||
        ud_inflate_code_make(&inflate->distances, inflate->lengths, CODE_LENGTH_COUNT) != UD_OK ||
        read_lengths(inflate, literals + distances) != UD_OK)
        return UD_ERR_GZIP;
    return make_codes(inflate, literals, distances);
}

static int block(struct ud_inflate *inflate, uint32_t type)
{
    switch (type) {
    case BLOCK_STORED:
        return stored(inflate);
    case BLOCK_FIXED:
        return fixed(inflate);
    case BLOCK_DYNAMIC:
        return dynamic(inflate);
    default:
        return UD_ERR_GZIP;
    }
}

int ud_inflate_blocks(struct ud_inflate *inflate)
{
    uint32_t is_last;
    int error;

    do {
        is_last = ud_inflate_take(inflate, 1);
        error = block(inflate, ud_inflate_take(inflate, 2));
    } while (error == UD_OK && inflate->error == UD_OK && !is_last);
    return error == UD_OK ? ud_inflate_flush(inflate) : error;
}
