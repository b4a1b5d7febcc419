/* What the parts of the gzip decoder share. */
#ifndef UPDRAFT_INFLATE_INTERNAL_H
#define UPDRAFT_INFLATE_INTERNAL_H

#include "updraft/inflate.h"

/* Inlined whatever the compiler thinks of it: with these in the loop over
 * symbols, bits stay in registers and a byte takes two thirds of the time. */
#define UD_HOT static inline __attribute__((always_inline))

#define UD_INFLATE_ENTRY_BITS 4u      /* of an entry: the code's length, below the symbol */
#define UD_INFLATE_NO_SYMBOL  0xfff0u /* entry for bits that are no code */

/* The next of the input, from its buffer's start. Errors stay in inflate->error. */
const uint8_t *ud_inflate_next_input(struct ud_inflate *inflate);

/* At least 24 bits, more than any code with the bits that follow it. */
UD_HOT void ud_inflate_fill(struct ud_inflate *inflate, struct ud_inflate_bits *bits)
{
    const uint8_t *end = (const uint8_t *)inflate->input + UD_INFLATE_INPUT;

    while (bits->count < 24) {
        if (bits->next == end)
            bits->next = ud_inflate_next_input(inflate);
        bits->bits |= (uint32_t)*bits->next++ << bits->count;
        bits->count += 8;
    }
}

UD_HOT uint32_t ud_inflate_consume(struct ud_inflate_bits *bits, uint32_t count)
{
    const uint32_t value = bits->bits & ((1u << count) - 1);

    bits->bits >>= count;
    bits->count -= count;
    return value;
}

/* Up to 16 bits. */
uint32_t ud_inflate_take(struct ud_inflate *inflate, uint32_t count);

/* Hands out what was decoded since the last time. */
int ud_inflate_flush(struct ud_inflate *inflate);

/* Makes a code from the lengths of its symbols' codes, 0 for none. UD_ERR_GZIP if
 * they are too many, or too few for every bit to mean something (one code of one
 * bit, or none, excepted). */
int ud_inflate_code_make(struct ud_inflate_code *code, const uint8_t *lengths, uint32_t count);

/* The entry for these bits, however long their code. */
uint32_t ud_inflate_code_find(const struct ud_inflate_code *code, uint32_t bits);

UD_HOT uint32_t ud_inflate_decode(struct ud_inflate_bits *bits, const struct ud_inflate_code *code)
{
    uint32_t entry = code->fast[bits->bits & ((1u << UD_INFLATE_FAST_BITS) - 1)];

    if (entry == 0)
        entry = ud_inflate_code_find(code, bits->bits);
    (void)ud_inflate_consume(bits, entry & ((1u << UD_INFLATE_ENTRY_BITS) - 1));
    return entry >> UD_INFLATE_ENTRY_BITS;
}

/* All blocks of a member. */
int ud_inflate_blocks(struct ud_inflate *inflate);

#endif
