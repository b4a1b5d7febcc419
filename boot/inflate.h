/* The bootloader's gzip decoder (RFC 1952, 1951): a whole member in one call, in
 * less than a third of the 4096 bytes a bootloader has.
 *
 * Input is asked for and output handed out a piece at a time, by functions the
 * program has under fixed names, and damage ends in a function that does not come
 * back: no result is carried around. The output lies in the window that is its own
 * history, so it is written once.
 *
 * Kept, whatever the input:
 * - Nothing is written outside struct boot_inflate and the window.
 * - Bits that are no code, more codes than there is room for, and distances to before
 *   the first byte are refused at once. What the window held is never output.
 * - The same member gives the same calls.
 * - A member is accepted only if its output has the CRC-32 and the length of the
 *   trailer, and nothing follows.
 *
 * What zlib accepts is accepted, with the same output. zlib is stricter about how it is
 * written down, and here it is the CRC-32 and the length that vouch for the output then,
 * for every check takes its bytes: reserved flags, a header's own CRC, a stored length's
 * complement, block type 3, codes with room left, more codes or repetitions than there
 * can be, the symbols 286 and 287 and the distances 30 and 31.
 *
 * Output is handed out before the trailer is seen: who must not act on bytes that fail
 * it decodes twice, the first time without acting.
 */
#ifndef BOOT_INFLATE_H
#define BOOT_INFLATE_H

#include <stdint.h>

#define BOOT_INFLATE_WINDOW 32768u /* bytes: the history of any gzip file */
#define BOOT_INFLATE_SECTOR 4096u  /* bytes of output handed out at a time */
#define BOOT_INFLATE_INPUT  4096u  /* bytes of input asked for at a time */
#define BOOT_INFLATE_RING   16384u /* bytes of input that are held */

#define BOOT_INFLATE_FAST_BITS   9u
#define BOOT_INFLATE_MAX_SYMBOLS 288u
#define BOOT_INFLATE_MAX_LENGTHS (288u + 32u + 137u) /* and what a last repetition has too much */

/* A code of more than BOOT_INFLATE_FAST_BITS bits. */
struct boot_inflate_long {
    uint16_t bits;  /* as they come, the first one lowest */
    uint16_t entry; /* as in `fast` */
};

/* A prefix code, to decode with. */
struct boot_inflate_code {
    /* By the next bits: the code's length << 12 | its symbol. For longer codes: the
     * last of those that begin with these bits, in `longs`. */
    uint16_t fast[1u << BOOT_INFLATE_FAST_BITS];
    /* In the order of the codes. The first one is none: it ends the search. */
    struct boot_inflate_long longs[1 + BOOT_INFLATE_MAX_SYMBOLS];
};

/* The decoder's state. All but `window` is private; the small fields first,
 * within reach of a short load. */
struct boot_inflate {
    uint32_t *window;  /* of BOOT_INFLATE_WINDOW bytes, set by the caller */
    uint32_t bits;     /* read and not consumed, the next one lowest */
    uint32_t count;    /* of them */
    uint32_t position; /* in the member, of the bytes to be read next; even */
    uint32_t asked;    /* bytes of input there have been */
    uint32_t handed;   /* bytes of output handed out */
    union {
        struct {
            uint32_t crc;    /* CRC-32 of the output so far */
            uint32_t length; /* its bytes */
        };
        uint16_t trailer[4]; /* of a member with that output */
    };
    uint32_t crc_table[256]; /* CRC-32 of each single byte */
    union {
        uint32_t input[BOOT_INFLATE_RING / 4];
        uint16_t halves[BOOT_INFLATE_RING / 2];
    };
    uint8_t lengths[BOOT_INFLATE_MAX_LENGTHS]; /* of a block's codes, in bits */
    struct boot_inflate_code literals;
    struct boot_inflate_code distances; /* before that, the code of the code lengths */
};

/* ---- Provided by whoever links the decoder ---- */

/* Fills in BOOT_INFLATE_INPUT bytes of the member from `offset` on, a multiple of that.
 * Each piece is asked for once, in order. Up to BOOT_INFLATE_RING bytes behind the
 * member's end are asked for too, and may be anything; further than that it is damaged,
 * and not to return is right. */
void boot_inflate_input(struct boot_inflate *inflate, uint32_t offset, uint32_t *piece);

/* Takes the next `length` bytes of output: BOOT_INFLATE_SECTOR of them, at a multiple of
 * that in the window; fewer only at the end, and then the rest of that piece may be
 * written to. */
void boot_inflate_output(struct boot_inflate *inflate, uint32_t *sector, uint32_t length);

/* The member is damaged. Does not return. */
void boot_inflate_refuse(struct boot_inflate *inflate) __attribute__((noreturn));

/* ---- The decoder ---- */

/* Decodes a gzip member of `size` bytes; returns when all of it is right. */
void boot_inflate_run(struct boot_inflate *inflate, uint32_t size);

#endif
