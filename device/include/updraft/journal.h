/* The boot journal: an update under way, in flash, where a power cut does not
 * reach it.
 *
 * One sector, UD_JOURNAL_OFFSET below the end of the chip: the RF calibration
 * sector, which every layout has and the SDK fills anew when it is blank. It
 * holds the journal from the moment an update is ordered until it is in place,
 * and is left erased.
 *
 *   +00 u32 magic        B7E5D9F3
 *   +04 u32 version      1
 *   +08 u32 source       flash address the update is staged at, a sector's start
 *   +0C u32 destination  flash address it goes to, a sector's start
 *   +10 u32 size         stored bytes
 *   +14 u32 crc          forward CRC-32 of 00..13
 *                        -- up to here the order; from here on the bootloader's plan
 *   +18 u32 output_size  bytes that appear at destination
 *   +1C u32 keep         flash address the running image is kept at; 0: it is not
 *   +20 u32 keep_size    bytes of it
 *   +24 u32 crc          forward CRC-32 of 18..23
 *   +28 u32 verified     FFFFFFFF until the whole source has been checked
 *   +2C u32 trial        FFFFFFFF unless the new image must confirm itself
 *   +40 u32 steps[1008]  FFFFFFFF until that sector has been written
 *
 * Progress is recorded by programming words to zero, which needs no erase: one
 * that was torn differs from FFFFFFFF and counts, or does not and the step is
 * done again, which changes nothing. A record ends by programming all words from
 * version to crc to zero before the sector is erased, so that no half-erased
 * sector can pass for a whole record.
 */
#ifndef UPDRAFT_JOURNAL_H
#define UPDRAFT_JOURNAL_H

#include "updraft/flash.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_JOURNAL_OFFSET  0x4000u /* from the end of the chip */
#define UD_JOURNAL_MAGIC   0xb7e5d9f3u
#define UD_JOURNAL_VERSION 1u
#define UD_JOURNAL_STEPS   1008u
#define UD_JOURNAL_NO_KEEP 0u

/* Words that are programmed as an update goes on, by their place in the record. */
enum ud_journal_mark {
    UD_JOURNAL_VERIFIED = 10,
    UD_JOURNAL_TRIAL = 11,
    UD_JOURNAL_STEP = 16, /* + the number of the step */
};

struct ud_journal_order {
    uint32_t source;
    uint32_t destination;
    uint32_t size;
};

struct ud_journal_plan {
    uint32_t output_size;
    uint32_t keep;
    uint32_t keep_size;
};

enum ud_journal_state {
    UD_JOURNAL_NONE,    /* no record: blank, or the SDK's */
    UD_JOURNAL_DEBRIS,  /* remains of one, to be cleared */
    UD_JOURNAL_ORDERED, /* an order */
    UD_JOURNAL_PLANNED, /* an order and a plan */
};

/* Reads what there is. UD_ERR_FLASH_READ leaves *state NONE. */
UD_MUST_CHECK int ud_journal_load(const struct ud_flash *flash, enum ud_journal_state *state,
                                  struct ud_journal_order *order, struct ud_journal_plan *plan);

/* Writes an order over whatever the sector held. UD_ERR_FLASH_ERASE, _WRITE; what
 * a cut leaves is NONE, DEBRIS or the order. */
UD_MUST_CHECK int ud_journal_order(const struct ud_flash *flash,
                                   const struct ud_journal_order *order);

/* Adds the plan to an order. */
UD_MUST_CHECK int ud_journal_plan(const struct ud_flash *flash, const struct ud_journal_plan *plan);

UD_MUST_CHECK int ud_journal_mark(const struct ud_flash *flash, uint32_t mark);

/* A word that cannot be read counts as not marked. */
bool ud_journal_is_marked(const struct ud_flash *flash, uint32_t mark);

/* Ends a record, whatever became of it, and erases the sector. */
UD_MUST_CHECK int ud_journal_clear(const struct ud_flash *flash);

#endif
