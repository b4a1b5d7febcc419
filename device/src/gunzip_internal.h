/* Inside the gzip decoder; for device/src/gunzip*.c only.
 *
 * A function for each state does one step: UD_OK, and then there is another one to be
 * done; GUNZIP_MORE when that takes bits which have not come yet, with nothing changed;
 * or an error. No step takes more than 24 bits.
 */
#ifndef GUNZIP_INTERNAL_H
#define GUNZIP_INTERNAL_H

#include "updraft/gunzip.h"

#define GUNZIP_MORE 1

enum gunzip_state {
    GUNZIP_MAGIC,
    GUNZIP_FLAGS,
    GUNZIP_FIXED_PART,
    GUNZIP_EXTRA_LENGTH,
    GUNZIP_EXTRA,
    GUNZIP_NAME,
    GUNZIP_COMMENT,
    GUNZIP_HEADER_CRC,
    GUNZIP_BLOCK,
    GUNZIP_STORED_LENGTH,
    GUNZIP_STORED,
    GUNZIP_COUNTS,
    GUNZIP_LENGTH_CODE,
    GUNZIP_LENGTHS,
    GUNZIP_REPEAT,
    GUNZIP_SYMBOL,
    GUNZIP_LENGTH_BITS,
    GUNZIP_DISTANCE,
    GUNZIP_DISTANCE_BITS,
    GUNZIP_TRAILER,
    GUNZIP_DONE, /* nothing is left to be done */
};

/* ---- gunzip_bits.c: input and output ---- */

/* The next `count` bits, up to 24. False when they have not all come. */
bool ud_gunzip_take(struct ud_gunzip *gunzip, uint32_t count, uint32_t *value);

/* On to the next whole byte. */
void ud_gunzip_align(struct ud_gunzip *gunzip);

/* Makes a code from the lengths of its `count` symbols' codes, 0 for none. UD_ERR_GZIP
 * when there are more codes than there is room for. */
int ud_gunzip_make_code(struct ud_gunzip_code *code, const uint8_t *lengths, uint32_t count);

/* The next symbol. UD_OK, GUNZIP_MORE, or UD_ERR_GZIP for bits that are no code. */
int ud_gunzip_decode(struct ud_gunzip *gunzip, const struct ud_gunzip_code *code, uint32_t *symbol);

/* Puts out a byte. UD_OK, or what output returned. */
int ud_gunzip_put(struct ud_gunzip *gunzip, uint32_t byte);

/* Hands out what is left of the output. */
int ud_gunzip_flush(struct ud_gunzip *gunzip);

/* ---- gunzip_block.c: the states of blocks ---- */

int ud_gunzip_block(struct ud_gunzip *gunzip);
int ud_gunzip_stored_length(struct ud_gunzip *gunzip);
int ud_gunzip_stored(struct ud_gunzip *gunzip);
int ud_gunzip_counts(struct ud_gunzip *gunzip);
int ud_gunzip_length_code(struct ud_gunzip *gunzip);
int ud_gunzip_lengths(struct ud_gunzip *gunzip);
int ud_gunzip_repeat(struct ud_gunzip *gunzip);
int ud_gunzip_symbol(struct ud_gunzip *gunzip);
int ud_gunzip_length_bits(struct ud_gunzip *gunzip);
int ud_gunzip_distance(struct ud_gunzip *gunzip);
int ud_gunzip_distance_bits(struct ud_gunzip *gunzip);

#endif
