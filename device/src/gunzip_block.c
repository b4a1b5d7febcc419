#include "gunzip_internal.h"

#include <string.h>

/* Names as in RFC 1951. */
enum { BLOCK_STORED = 0, BLOCK_FIXED = 1, BLOCK_DYNAMIC = 2 };

enum {
    SYMBOL_END = 256, /* from here on, they are no literals */
    SYMBOL_FIRST_LENGTH = 257,
    LENGTH_258 = 28, /* the longest match, without bits behind it */
    DISTANCES = 30,
    FIXED_LITERALS = 288,
    CODE_LENGTHS = 19,
    REPEAT_LAST = 16, /* from here on, they are repetitions */
    REPEAT_ZERO_LONG = 18,
};

/* Lengths and distances come in groups that double in span: a symbol names the group and
 * a place in it, and as many bits as needed follow to tell the rest. `places` is the
 * logarithm of the places a group has: */
enum { LENGTH_PLACES = 2, DISTANCE_PLACES = 1 };

/* ---- the beginning ---- */

static int fixed_codes(struct ud_gunzip *gunzip)
{
    uint8_t *lengths = gunzip->lengths;

    memset(lengths, 8, FIXED_LITERALS);
    memset(lengths + 144, 9, 256 - 144);
    memset(lengths + 256, 7, 280 - 256);
    memset(lengths + FIXED_LITERALS, 5, UD_GUNZIP_MAX_CODES);
    gunzip->literal_count = FIXED_LITERALS;
    gunzip->code_count = FIXED_LITERALS + UD_GUNZIP_MAX_CODES;
    gunzip->index = gunzip->code_count;
    gunzip->state = GUNZIP_LENGTHS; /* all of which are there */
    return UD_OK;
}

int ud_gunzip_block(struct ud_gunzip *gunzip)
{
    uint32_t head;

    if (!ud_gunzip_take(gunzip, 3, &head))
        return GUNZIP_MORE;
    gunzip->is_last = (head & 1) != 0;
    switch (head >> 1) {
    case BLOCK_STORED:
        gunzip->state = GUNZIP_STORED_LENGTH;
        return UD_OK;
    case BLOCK_FIXED:
        return fixed_codes(gunzip);
    case BLOCK_DYNAMIC:
        gunzip->state = GUNZIP_COUNTS;
        return UD_OK;
    default:
        return UD_ERR_GZIP;
    }
}

static int end_block(struct ud_gunzip *gunzip)
{
    gunzip->state = gunzip->is_last ? GUNZIP_TRAILER : GUNZIP_BLOCK;
    gunzip->index = 0;
    return gunzip->is_last ? ud_gunzip_flush(gunzip) : UD_OK;
}

/* ---- stored bytes ---- */

/* The length, then its complement, by which nothing is judged. */
int ud_gunzip_stored_length(struct ud_gunzip *gunzip)
{
    uint32_t half;

    ud_gunzip_align(gunzip);
    if (!ud_gunzip_take(gunzip, 16, &half))
        return GUNZIP_MORE;
    if (gunzip->index++ == 0) {
        gunzip->left = half;
        return UD_OK;
    }
    gunzip->state = GUNZIP_STORED;
    return UD_OK;
}

int ud_gunzip_stored(struct ud_gunzip *gunzip)
{
    uint32_t byte;

    if (gunzip->left == 0)
        return end_block(gunzip);
    if (!ud_gunzip_take(gunzip, 8, &byte))
        return GUNZIP_MORE;
    gunzip->left--;
    return ud_gunzip_put(gunzip, byte);
}

/* ---- the codes of a block ---- */

int ud_gunzip_counts(struct ud_gunzip *gunzip)
{
    uint32_t counts;

    if (!ud_gunzip_take(gunzip, 14, &counts))
        return GUNZIP_MORE;
    gunzip->literal_count = SYMBOL_FIRST_LENGTH + counts % 32;
    gunzip->code_count = gunzip->literal_count + 1 + counts / 32 % 32;
    gunzip->left = 4 + counts / 1024;
    gunzip->index = 0;
    memset(gunzip->lengths, 0, CODE_LENGTHS);
    gunzip->state = GUNZIP_LENGTH_CODE;
    return gunzip->literal_count <= UD_GUNZIP_MAX_SYMBOLS ? UD_OK : UD_ERR_GZIP;
}

/* One of the lengths of the code that the code lengths come in. */
int ud_gunzip_length_code(struct ud_gunzip *gunzip)
{
    /* RFC 1951, 3.2.7: lengths that are seldom used come last. */
    static const uint8_t order[CODE_LENGTHS] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    };
    uint32_t length;

    if (gunzip->index == gunzip->left) {
        gunzip->index = 0;
        gunzip->state = GUNZIP_LENGTHS;
        return ud_gunzip_make_code(&gunzip->distances, gunzip->lengths, CODE_LENGTHS);
    }
    if (!ud_gunzip_take(gunzip, 3, &length))
        return GUNZIP_MORE;
    gunzip->lengths[order[gunzip->index++]] = (uint8_t)length;
    return UD_OK;
}

static int make_codes(struct ud_gunzip *gunzip)
{
    const uint8_t *distances = gunzip->lengths + gunzip->literal_count;
    const int error =
        ud_gunzip_make_code(&gunzip->literals, gunzip->lengths, gunzip->literal_count);

    gunzip->state = GUNZIP_SYMBOL;
    return error != UD_OK ? error
                          : ud_gunzip_make_code(&gunzip->distances, distances,
                                                gunzip->code_count - gunzip->literal_count);
}

/* Symbols up to 15 are a length; 16 repeats the last one, 17 and 18 zero. */
int ud_gunzip_lengths(struct ud_gunzip *gunzip)
{
    uint32_t symbol;

    if (gunzip->index == gunzip->code_count)
        return make_codes(gunzip);
    const int result = ud_gunzip_decode(gunzip, &gunzip->distances, &symbol);
    if (result != UD_OK)
        return result;
    if (symbol < REPEAT_LAST) {
        gunzip->lengths[gunzip->index++] = (uint8_t)symbol;
        return UD_OK;
    }
    gunzip->left = symbol;
    gunzip->state = GUNZIP_REPEAT;
    return symbol == REPEAT_LAST && gunzip->index == 0 ? UD_ERR_GZIP : UD_OK;
}

/* `left` is the symbol that repeats. */
int ud_gunzip_repeat(struct ud_gunzip *gunzip)
{
    const bool is_long = gunzip->left == REPEAT_ZERO_LONG;
    const uint8_t length = gunzip->left == REPEAT_LAST ? gunzip->lengths[gunzip->index - 1] : 0;
    uint32_t repeats;

    if (!ud_gunzip_take(gunzip, is_long ? 7 : gunzip->left - 14, &repeats))
        return GUNZIP_MORE;
    repeats += is_long ? 11 : 3;
    if (repeats > gunzip->code_count - gunzip->index)
        return UD_ERR_GZIP;
    memset(gunzip->lengths + gunzip->index, length, repeats);
    gunzip->index += repeats;
    gunzip->state = GUNZIP_LENGTHS;
    return UD_OK;
}

/* ---- literals and matches ---- */

int ud_gunzip_symbol(struct ud_gunzip *gunzip)
{
    uint32_t symbol;
    const int result = ud_gunzip_decode(gunzip, &gunzip->literals, &symbol);

    if (result != UD_OK)
        return result;
    if (symbol < SYMBOL_END)
        return ud_gunzip_put(gunzip, symbol);
    if (symbol == SYMBOL_END)
        return end_block(gunzip);
    gunzip->index = symbol - SYMBOL_FIRST_LENGTH;
    gunzip->state = GUNZIP_LENGTH_BITS;
    return gunzip->index <= LENGTH_258 ? UD_OK : UD_ERR_GZIP;
}

/* What `index` and the bits behind it stand for. False when they have not come. */
static bool take_rest(struct ud_gunzip *gunzip, uint32_t places, uint32_t *value)
{
    const uint32_t group = gunzip->index >> places;
    const uint32_t place = gunzip->index % (1u << places);
    uint32_t rest;

    *value = gunzip->index;
    if (group == 0)
        return true;
    if (!ud_gunzip_take(gunzip, group - 1, &rest))
        return false;
    *value = (((1u << places) + place) << (group - 1)) + rest;
    return true;
}

int ud_gunzip_length_bits(struct ud_gunzip *gunzip)
{
    uint32_t length = 258 - 3;

    if (gunzip->index != LENGTH_258 && !take_rest(gunzip, LENGTH_PLACES, &length))
        return GUNZIP_MORE;
    gunzip->left = 3 + length;
    gunzip->state = GUNZIP_DISTANCE;
    return UD_OK;
}

int ud_gunzip_distance(struct ud_gunzip *gunzip)
{
    const int result = ud_gunzip_decode(gunzip, &gunzip->distances, &gunzip->index);

    if (result != UD_OK)
        return result;
    gunzip->state = GUNZIP_DISTANCE_BITS;
    return gunzip->index < DISTANCES ? UD_OK : UD_ERR_GZIP;
}

static int copy_match(struct ud_gunzip *gunzip, uint32_t distance)
{
    int result = UD_OK;

    for (; gunzip->left > 0 && result == UD_OK; gunzip->left--)
        result = ud_gunzip_put(gunzip,
                               gunzip->window[(gunzip->length - distance) & gunzip->window_mask]);
    return result;
}

int ud_gunzip_distance_bits(struct ud_gunzip *gunzip)
{
    uint32_t distance;

    if (!take_rest(gunzip, DISTANCE_PLACES, &distance))
        return GUNZIP_MORE;
    distance++;
    if (distance > gunzip->length)
        return UD_ERR_GZIP;
    if (distance > gunzip->window_mask + 1) {
        gunzip->is_blind = true;
        gunzip->state = GUNZIP_DONE;
        return UD_OK;
    }
    gunzip->state = GUNZIP_SYMBOL;
    return copy_match(gunzip, distance);
}
