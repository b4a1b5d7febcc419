/* OTA data: which slot starts, and whether what is in it has shown that it works.
 *
 * A partition of two sectors, each with one entry in its first 32 bytes:
 *
 *   +00 u32     seq; FFFFFFFF: no entry. Slot number (seq - 1) mod slot count
 *   +04 u8[20]  FF
 *   +18 u32     state
 *   +1C u32     reflected CRC-32 of seq, started with FFFFFFFF
 *
 * The higher seq decides. This is ESP-IDF's format, which has two weaknesses: an
 * entry can only be changed by erasing it, and its state is under no CRC. So that
 * a power cut neither loses nor alters one, an entry here is written state first
 * and CRC last, ended by programming its CRC to zero before it is erased, and while
 * that goes on a note of what it is about to be stands in the other sector, behind
 * that one's entry:
 *
 *   +20 … +FFF  notes of 16 bytes, the last whole one counts:
 *     +0 u32 magic 5A0EDA7A    +4 u32 seq    +8 u32 state
 *     +C u32 reflected CRC-32 of the twelve bytes before
 *
 * A note says what the *other* sector's entry is, and is asked only while that one is
 * no entry. ESP-IDF's own code looks at no byte behind an entry: to it, an entry cut
 * off is gone, as it ever was, until a program that knows of notes puts it back.
 */
#ifndef UPDRAFT_OTADATA_H
#define UPDRAFT_OTADATA_H

#include "updraft/flash.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_OTADATA_ENTRY      32u
#define UD_OTADATA_NOTE       16u
#define UD_OTADATA_NOTE_MAGIC 0x5a0eda7au
#define UD_OTADATA_EMPTY      0xffffffffu /* seq */

enum ud_ota_state {
    UD_OTA_NEW = 0,     /* to be tried at the next boot */
    UD_OTA_PENDING = 1, /* being tried: another boot would be its end */
    UD_OTA_VALID = 2,   /* has confirmed itself */
    UD_OTA_INVALID = 3, /* has rejected itself */
    UD_OTA_ABORTED = 4, /* did neither */
    UD_OTA_UNDEFINED = -1,
};

struct ud_otadata_entry {
    uint32_t seq; /* UD_OTADATA_EMPTY unless it is sound */
    enum ud_ota_state state;
    bool is_sound; /* seq has its CRC and is a number that is given out */
    bool is_noted; /* not in its place, but in a note: to be put back */
};

struct ud_otadata {
    struct ud_otadata_entry entries[2];
};

uint32_t ud_otadata_crc(uint32_t seq);

/* Decodes 32 bytes. seq 0 has a CRC of its own and is nevertheless no entry: four
 * bytes that were programmed to zero in blank flash would be one. */
struct ud_otadata_entry ud_otadata_decode(const uint8_t bytes[UD_OTADATA_ENTRY]);

void ud_otadata_encode(uint32_t seq, enum ud_ota_state state, uint8_t bytes[UD_OTADATA_ENTRY]);

/* Reads both entries of the partition at `address`, from notes where they had to be
 * left in one. */
UD_MUST_CHECK int ud_otadata_load(const struct ud_flash *flash, uint32_t address,
                                  struct ud_otadata *otadata);

/* Sound, and neither rejected nor given up. */
static inline bool ud_otadata_can_start(const struct ud_otadata_entry *entry)
{
    return entry->is_sound && entry->state != UD_OTA_INVALID && entry->state != UD_OTA_ABORTED;
}

/* Nothing is left to be shown. */
static inline bool ud_otadata_is_settled(const struct ud_otadata_entry *entry)
{
    return ud_otadata_can_start(entry) && entry->state != UD_OTA_NEW &&
           entry->state != UD_OTA_PENDING;
}

/* The entry that decides: of those that can start the one of the higher seq, the
 * first of two equal ones. -1 if there is none. */
int ud_otadata_active(const struct ud_otadata *otadata);

/* seq is sound; slot_count > 0. */
static inline uint32_t ud_otadata_slot(uint32_t seq, uint32_t slot_count)
{
    return (seq - 1) % slot_count;
}

/* Makes entry `index` the one given, with no moment at which it is neither what it
 * was nor that. The other entry says what it said. UD_ERR_FLASH_*. */
UD_MUST_CHECK int ud_otadata_replace(const struct ud_flash *flash, uint32_t address, int index,
                                     uint32_t seq, enum ud_ota_state state);

/* Removes entry `index`, likewise. */
UD_MUST_CHECK int ud_otadata_drop(const struct ud_flash *flash, uint32_t address, int index);

/* Puts entries that stand in notes back into their places. */
UD_MUST_CHECK int ud_otadata_mend(const struct ud_flash *flash, uint32_t address);

/* Where the entry goes that makes `slot` the one that starts, and its seq: the active
 * one's place if it names that slot, else that of an entry which is not the only
 * settled one, nor of two the one that decides. When no number is left above the other
 * entry's, seq is the slot's first, and the other has to go afterwards. */
struct ud_otadata_choice {
    int index;
    uint32_t seq;
    bool drops_other;
};
struct ud_otadata_choice ud_otadata_choose(const struct ud_otadata *otadata, uint32_t slot,
                                           uint32_t slot_count);

/* Makes `slot` the one that starts. */
UD_MUST_CHECK int ud_otadata_select(const struct ud_flash *flash, uint32_t address, uint32_t slot,
                                    uint32_t slot_count, enum ud_ota_state state);

/* Removes both, the one that decides last: factory, or else the first slot, starts. */
UD_MUST_CHECK int ud_otadata_erase(const struct ud_flash *flash, uint32_t address);

#endif
