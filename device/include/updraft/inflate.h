/* Decodes one gzip member (RFC 1952, 1951) as its bytes arrive.
 *
 * Made for a bootloader: no heap, no globals, one window for history and output
 * alike, so decoded bytes are written once. The caller is given them from the
 * window in pieces of a size it chose, a flash sector say.
 *
 * What is checked is what zlib checks: every field of the header, its CRC where
 * there is one, complete prefix codes (a lone code of one bit aside), distances
 * within what was decoded, and the trailer's CRC-32 and length. Bytes behind
 * the member are an error: firmware files hold one.
 *
 *   ud_inflate_begin(&inflate, &config);
 *   do
 *       status = ud_inflate_write(&inflate, input, length); // next input
 *   while (status == UD_INFLATE_MORE);
 *
 * Pieces are handed out before the trailer has been seen: who must not act on
 * bytes that fail it decodes twice, the first time with a null output.
 */
#ifndef UPDRAFT_INFLATE_H
#define UPDRAFT_INFLATE_H

#include "updraft/error.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_INFLATE_WINDOW     32768u /* bytes: holds the history of any gzip file */
#define UD_INFLATE_MIN_WINDOW 256u

/* Status, beside UD_OK and the errors: the member goes on. */
#define UD_INFLATE_MORE 1

#define UD_INFLATE_FAST_BITS   9u
#define UD_INFLATE_MAX_SYMBOLS 288u
#define UD_INFLATE_MAX_BITS    15u

struct ud_inflate_config {
    uint8_t *window;      /* alive as long as the decoder; touched by nobody else */
    uint32_t window_size; /* bytes, a power of two from 256 to 32768; files whose
                           * distances reach further back are refused */
    uint32_t piece_size;  /* bytes, a power of two up to window_size */
    void *ctx;
    /* Takes the next decoded bytes: piece_size of them, fewer only at the end.
     * They lie in the window, at a multiple of piece_size, and are good until it
     * returns. UD_OK, or an error that ends the decoding. Null: bytes are only
     * checked. */
    int (*output)(void *ctx, const uint8_t *data, uint32_t length);
};

/* A prefix code, to decode with. */
struct ud_inflate_code {
    uint16_t fast[1u << UD_INFLATE_FAST_BITS]; /* by the next bits: symbol << 4 | length,
                                                * 0 for longer codes */
    uint16_t count[UD_INFLATE_MAX_BITS + 1];   /* of codes, by length in bits */
    uint16_t symbols[UD_INFLATE_MAX_SYMBOLS];  /* by length, then value */
};

/* The decoder's state: fields are private, the size is public so that callers
 * can own it. */
struct ud_inflate {
    struct ud_inflate_config config;
    int error;
    uint8_t state;
    uint8_t header_flags; /* of header fields still to come */
    bool is_last;         /* the current block is */
    const uint8_t *input; /* during a write: what is left of it */
    uint32_t input_left;
    uint32_t bits; /* read from the input, not consumed; the next one is bit 0 */
    uint32_t bit_count;
    uint32_t position;      /* bytes decoded */
    uint32_t flushed;       /* bytes handed out; a multiple of piece_size until the end */
    uint32_t crc;           /* of the header, then of the bytes handed out */
    uint32_t left;          /* bytes of a header field or a stored block */
    uint32_t have;          /* bytes or code lengths collected in lengths */
    uint32_t literal_count; /* code lengths to come, of each kind */
    uint32_t distance_count;
    uint32_t match_length;
    uint32_t distance_symbol;
    uint8_t lengths[320]; /* header fields; code lengths, of literals then distances */
    struct ud_inflate_code literals;
    struct ud_inflate_code distances; /* before that, the code of the code lengths */
};

/* Starts a member; config is copied. UD_ERR_ARGUMENT for a missing window or a
 * size that is not as described. */
UD_MUST_CHECK int ud_inflate_begin(struct ud_inflate *inflate,
                                   const struct ud_inflate_config *config);

/* Decodes the next bytes, in pieces of any size; all are taken. Errors stick:
 * UD_INFLATE_MORE  so far well; the member is not at its end
 * UD_OK            the member is whole and right
 * UD_ERR_GZIP      no gzip, damaged, or bytes behind the end
 * UD_ERR_GZIP_CRC  the decoded bytes are not what the trailer says
 * or what output returned */
UD_MUST_CHECK int ud_inflate_write(struct ud_inflate *inflate, const void *data, uint32_t length);

/* The input has ended: UD_OK if the member is whole and right, UD_ERR_GZIP if it
 * was cut short, or the error that stuck. */
UD_MUST_CHECK int ud_inflate_end(struct ud_inflate *inflate);

#endif
