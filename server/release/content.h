/* A firmware file as a stream of image bytes, whether it is compressed or not.
 *
 * A compressed file is one whole gzip member. What follows it, or what the
 * image parser finds after a plain image, is for the caller to judge.
 */
#ifndef SERVER_RELEASE_CONTENT_H
#define SERVER_RELEASE_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

/* Inflated bytes at most; no chip has more flash. */
#define CONTENT_MAX (16u * 1024 * 1024)

struct content {
    int file;      /* descriptor, read with pread */
    uint64_t size; /* bytes of the file */
    bool compressed;
};

/* Takes the next bytes. False ends the reading. */
typedef bool content_sink(void *ctx, const void *data, uint32_t length);

enum content_result {
    CONTENT_OK,
    CONTENT_STOPPED,    /* by the sink */
    CONTENT_READ_ERROR, /* errno is set */
    CONTENT_DAMAGED,    /* gzip: not a stream, CRC or length wrong */
    CONTENT_CUT,        /* gzip: ends in the middle */
    CONTENT_TOO_LARGE,  /* inflates to more than CONTENT_MAX */
};

struct content_report {
    uint64_t length;       /* bytes handed to the sink */
    uint64_t end;          /* file offset after the last byte that belongs to the content */
    uint64_t inflate_lead; /* bytes by which output, in whole flash sectors, is ahead of the
                            * input it was made from, at worst; 0 when not compressed */
};

/* Reads all of the content, or its first `limit` bytes. */
enum content_result content_read(const struct content *content, uint64_t limit, content_sink *sink,
                                 void *ctx, struct content_report *report);

#endif
