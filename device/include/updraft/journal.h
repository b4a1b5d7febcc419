/* The boot journal: an update under way, in flash, where a power cut does not
 * reach it.
 *
 * One sector, UD_JOURNAL_OFFSET below the end of flash as the header in sector 0
 * has it: the RF calibration sector, which every layout has and the SDK fills anew
 * when it is blank. It holds the journal from the moment an update is ordered until
 * it is in place, and is left erased.
 *
 *   +00 u32 magic        B7E5D9F3; another layout would have another one
 *   +04 u32 source       flash address the update is staged at, a sector's start
 *   +08 u32 destination  flash address it goes to, a sector's start; 0: the program
 *   +0C u32 size         stored bytes
 *   +10 u32 crc          forward CRC-32 of 00..0F
 *                        -- up to here the order; from here on the bootloader's plan,
 *                           written once it has checked the whole source
 *   +14 u32 output_size  bytes that appear at destination; size: not compressed
 *   +18 u32 keep         flash address the running program is kept at, and with the
 *   +1C u32 0            next two the order that brings it back
 *   +20 u32 keep_size    bytes of it; 0: it is not kept
 *   +24 u32 crc          forward CRC-32 of 00..23
 *   +40 u32 steps[1008]  FFFFFFFF until that sector has been written: first those
 *                        that are kept, then those that come out
 *
 * Progress is recorded by programming words to zero, which needs no erase: one
 * that was torn differs from FFFFFFFF and counts, or does not and the step is
 * done again, which changes nothing. A record ends by programming all words from
 * source to the plan's crc to zero before the sector is erased, so that no
 * half-erased sector can pass for a whole record.
 */
#ifndef UPDRAFT_JOURNAL_H
#define UPDRAFT_JOURNAL_H

#include "updraft/flash.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_JOURNAL_OFFSET 0x4000u /* from the end of flash */
#define UD_JOURNAL_MAGIC  0xb7e5d9f3u
#define UD_JOURNAL_STEPS  1008u

/* Words of the record. The first five are an order by themselves: a trial's record
 * begins with one too. */
enum ud_journal_word {
    UD_JOURNAL_WORD_MAGIC,
    UD_JOURNAL_SOURCE,
    UD_JOURNAL_DESTINATION,
    UD_JOURNAL_SIZE,
    UD_JOURNAL_ORDER_CRC,
    UD_JOURNAL_OUTPUT_SIZE,
    UD_JOURNAL_KEEP,
    UD_JOURNAL_WAY_BACK = UD_JOURNAL_KEEP,
    UD_JOURNAL_KEEP_SIZE = UD_JOURNAL_KEEP + 2,
    UD_JOURNAL_PLAN_CRC,
    UD_JOURNAL_HEAD_WORDS,
    UD_JOURNAL_STEP = 16, /* + the number of the step */
};
#define UD_JOURNAL_ORDER_WORDS 5u

/* All in bytes of flash. */
struct ud_journal_order {
    uint32_t source;
    uint32_t destination;
    uint32_t size;
};

/* Makes an order of words[SOURCE..SIZE] by putting the magic before and the CRC
 * behind them; all in the record's byte order. */
void ud_journal_seal(uint32_t words[UD_JOURNAL_ORDER_WORDS], uint32_t magic);

/* Is this one? */
bool ud_journal_is_sealed(const uint32_t words[UD_JOURNAL_ORDER_WORDS], uint32_t magic);

/* Where the journal is. UD_ERR_FLASH_READ, or UD_ERR_FLASH_CONFIG when the header in
 * sector 0 names no size, or more than there is. */
UD_MUST_CHECK int ud_journal_find(const struct ud_flash *flash, uint32_t *address);

/* The order that waits in the journal. UD_ERR_STATE when there is none;
 * UD_ERR_FLASH_READ, UD_ERR_FLASH_CONFIG. */
UD_MUST_CHECK int ud_journal_load(const struct ud_flash *flash, struct ud_journal_order *order);

/* Writes an order over whatever the sector held. What a cut leaves is no order, or
 * this one. UD_ERR_FLASH_READ, _CONFIG, _ERASE, _WRITE. */
UD_MUST_CHECK int ud_journal_order(const struct ud_flash *flash,
                                   const struct ud_journal_order *order);

/* Withdraws an order: ends the record and erases the sector. Errors as above. */
UD_MUST_CHECK int ud_journal_clear(const struct ud_flash *flash);

#endif
