/* A gzip decoder that is fed (RFC 1952, 1951): looks into a compressed update while
 * it arrives, so that a damaged or wrong one is refused before anything is ordered.
 *
 * The bootloader has a decoder of its own, which pulls from flash; this one is small
 * in memory rather than quick: beside the window it holds about 1 KB. It takes what
 * zlib takes. How a stream is written down beyond what decoding needs is not judged:
 * its CRC-32 and length vouch for the output.
 *
 * Memory for a window may be hard to find. One of UD_GUNZIP_WINDOW bytes sees every
 * file to its end. A smaller one sees as far as the file never refers back further than
 * that, which is at least its own size; from there on the decoder is blind: it takes
 * everything and judges nothing, and what follows is left to the bootloader.
 */
#ifndef UPDRAFT_GUNZIP_H
#define UPDRAFT_GUNZIP_H

#include "updraft/error.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_GUNZIP_WINDOW     32768u
#define UD_GUNZIP_WINDOW_MIN 256u
#define UD_GUNZIP_PIECE      256u /* bytes of output handed out at a time, fewer only at the end */

#define UD_GUNZIP_MAX_BITS    15u
#define UD_GUNZIP_MAX_SYMBOLS 288u
#define UD_GUNZIP_MAX_CODES   32u

/* Takes the next bytes of output; an error ends the decoding. */
typedef int ud_gunzip_output(void *ctx, const uint8_t *bytes, uint32_t length);

/* A prefix code: how many codes there are of each length, and the symbols in the order
 * of their codes. */
struct ud_gunzip_code {
    uint16_t *symbols;
    uint16_t counts[UD_GUNZIP_MAX_BITS + 1];
};

/* The decoder's state: fields are private, the size is public so that callers can own
 * it. */
struct ud_gunzip {
    uint8_t *window;
    uint32_t window_mask;
    ud_gunzip_output *output;
    void *ctx;
    int error;
    uint8_t state;
    bool is_last; /* block */
    bool is_blind;
    uint8_t flags; /* of the header */
    uint32_t bits; /* received and not consumed, the next one lowest */
    uint32_t bit_count;
    uint32_t position;      /* bytes of the member received */
    uint32_t index;         /* in what is being read */
    uint32_t left;          /* bytes of it still to come, or of a match */
    uint32_t literal_count; /* codes of a block */
    uint32_t code_count;    /* those of distances included */
    uint32_t crc;
    uint32_t length; /* bytes of output */
    struct ud_gunzip_code literals;
    struct ud_gunzip_code distances; /* before that, the code of the code lengths */
    uint16_t literal_symbols[UD_GUNZIP_MAX_SYMBOLS];
    uint16_t distance_symbols[UD_GUNZIP_MAX_CODES];
    uint8_t lengths[UD_GUNZIP_MAX_SYMBOLS + UD_GUNZIP_MAX_CODES];
};

/* Gives it a window of `size` bytes, a power of two from UD_GUNZIP_WINDOW_MIN to
 * UD_GUNZIP_WINDOW, else UD_ERR_ARGUMENT. Both live as long as it is used. */
UD_MUST_CHECK int ud_gunzip_init(struct ud_gunzip *gunzip, void *window, uint32_t size);

/* Starts a member. output may be null. */
void ud_gunzip_begin(struct ud_gunzip *gunzip, ud_gunzip_output *output, void *ctx);

/* Takes the next bytes, in pieces of any size; what follows the member is ignored.
 * UD_ERR_GZIP for what is no member or a damaged one, or what output returned. Errors
 * stick. */
UD_MUST_CHECK int ud_gunzip_write(struct ud_gunzip *gunzip, const uint8_t *data, uint32_t length);

/* UD_OK if exactly the first `size` bytes were a whole member, or the decoder went blind;
 * else UD_ERR_GZIP or the error that sticks. */
UD_MUST_CHECK int ud_gunzip_end(struct ud_gunzip *gunzip, uint32_t size);

#endif
