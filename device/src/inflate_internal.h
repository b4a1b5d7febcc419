/* What the decoder's files share: inflate.c has the gzip frame and calls the
 * states in turn, inflate_block.c the states of deflate's blocks, inflate_code.c
 * prefix codes, inflate_bits.c the bits that all of them read. */
#ifndef UPDRAFT_INFLATE_INTERNAL_H
#define UPDRAFT_INFLATE_INTERNAL_H

#include "updraft/inflate.h"

enum ud_inflate_state {
    UD_INFLATE_HEADER,
    UD_INFLATE_EXTRA_LENGTH,
    UD_INFLATE_EXTRA,
    UD_INFLATE_NAME,
    UD_INFLATE_COMMENT,
    UD_INFLATE_HEADER_CRC,
    UD_INFLATE_BLOCK,
    UD_INFLATE_STORED_LENGTH,
    UD_INFLATE_STORED_COMPLEMENT,
    UD_INFLATE_STORED,
    UD_INFLATE_COUNTS,
    UD_INFLATE_CODE_LENGTHS,
    UD_INFLATE_LENGTHS,
    UD_INFLATE_SYMBOLS,
    UD_INFLATE_DISTANCE,
    UD_INFLATE_MATCH,
    UD_INFLATE_TRAILER,
    UD_INFLATE_DONE,
};

/* Bits of a literal, or of a length with the up to five bits that follow it. */
#define UD_INFLATE_SYMBOL_BITS (UD_INFLATE_MAX_BITS + 5u)

/* Steps of the deflate states. Each is called when the bits that its row in
 * inflate.c asks for are there; in a whole member they are, because eight bytes
 * of trailer follow. It returns UD_OK to go on in the state it left, or an error. */
int ud_inflate_block(struct ud_inflate *inflate);
int ud_inflate_stored_length(struct ud_inflate *inflate);
int ud_inflate_stored_complement(struct ud_inflate *inflate);
int ud_inflate_stored(struct ud_inflate *inflate);
int ud_inflate_counts(struct ud_inflate *inflate);
int ud_inflate_code_lengths(struct ud_inflate *inflate);
int ud_inflate_lengths(struct ud_inflate *inflate);
int ud_inflate_symbols(struct ud_inflate *inflate);
int ud_inflate_distance(struct ud_inflate *inflate);
int ud_inflate_match(struct ud_inflate *inflate);

/* Makes the code in which symbol n has lengths[n] bits, 0 for none. UD_ERR_GZIP
 * when the lengths leave codes over or use some twice; with may_be_sparse, no
 * code at all or one of one bit pass. */
int ud_inflate_code_make(struct ud_inflate_code *code, const uint8_t *lengths, uint32_t count,
                         bool may_be_sparse);

/* Decodes the next symbol; UD_INFLATE_MAX_BITS bits are there. UD_ERR_GZIP for
 * bits that are no code. */
int ud_inflate_code_read(const struct ud_inflate_code *code, struct ud_inflate *inflate);

/* Hands out what was decoded and not handed out yet, at most a piece. */
int ud_inflate_flush(struct ud_inflate *inflate);

/* ---- Bits, least significant first: inflate_bits.c ---- */

/* Are `count` bits there, at most 25? Reads no more input than that takes. */
bool ud_inflate_need(struct ud_inflate *inflate, uint32_t count);

/* Consumes bits that are there. */
uint32_t ud_inflate_take(struct ud_inflate *inflate, uint32_t count);

/* Drops the rest of a byte of which bits were taken. */
void ud_inflate_align(struct ud_inflate *inflate);

#endif
