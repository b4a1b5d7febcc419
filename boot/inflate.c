#include "boot/inflate.h"

#include <stddef.h>
#include <string.h>

#define WINDOW_MASK (BOOT_INFLATE_WINDOW - 1)

/* Input is taken by halves of words. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bytes come in the order of LX106");

/* ---- Input ---- */

enum {
    FAST_SIZE = 1u << BOOT_INFLATE_FAST_BITS,
    ENTRY_SYMBOL_BITS = 12, /* of an entry: the symbol, below the code's length */
    ENTRY_SYMBOL = (1u << ENTRY_SYMBOL_BITS) - 1,
};

/* The entry of a code longer than the table is wide, searched from the last one of
 * those that begin alike. */
static uint32_t find_long(struct boot_inflate *inflate, const struct boot_inflate_long *code,
                          uint32_t bits)
{
    while ((bits ^ code->bits) & ((1u << (code->entry >> ENTRY_SYMBOL_BITS)) - 1))
        code--;
    if (code->entry == 0)
        boot_inflate_refuse(inflate);
    return code->entry;
}

/* The next symbol of the code or, without one, the next `count` bits, up to 16. One
 * function for both: they share most of it, and what it takes to call it. */
static uint32_t next(struct boot_inflate *inflate, uint32_t count,
                     const struct boot_inflate_code *code)
{
    uint32_t bits = inflate->bits;
    uint32_t have = inflate->count;

    if (have < 16) {
        const uint32_t position = inflate->position;
        bits |= (uint32_t)inflate->halves[position % BOOT_INFLATE_RING / 2] << have;
        inflate->position = position + 2;
        have += 16;
    }
    uint32_t value = bits & ((1u << count) - 1);
    if (code != NULL) {
        uint32_t entry = code->fast[bits % FAST_SIZE];
        if (entry >> ENTRY_SYMBOL_BITS == 0)
            entry = find_long(inflate, &code->longs[entry], bits);
        count = entry >> ENTRY_SYMBOL_BITS;
        value = entry & ENTRY_SYMBOL;
    }
    inflate->bits = bits >> count;
    inflate->count = have - count;
    return value;
}

/* Between two calls, less is used than stays in the ring: by a block's head, or by the
 * symbols of a sector of output. */
static void feed(struct boot_inflate *inflate)
{
    while (inflate->asked - inflate->position <= BOOT_INFLATE_RING - BOOT_INFLATE_INPUT) {
        const uint32_t asked = inflate->asked;
        boot_inflate_input(inflate, asked, inflate->input + asked % BOOT_INFLATE_RING / 4);
        inflate->asked = asked + BOOT_INFLATE_INPUT;
    }
}

/* What is seldom taken. */
static uint32_t take(struct boot_inflate *inflate, uint32_t count)
{
    feed(inflate);
    return next(inflate, count, NULL);
}

static uint32_t decode(struct boot_inflate *inflate, const struct boot_inflate_code *code)
{
    return next(inflate, 0, code);
}

/* On to the next whole byte. */
static void align(struct boot_inflate *inflate)
{
    (void)take(inflate, inflate->count % 8);
}

/* ---- Output ---- */

#define POLYNOMIAL 0xedb88320u /* CRC-32, bits from the bottom */

/* With each byte's own CRC for a table, the register is the CRC of all bytes so far and
 * needs no inverting. */
static void make_crc_table(uint32_t *table)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = ~byte;
        for (uint32_t bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        table[byte] = ~crc;
    }
}

/* A sector, or what there is of the last one. */
static void hand_out(struct boot_inflate *inflate)
{
    const uint32_t start = inflate->handed;
    uint32_t length = inflate->length - start;

    if (length > BOOT_INFLATE_SECTOR)
        length = BOOT_INFLATE_SECTOR;
    inflate->handed = start + length;
    boot_inflate_output(inflate, inflate->window + (start & WINDOW_MASK) / 4, length);
    feed(inflate);
}

static void put(struct boot_inflate *inflate, uint32_t byte)
{
    uint8_t *window = (uint8_t *)inflate->window;
    const uint32_t crc = inflate->crc;

    window[inflate->length++ & WINDOW_MASK] = (uint8_t)byte;
    inflate->crc = crc >> 8 ^ inflate->crc_table[(crc ^ byte) & 0xff];
}

/* ---- Codes ---- */

enum { MAX_BITS = 15 };

/* Makes a code from the lengths of its symbols' codes, 0 for none.
 *
 * Codes are numbers sent from the top, counted up from 0, first those of the shortest
 * codes; bits arrive from the bottom. So `code` is mirrored, and counting it up carries
 * downwards. Its lowest bit takes the carry of the last code there is room for: it is
 * set, and then all of `code` is 0. */
static void make_code(struct boot_inflate *inflate, struct boot_inflate_code *made,
                      const uint8_t *lengths, const uint8_t *end)
{
    uint32_t longs = 0;
    uint32_t code = 1;

    memset(made, 0, offsetof(struct boot_inflate_code, longs[1]));
    for (uint32_t length = 1, step = 2; length <= MAX_BITS; length++, step *= 2)
        for (const uint8_t *at = lengths; at < end; at++) {
            if (*at != length)
                continue;
            if (code == 0)
                boot_inflate_refuse(inflate);
            uint32_t entry = (uint32_t)(at - lengths) + (length << ENTRY_SYMBOL_BITS);
            if (length > BOOT_INFLATE_FAST_BITS) {
                longs++;
                made->longs[longs].bits = (uint16_t)(code >> 1);
                made->longs[longs].entry = (uint16_t)entry;
                entry = longs;
            }
            uint32_t bit = step;
            for (uint32_t i = code >> 1 & (FAST_SIZE - 1); i < FAST_SIZE; i += step)
                made->fast[i] = (uint16_t)entry;
            for (; code & bit; bit >>= 1)
                code ^= bit;
            code |= bit;
        }
}

/* ---- Blocks ---- */

enum {
    BLOCK_STORED = 0,
    BLOCK_FIXED = 1,
};

enum {
    SYMBOL_END = 256, /* from here on, they are no literals */
    SYMBOL_FIRST_LENGTH = 257,
    LENGTH_258 = 28, /* the longest match, without bits behind it */
    FIXED_LITERALS = 288,
    FIXED_DISTANCES = 32,
    CODE_LENGTHS = 19,
    REPEAT_LAST = 16, /* from here on, they are repetitions */
    REPEAT_ZERO_LONG = 18,
};

/* Lengths and distances come in groups that double in span: a symbol names the group
 * and a place in it, and as many bits as needed follow to tell the rest. `places` is the
 * logarithm of the places a group has: */
enum { LENGTH_PLACES = 2, DISTANCE_PLACES = 1 };

static inline uint32_t take_rest(struct boot_inflate *inflate, uint32_t symbol, uint32_t places)
{
    const uint32_t group = symbol >> places;

    if (group == 0)
        return symbol;
    const uint32_t extra_bits = group - 1;
    const uint32_t place = symbol % (1u << places);
    return (((1u << places) + place) << extra_bits) + next(inflate, extra_bits, NULL);
}

static void copy_match(struct boot_inflate *inflate, uint32_t length, uint32_t distance)
{
    if (distance > inflate->length)
        boot_inflate_refuse(inflate);
    for (; length > 0; length--) {
        const uint8_t *window = (const uint8_t *)inflate->window;
        put(inflate, window[(inflate->length - distance) & WINDOW_MASK]);
    }
}

/* A block's literals and matches, up to its end. */
static void symbols(struct boot_inflate *inflate)
{
    for (;;) {
        if (inflate->length - inflate->handed >= BOOT_INFLATE_SECTOR)
            hand_out(inflate);
        const uint32_t symbol = decode(inflate, &inflate->literals);
        if ((symbol & SYMBOL_END) == 0) {
            put(inflate, symbol);
            continue;
        }
        if (symbol == SYMBOL_END)
            return;
        uint32_t length = symbol - SYMBOL_FIRST_LENGTH;
        length = length == LENGTH_258 ? 258 : 3 + take_rest(inflate, length, LENGTH_PLACES);
        const uint32_t distance = decode(inflate, &inflate->distances);
        copy_match(inflate, length, 1 + take_rest(inflate, distance, DISTANCE_PLACES));
    }
}

static void stored(struct boot_inflate *inflate)
{
    align(inflate);
    uint32_t length = take(inflate, 16);
    (void)take(inflate, 16);
    for (; length > 0; length--) {
        put(inflate, take(inflate, 8));
        if (inflate->length - inflate->handed >= BOOT_INFLATE_SECTOR)
            hand_out(inflate);
    }
}

/* Each over the end of the one before. */
static void set_fixed_lengths(uint8_t *lengths)
{
    memset(lengths, 5, FIXED_LITERALS + FIXED_DISTANCES);
    memset(lengths, 8, FIXED_LITERALS);
    memset(lengths, 7, 280);
    memset(lengths, 9, 256);
    memset(lengths, 8, 144);
}

/* The code of the code lengths. */
static void read_length_code(struct boot_inflate *inflate)
{
    /* The order of RFC 1951, 3.2.7: lengths that are seldom used come last. */
    static const uint8_t order[CODE_LENGTHS] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    };
    uint8_t *const lengths = inflate->lengths;
    const uint32_t count = 4 + take(inflate, 4);

    memset(lengths, 0, CODE_LENGTHS);
    for (uint32_t i = 0; i < count; i++)
        lengths[order[i]] = (uint8_t)take(inflate, 3);
    make_code(inflate, &inflate->distances, lengths, lengths + CODE_LENGTHS);
}

/* Symbols up to 15 are a length; 16 repeats the last one, 17 and 18 zero. What the last
 * repetition has too much, there is room for. */
static void read_lengths(struct boot_inflate *inflate, uint8_t *at, const uint8_t *end)
{
    uint32_t length = 0;

    read_length_code(inflate);
    while (at < end) {
        const uint32_t symbol = decode(inflate, &inflate->distances);
        uint32_t repeats = 1;
        if ((symbol & REPEAT_LAST) == 0) {
            length = symbol;
        } else {
            if (symbol != REPEAT_LAST)
                length = 0;
            repeats =
                symbol == REPEAT_ZERO_LONG ? 11 + take(inflate, 7) : 3 + take(inflate, symbol - 14);
        }
        memset(at, (int)length, repeats);
        at += repeats;
    }
}

/* The lengths of both codes follow each other: 257 and `hlit` more for literals and
 * lengths, then 1 and `hdist` more for distances. The fixed codes have all of them. */
static void coded(struct boot_inflate *inflate, uint32_t type)
{
    uint8_t *const lengths = inflate->lengths;
    uint32_t hlit = 31;
    uint32_t hdist = 31;

    if (type != BLOCK_FIXED) {
        hlit = take(inflate, 5);
        hdist = take(inflate, 5);
    }
    const uint8_t *distances = lengths + 257 + hlit;
    const uint8_t *end = distances + 1 + hdist;
    if (type == BLOCK_FIXED)
        set_fixed_lengths(lengths);
    else
        read_lengths(inflate, lengths, end);
    make_code(inflate, &inflate->literals, lengths, distances);
    make_code(inflate, &inflate->distances, distances, end);
    symbols(inflate);
}

/* ---- The member ---- */

#define MAGIC_AND_METHOD 0x088b1fu /* deflate is the only method there is */
#define HEADER_SIZE      10u

/* In the header's first word. */
enum {
    FLAG_HEADER_CRC = 0x02 << 24,
    FLAG_EXTRA = 0x04 << 24,
    FLAG_NAME = 0x08 << 24,
    FLAG_COMMENT = 0x10 << 24,
};

/* A name or a comment: NUL-terminated. */
static inline void skip_text(struct boot_inflate *inflate)
{
    while (take(inflate, 8) != 0)
        continue;
}

static void header(struct boot_inflate *inflate)
{
    feed(inflate);
    const uint32_t start = inflate->input[0];
    if (start << 8 != MAGIC_AND_METHOD << 8)
        boot_inflate_refuse(inflate);
    inflate->position = HEADER_SIZE;
    if (start & FLAG_EXTRA)
        for (uint32_t bytes = take(inflate, 16); bytes > 0; bytes--)
            (void)take(inflate, 8);
    if (start & FLAG_NAME)
        skip_text(inflate);
    if (start & FLAG_COMMENT)
        skip_text(inflate);
    if (start & FLAG_HEADER_CRC)
        (void)take(inflate, 16);
}

static void blocks(struct boot_inflate *inflate)
{
    uint32_t head;

    do {
        head = take(inflate, 3);
        if (head >> 1 == BLOCK_STORED)
            stored(inflate);
        else
            coded(inflate, head >> 1);
    } while ((head & 1) == 0);
    if (inflate->length != inflate->handed)
        hand_out(inflate);
}

static void trailer(struct boot_inflate *inflate)
{
    align(inflate);
    for (uint32_t i = 0; i < 4; i++)
        if (take(inflate, 16) != inflate->trailer[i])
            boot_inflate_refuse(inflate);
}

void boot_inflate_run(struct boot_inflate *inflate, uint32_t size)
{
    inflate->bits = 0;
    inflate->count = 0;
    inflate->crc = 0;
    inflate->length = 0;
    inflate->handed = 0;
    inflate->position = 0;
    inflate->asked = 0;
    make_crc_table(inflate->crc_table);
    header(inflate);
    blocks(inflate);
    trailer(inflate);
    if (inflate->position - inflate->count / 8 != size)
        boot_inflate_refuse(inflate);
}
