#include "inflate_internal.h"

#include <string.h>

enum {
    BLOCK_STORED = 0,
    BLOCK_FIXED = 1,
    BLOCK_DYNAMIC = 2,
};

enum {
    SYMBOL_END = 256,
    SYMBOL_FIRST_LENGTH = 257,
    SYMBOL_LAST_LENGTH = 285,
    MAX_LITERAL_COUNT = 286,
    MAX_DISTANCE_COUNT = 30,
    FIXED_LITERAL_COUNT = 288,
    FIXED_DISTANCE_COUNT = 32,
    CODE_LENGTH_COUNT = 19,
};

/* ---- Output ---- */

static int put(struct ud_inflate *inflate, uint8_t byte)
{
    inflate->config.window[inflate->position & (inflate->config.window_size - 1)] = byte;
    inflate->position++;
    if ((inflate->position & (inflate->config.piece_size - 1)) != 0)
        return UD_OK;
    return ud_inflate_flush(inflate);
}

static int copy_match(struct ud_inflate *inflate, uint32_t distance)
{
    const uint8_t *window = inflate->config.window;
    const uint32_t mask = inflate->config.window_size - 1;

    if (distance > inflate->position || distance > inflate->config.window_size)
        return UD_ERR_GZIP;
    for (; inflate->match_length > 0; inflate->match_length--) {
        const int error = put(inflate, window[(inflate->position - distance) & mask]);
        if (error != UD_OK)
            return error;
    }
    return UD_OK;
}

/* ---- Blocks ---- */

static int end_block(struct ud_inflate *inflate)
{
    if (!inflate->is_last) {
        inflate->state = UD_INFLATE_BLOCK;
        return UD_OK;
    }
    ud_inflate_align(inflate);
    inflate->have = 0;
    inflate->state = UD_INFLATE_TRAILER;
    return ud_inflate_flush(inflate);
}

static int make_codes(struct ud_inflate *inflate)
{
    const uint8_t *lengths = inflate->lengths;

    if (lengths[SYMBOL_END] == 0)
        return UD_ERR_GZIP;
    inflate->state = UD_INFLATE_SYMBOLS;
    const int error =
        ud_inflate_code_make(&inflate->literals, lengths, inflate->literal_count, true);
    if (error != UD_OK)
        return error;
    return ud_inflate_code_make(&inflate->distances, lengths + inflate->literal_count,
                                inflate->distance_count, true);
}

static int begin_fixed(struct ud_inflate *inflate)
{
    uint8_t *lengths = inflate->lengths;

    memset(lengths, 8, FIXED_LITERAL_COUNT);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + FIXED_LITERAL_COUNT, 5, FIXED_DISTANCE_COUNT);
    inflate->literal_count = FIXED_LITERAL_COUNT;
    inflate->distance_count = FIXED_DISTANCE_COUNT;
    return make_codes(inflate);
}

int ud_inflate_block(struct ud_inflate *inflate)
{
    inflate->is_last = ud_inflate_take(inflate, 1) == 1;
    const uint32_t type = ud_inflate_take(inflate, 2);

    inflate->have = 0;
    if (type == BLOCK_FIXED)
        return begin_fixed(inflate);
    if (type == BLOCK_DYNAMIC) {
        inflate->state = UD_INFLATE_COUNTS;
        return UD_OK;
    }
    ud_inflate_align(inflate);
    inflate->state = UD_INFLATE_STORED_LENGTH;
    return type == BLOCK_STORED ? UD_OK : UD_ERR_GZIP;
}

/* ---- A stored block: length, its complement, bytes ---- */

int ud_inflate_stored_length(struct ud_inflate *inflate)
{
    inflate->left = ud_inflate_take(inflate, 16);
    inflate->state = UD_INFLATE_STORED_COMPLEMENT;
    return UD_OK;
}

int ud_inflate_stored_complement(struct ud_inflate *inflate)
{
    if (ud_inflate_take(inflate, 16) != (inflate->left ^ 0xffff))
        return UD_ERR_GZIP;
    inflate->state = UD_INFLATE_STORED;
    return inflate->left > 0 ? UD_OK : end_block(inflate);
}

int ud_inflate_stored(struct ud_inflate *inflate)
{
    const int error = put(inflate, (uint8_t)ud_inflate_take(inflate, 8));

    inflate->left--;
    return error == UD_OK && inflate->left == 0 ? end_block(inflate) : error;
}

/* ---- A dynamic block's codes ---- */

int ud_inflate_counts(struct ud_inflate *inflate)
{
    inflate->literal_count = ud_inflate_take(inflate, 5) + 257;
    inflate->distance_count = ud_inflate_take(inflate, 5) + 1;
    inflate->left = ud_inflate_take(inflate, 4) + 4;
    memset(inflate->lengths, 0, CODE_LENGTH_COUNT);
    inflate->state = UD_INFLATE_CODE_LENGTHS;
    return inflate->literal_count <= MAX_LITERAL_COUNT &&
                   inflate->distance_count <= MAX_DISTANCE_COUNT
               ? UD_OK
               : UD_ERR_GZIP;
}

int ud_inflate_code_lengths(struct ud_inflate *inflate)
{
    /* The order of RFC 1951, 3.2.7: lengths that are seldom used come last. */
    static const uint8_t order[CODE_LENGTH_COUNT] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    };

    inflate->lengths[order[inflate->have++]] = (uint8_t)ud_inflate_take(inflate, 3);
    if (inflate->have < inflate->left)
        return UD_OK;
    inflate->have = 0;
    inflate->state = UD_INFLATE_LENGTHS;
    return ud_inflate_code_make(&inflate->distances, inflate->lengths, CODE_LENGTH_COUNT, false);
}

/* Symbols up to 15 are a length; 16 repeats the last one, 17 and 18 zero. */
static int add_lengths(struct ud_inflate *inflate, uint32_t symbol, uint32_t total)
{
    static const struct {
        uint8_t extra_bits;
        uint8_t base;
    } repetitions[] = {{2, 3}, {3, 3}, {7, 11}};
    uint8_t length = 0;
    uint32_t repeats = 1;

    if (symbol < 16) {
        length = (uint8_t)symbol;
    } else {
        repeats = repetitions[symbol - 16].base +
                  ud_inflate_take(inflate, repetitions[symbol - 16].extra_bits);
    }
    if (symbol == 16) {
        if (inflate->have == 0)
            return UD_ERR_GZIP;
        length = inflate->lengths[inflate->have - 1];
    }
    if (repeats > total - inflate->have)
        return UD_ERR_GZIP;
    memset(inflate->lengths + inflate->have, length, repeats);
    inflate->have += repeats;
    return UD_OK;
}

int ud_inflate_lengths(struct ud_inflate *inflate)
{
    const uint32_t total = inflate->literal_count + inflate->distance_count;
    const int symbol = ud_inflate_code_read(&inflate->distances, inflate);

    if (symbol < 0)
        return symbol;
    const int error = add_lengths(inflate, (uint32_t)symbol, total);
    if (error != UD_OK || inflate->have < total)
        return error;
    return make_codes(inflate);
}

/* ---- Symbols: literals, the end, or the length of a match ----
 *
 * Lengths and distances come in groups that double in span: a symbol names the
 * group and a place in it, and as many bits as needed follow to tell the rest. */

static int begin_match(struct ud_inflate *inflate, uint32_t symbol)
{
    const uint32_t n = symbol - SYMBOL_FIRST_LENGTH;

    if (symbol > SYMBOL_LAST_LENGTH)
        return UD_ERR_GZIP;
    inflate->state = UD_INFLATE_DISTANCE;
    if (symbol == SYMBOL_LAST_LENGTH) {
        inflate->match_length = 258;
    } else if (n < 8) {
        inflate->match_length = 3 + n;
    } else {
        const uint32_t extra_bits = n / 4 - 1;
        inflate->match_length =
            3 + ((4 + n % 4) << extra_bits) + ud_inflate_take(inflate, extra_bits);
    }
    return UD_OK;
}

/* As many literals as there are bits for, without a way round the dispatcher. */
int ud_inflate_symbols(struct ud_inflate *inflate)
{
    int error = UD_OK;

    do {
        const int symbol = ud_inflate_code_read(&inflate->literals, inflate);

        if (symbol < 0)
            return symbol;
        if (symbol == SYMBOL_END)
            return end_block(inflate);
        if (symbol > SYMBOL_END)
            return begin_match(inflate, (uint32_t)symbol);
        error = put(inflate, (uint8_t)symbol);
    } while (error == UD_OK && ud_inflate_need(inflate, UD_INFLATE_SYMBOL_BITS));
    return error;
}

int ud_inflate_distance(struct ud_inflate *inflate)
{
    const int symbol = ud_inflate_code_read(&inflate->distances, inflate);

    if (symbol < 0)
        return symbol;
    inflate->distance_symbol = (uint32_t)symbol;
    inflate->state = UD_INFLATE_MATCH;
    return symbol < MAX_DISTANCE_COUNT ? UD_OK : UD_ERR_GZIP;
}

int ud_inflate_match(struct ud_inflate *inflate)
{
    const uint32_t n = inflate->distance_symbol;
    uint32_t distance = 1 + n;

    if (n >= 4) {
        const uint32_t extra_bits = n / 2 - 1;
        distance = 1 + ((2 + n % 2) << extra_bits) + ud_inflate_take(inflate, extra_bits);
    }
    inflate->state = UD_INFLATE_SYMBOLS;
    return copy_match(inflate, distance);
}
