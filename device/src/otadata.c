#include "updraft/otadata.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <string.h>

enum {
    AT_SEQ = 0,
    AT_STATE = 24,
    AT_CRC = 28,
};

/* Words of a note. */
enum { NOTE_MAGIC, NOTE_SEQ, NOTE_STATE, NOTE_CRC, NOTE_WORDS };

struct notes {
    bool has_any;
    uint32_t seq; /* of the last whole one */
    enum ud_ota_state state;
    uint32_t free; /* offset in the sector of the first blank place; its size: none */
};

/* ---- Entries ---- */

uint32_t ud_otadata_crc(uint32_t seq)
{
    uint8_t bytes[4];

    /* Started with FFFFFFFF as zlib counts it: the register begins at 0. */
    ud_put_u32(bytes, seq);
    return ud_crc32_reflected(UINT32_MAX, bytes, sizeof bytes);
}

static enum ud_ota_state state_of(uint32_t word)
{
    return (enum ud_ota_state)(int32_t)word;
}

static bool is_seq(uint32_t seq)
{
    return seq != 0 && seq != UD_OTADATA_EMPTY;
}

struct ud_otadata_entry ud_otadata_decode(const uint8_t bytes[UD_OTADATA_ENTRY])
{
    const uint32_t seq = ud_get_u32(bytes + AT_SEQ);
    struct ud_otadata_entry entry = {.seq = UD_OTADATA_EMPTY, .state = UD_OTA_UNDEFINED};

    entry.is_sound = is_seq(seq) && ud_get_u32(bytes + AT_CRC) == ud_otadata_crc(seq);
    if (entry.is_sound) {
        entry.seq = seq;
        entry.state = state_of(ud_get_u32(bytes + AT_STATE));
    }
    return entry;
}

void ud_otadata_encode(uint32_t seq, enum ud_ota_state state, uint8_t bytes[UD_OTADATA_ENTRY])
{
    memset(bytes, 0xff, UD_OTADATA_ENTRY);
    ud_put_u32(bytes + AT_SEQ, seq);
    ud_put_u32(bytes + AT_STATE, (uint32_t)state);
    ud_put_u32(bytes + AT_CRC, ud_otadata_crc(seq));
}

/* ---- Reading ---- */

static uint32_t sector_of(uint32_t address, int index)
{
    return address + (uint32_t)index * UD_FLASH_SECTOR;
}

static uint32_t note_crc(const uint32_t words[NOTE_WORDS])
{
    return ud_le32(ud_crc32_reflected(0, words, NOTE_CRC * sizeof words[0]));
}

static bool is_blank(const uint32_t words[NOTE_WORDS])
{
    return (words[0] & words[1] & words[2] & words[3]) == UINT32_MAX;
}

/* Reads the notes behind the entry of the sector at `sector`. */
static int read_notes(const struct ud_flash *flash, uint32_t sector, struct notes *notes)
{
    uint32_t words[NOTE_WORDS];

    notes->has_any = false;
    for (notes->free = UD_OTADATA_ENTRY; notes->free < UD_FLASH_SECTOR;
         notes->free += UD_OTADATA_NOTE) {
        const int error = ud_flash_read(flash, sector + notes->free, words, sizeof words);
        if (error != UD_OK)
            return error;
        if (is_blank(words))
            return UD_OK;
        if (words[NOTE_MAGIC] != ud_le32(UD_OTADATA_NOTE_MAGIC) ||
            words[NOTE_CRC] != note_crc(words))
            continue;
        notes->has_any = true;
        notes->seq = ud_le32(words[NOTE_SEQ]);
        notes->state = state_of(ud_le32(words[NOTE_STATE]));
    }
    return UD_OK;
}

static int read_entry(const struct ud_flash *flash, uint32_t address, int index,
                      struct ud_otadata_entry *entry)
{
    uint32_t words[UD_OTADATA_ENTRY / sizeof(uint32_t)];
    struct notes notes;
    int error = ud_flash_read(flash, sector_of(address, index), words, sizeof words);

    if (error != UD_OK)
        return error;
    *entry = ud_otadata_decode((const uint8_t *)words);
    if (entry->is_sound)
        return UD_OK;
    error = read_notes(flash, sector_of(address, 1 - index), &notes);
    if (error == UD_OK && notes.has_any && is_seq(notes.seq))
        *entry = (struct ud_otadata_entry){notes.seq, notes.state, true, true};
    return error;
}

int ud_otadata_load(const struct ud_flash *flash, uint32_t address, struct ud_otadata *otadata)
{
    const int error = read_entry(flash, address, 0, &otadata->entries[0]);

    return error != UD_OK ? error : read_entry(flash, address, 1, &otadata->entries[1]);
}

int ud_otadata_active(const struct ud_otadata *otadata)
{
    const struct ud_otadata_entry *first = &otadata->entries[0];
    const struct ud_otadata_entry *second = &otadata->entries[1];

    if (!ud_otadata_can_start(first))
        return ud_otadata_can_start(second) ? 1 : -1;
    return ud_otadata_can_start(second) && second->seq > first->seq ? 1 : 0;
}

/* ---- Writing ---- */

static int program_word(const struct ud_flash *flash, uint32_t address, uint32_t value)
{
    const uint32_t word = ud_le32(value);

    return ud_flash_program(flash, address, &word, sizeof word);
}

/* Leaves a note in the sector at `sector` of what the other one's entry is about to
 * be. What says nothing new is not said; without room for it goes without. */
static int leave_note(const struct ud_flash *flash, uint32_t sector, uint32_t seq,
                      enum ud_ota_state state)
{
    uint32_t words[NOTE_WORDS];
    struct notes notes;
    const int error = read_notes(flash, sector, &notes);

    if (error != UD_OK)
        return error;
    if (notes.has_any ? notes.seq == seq && notes.state == state : seq == UD_OTADATA_EMPTY)
        return UD_OK;
    if (notes.free == UD_FLASH_SECTOR)
        return UD_OK;
    words[NOTE_MAGIC] = ud_le32(UD_OTADATA_NOTE_MAGIC);
    words[NOTE_SEQ] = ud_le32(seq);
    words[NOTE_STATE] = ud_le32((uint32_t)state);
    words[NOTE_CRC] = note_crc(words);
    return ud_flash_program(flash, sector + notes.free, words, sizeof words);
}

/* State before seq before CRC: until the last bit of that it is no entry. */
static int write_entry(const struct ud_flash *flash, uint32_t sector, uint32_t seq,
                       enum ud_ota_state state)
{
    int error = program_word(flash, sector + AT_STATE, (uint32_t)state);

    if (error == UD_OK)
        error = program_word(flash, sector + AT_SEQ, seq);
    return error != UD_OK ? error : program_word(flash, sector + AT_CRC, ud_otadata_crc(seq));
}

static int rewrite(const struct ud_flash *flash, uint32_t address, int index, uint32_t seq,
                   enum ud_ota_state state)
{
    const uint32_t sector = sector_of(address, index);
    int error = leave_note(flash, sector_of(address, 1 - index), seq, state);

    /* From here on the note counts: a half-erased entry must not pass for a whole one. */
    if (error == UD_OK)
        error = program_word(flash, sector + AT_CRC, 0);
    if (error == UD_OK)
        error = ud_flash_erase_sector(flash, sector);
    if (error != UD_OK || seq == UD_OTADATA_EMPTY)
        return error;
    return write_entry(flash, sector, seq, state);
}

/* Erasing a sector takes the notes in it along: what they alone know, the other
 * sector's entry, is put back first. And when the other is full of notes it is
 * written anew, which leaves its own note in this one. */
static int make_ready(const struct ud_flash *flash, uint32_t address, int index)
{
    struct ud_otadata_entry other;
    struct notes notes;
    int error = read_entry(flash, address, 1 - index, &other);

    if (error == UD_OK)
        error = read_notes(flash, sector_of(address, 1 - index), &notes);
    if (error != UD_OK || (!other.is_noted && notes.free < UD_FLASH_SECTOR))
        return error;
    return rewrite(flash, address, 1 - index, other.seq, other.state);
}

int ud_otadata_replace(const struct ud_flash *flash, uint32_t address, int index, uint32_t seq,
                       enum ud_ota_state state)
{
    const int error = make_ready(flash, address, index);

    return error != UD_OK ? error : rewrite(flash, address, index, seq, state);
}

int ud_otadata_drop(const struct ud_flash *flash, uint32_t address, int index)
{
    return ud_otadata_replace(flash, address, index, UD_OTADATA_EMPTY, UD_OTA_UNDEFINED);
}

int ud_otadata_mend(const struct ud_flash *flash, uint32_t address)
{
    struct ud_otadata otadata;
    int error = ud_otadata_load(flash, address, &otadata);

    for (int i = 0; i < 2 && error == UD_OK; i++)
        if (otadata.entries[i].is_noted)
            error = rewrite(flash, address, i, otadata.entries[i].seq, otadata.entries[i].state);
    return error;
}

/* ---- Selecting ---- */

/* The entry that can best be spared. */
static int spare_entry(const struct ud_otadata *otadata, int active)
{
    const bool is_first_settled = ud_otadata_is_settled(&otadata->entries[0]);

    if (is_first_settled != ud_otadata_is_settled(&otadata->entries[1]))
        return is_first_settled ? 1 : 0;
    return active == 0 ? 1 : 0;
}

struct ud_otadata_choice ud_otadata_choose(const struct ud_otadata *otadata, uint32_t slot,
                                           uint32_t slot_count)
{
    const int active = ud_otadata_active(otadata);

    if (active >= 0) {
        const uint32_t seq = otadata->entries[active].seq;
        if (ud_otadata_slot(seq, slot_count) == slot)
            return (struct ud_otadata_choice){active, seq, false};
    }
    const int index = spare_entry(otadata, active);
    const struct ud_otadata_entry *other = &otadata->entries[1 - index];
    const uint32_t base = other->is_sound ? other->seq : 0;
    if (base >= UINT32_MAX - 1 - slot_count)
        return (struct ud_otadata_choice){index, slot + 1, true};
    const uint32_t step = (slot + slot_count - base % slot_count) % slot_count;
    return (struct ud_otadata_choice){index, base + 1 + step, false};
}

int ud_otadata_select(const struct ud_flash *flash, uint32_t address, uint32_t slot,
                      uint32_t slot_count, enum ud_ota_state state)
{
    struct ud_otadata otadata;
    int error = ud_otadata_load(flash, address, &otadata);

    if (error != UD_OK)
        return error;
    const struct ud_otadata_choice choice = ud_otadata_choose(&otadata, slot, slot_count);
    error = ud_otadata_replace(flash, address, choice.index, choice.seq, state);
    if (error != UD_OK || !choice.drops_other)
        return error;
    return ud_otadata_drop(flash, address, 1 - choice.index);
}

int ud_otadata_erase(const struct ud_flash *flash, uint32_t address)
{
    struct ud_otadata otadata;
    int error = ud_otadata_load(flash, address, &otadata);

    if (error != UD_OK)
        return error;
    const int last = ud_otadata_active(&otadata) == 1 ? 1 : 0;
    error = ud_otadata_drop(flash, address, 1 - last);
    return error != UD_OK ? error : ud_otadata_drop(flash, address, last);
}
