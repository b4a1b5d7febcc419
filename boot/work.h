/* What carrying an update out needs, and its parts: check the source, copy,
 * finish.
 */
#ifndef BOOT_WORK_H
#define BOOT_WORK_H

#include "boot/plan.h"
#include "updraft/inflate.h"

#include <stdbool.h>
#include <stdint.h>

/* Of the source of a program, as it is checked. */
struct boot_check {
    uint32_t position;    /* bytes seen */
    uint32_t next;        /* where the next segment's header is */
    uint32_t segments;    /* headers to come */
    uint32_t length_word; /* the image's own, 0 when it covers nothing */
    uint32_t crc_word;
    uint32_t crc; /* forward CRC-32 so far, as the packer computed it */
    bool wants_trial;
};

/* Owned by the caller; nothing in it survives a boot. */
struct boot_work {
    const struct ud_flash *flash;
    struct ud_journal_order order;
    struct ud_journal_plan plan;
    bool is_gzip;
    uint32_t sector; /* of the output, the next one to arrive */
    struct boot_check check;
    uint32_t found[UD_FLASH_SECTOR / sizeof(uint32_t)]; /* what a sector held */
    struct ud_inflate inflate;                          /* its window holds raw sectors too */
};

/* Reads up to 8 bytes at any address; less than 12 bytes must be left there. */
UD_MUST_CHECK int boot_read_bytes(const struct ud_flash *flash, uint32_t address, void *data,
                                  uint32_t length);

/* The end of the program at 0 as ESP.getSketchSize() has it, found by walking its
 * segments; 0 when there is none. */
uint32_t boot_program_end(const struct ud_flash *flash);

/* Decompresses the source, sector by sector. */
UD_MUST_CHECK int boot_inflate(struct boot_work *work,
                               int (*output)(void *ctx, uint8_t *data, uint32_t length));

/* Answers whether the source is whole, without touching flash, and whether the
 * image asks for a trial.
 * UD_OK         every byte was read and decodes; as a program, it has the
 *               structure of one that can be loaded, and the CRC it says it has
 * UD_ERR_MAGIC, UD_ERR_IMAGE no sound program
 * UD_ERR_FLASH_READ, UD_ERR_GZIP, UD_ERR_GZIP_CRC */
UD_MUST_CHECK int boot_check(struct boot_work *work);

/* Copies what is not marked as copied in the journal. UD_ERR_FLASH_READ, _ERASE,
 * _WRITE leave the rest to be done by another call. Sector 0 is never touched:
 * without it nothing would start. */
UD_MUST_CHECK int boot_copy(struct boot_work *work);

#endif
