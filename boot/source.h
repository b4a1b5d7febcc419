/* What a copy would write, as a stream of sectors: the staged bytes themselves,
 * or what they decompress to. Verifying and copying walk the same stream, so
 * that what was verified is what gets written.
 */
#ifndef BOOT_SOURCE_H
#define BOOT_SOURCE_H

#include "boot/decide.h"
#include "updraft/flash.h"
#include "updraft/image.h"
#include "updraft/inflate.h"

#include <stdint.h>

#define BOOT_INPUT_SIZE 512u /* bytes of compressed input read at a time */

/* Everything a boot needs beside its stack; owned by the caller, no content
 * survives a call. */
struct boot_memory {
    uint32_t window[UD_INFLATE_WINDOW / sizeof(uint32_t)]; /* its start holds raw sectors */
    uint32_t input[BOOT_INPUT_SIZE / sizeof(uint32_t)];
    struct ud_inflate inflate;
    struct ud_image image;
};

/* One sector of output; shorter only at the end. */
struct boot_sector {
    const uint8_t *data; /* word-aligned, good until the sink returns */
    uint32_t length;     /* bytes, 1 … UD_FLASH_SECTOR */
    uint32_t offset;     /* of data in the output */
    uint32_t unread;     /* bytes at the source's end that have not been read yet */
};

struct boot_sink {
    void *ctx;
    int (*sector)(void *ctx, const struct boot_sector *sector); /* UD_OK, or ends the walk */
};

/* Hands every sector of a COPY or INFLATE decision to the sink. UD_OK when all
 * of it was handed over (gzip: and CRC-32 and length are right and the length is
 * the decision's), UD_ERR_FLASH_READ, UD_ERR_GZIP, UD_ERR_GZIP_CRC, or the
 * sink's error. */
UD_MUST_CHECK int boot_source_walk(const struct ud_flash *flash,
                                   const struct boot_decision *decision, struct boot_memory *memory,
                                   const struct boot_sink *sink);

#endif
