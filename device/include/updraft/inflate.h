/* Decodes one gzip member (RFC 1952, 1951): small and quick enough for a
 * bootloader.
 *
 * No heap, no globals. The decoder asks for its input a buffer at a time and
 * hands its output out a flash sector at a time, from the window that is its
 * history, so decoded bytes are written once.
 *
 * What is checked is what zlib checks: complete prefix codes (a lone code of one
 * bit aside), distances within what was decoded, and the trailer's CRC-32 and
 * length. A header's own CRC is skipped. Bytes behind the member are an error:
 * firmware files hold one.
 *
 * Output is handed out before the trailer has been seen: who must not act on
 * bytes that fail it decodes twice, the first time without acting.
 */
#ifndef UPDRAFT_INFLATE_H
#define UPDRAFT_INFLATE_H

#include "updraft/error.h"

#include <stdint.h>

#define UD_INFLATE_WINDOW 32768u /* bytes: the history of any gzip file */
#define UD_INFLATE_PIECE  4096u  /* bytes of output handed out at a time */
#define UD_INFLATE_INPUT  512u   /* bytes of input asked for at a time */

#define UD_INFLATE_FAST_BITS   10u
#define UD_INFLATE_MAX_SYMBOLS 288u
#define UD_INFLATE_MAX_BITS    15u

struct ud_inflate_config {
    uint32_t size; /* bytes of the member */
    void *ctx;
    /* Reads input: offset is a multiple of UD_INFLATE_INPUT, length at most that
     * and less only at the end, data word-aligned. UD_OK, or an error that ends
     * the decoding. */
    int (*read)(void *ctx, uint32_t offset, void *data, uint32_t length);
    /* Takes the next decoded bytes: UD_INFLATE_PIECE of them, fewer only at the
     * end. They lie at a multiple of UD_INFLATE_PIECE in the window; beyond
     * `length` the rest of that piece may be written to. UD_OK, or an error that
     * ends the decoding. */
    int (*output)(void *ctx, uint8_t *data, uint32_t length);
};

/* A prefix code, to decode with. */
struct ud_inflate_code {
    uint16_t fast[1u << UD_INFLATE_FAST_BITS]; /* by the next bits: symbol << 4 | length,
                                                * 0 for longer codes */
    uint16_t count[UD_INFLATE_MAX_BITS + 1];   /* of codes, by length in bits */
    uint16_t symbols[UD_INFLATE_MAX_SYMBOLS];  /* by length, then value */
};

/* Bits that were read and not consumed, the next one lowest, and where more are. */
struct ud_inflate_bits {
    uint32_t bits;
    uint32_t count;
    const uint8_t *next;
};

/* The decoder's state: fields are private, the size is public so that callers
 * can own it. The small ones first: they are within reach of a short load. */
struct ud_inflate {
    const struct ud_inflate_config *config;
    struct ud_inflate_bits bits;
    uint32_t offset;  /* of the input behind the buffer */
    uint32_t flushed; /* bytes of output handed out */
    uint8_t *piece;   /* where those not handed out begin */
    uint8_t *out;     /* and end */
    uint32_t crc;     /* register of what was handed out */
    int error;        /* of reading, until somebody looks */
    uint8_t lengths[UD_INFLATE_MAX_SYMBOLS + 32];
    uint32_t input[UD_INFLATE_INPUT / sizeof(uint32_t)];
    uint32_t crc_table[256];
    struct ud_inflate_code literals;
    struct ud_inflate_code distances; /* before that, the code of the code lengths */
    uint32_t window[UD_INFLATE_WINDOW / sizeof(uint32_t)];
};

/* Decodes a whole member. inflate needs no preparation and holds nothing of use
 * afterwards. UD_OK, UD_ERR_GZIP for what is no gzip, damaged, cut short or has
 * bytes behind its end, UD_ERR_GZIP_CRC when the decoded bytes are not what the
 * trailer says, or what read or output returned. */
UD_MUST_CHECK int ud_inflate_run(struct ud_inflate *inflate,
                                 const struct ud_inflate_config *config);

#endif
