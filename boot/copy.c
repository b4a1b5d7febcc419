#include "boot/machine.h"

#include <string.h>

#define ERASED UINT32_MAX

enum { TRIAL = BOOT_SECTOR_WORDS - UD_TRIAL_SIZE / UD_FLASH_WORD };

/* Leaves sectors alone that hold what they should, and sector 0: without it nothing
 * would start. `room` bytes from this address on will be written next and hold
 * nothing that is still needed: a block may go at once. */
static void write_sector(struct boot *boot, uint32_t address, const uint32_t *words, uint32_t room)
{
    const bool is_block = address % UD_FLASH_BLOCK == 0 && room >= UD_FLASH_BLOCK;

    boot_read_sector(boot, address, boot->found);
    if (memcmp(boot->found, words, UD_FLASH_SECTOR) == 0 || address == 0)
        return;
    if (boot_programmed(boot->found, BOOT_SECTOR_WORDS) != 0)
        boot_erase(boot, address, is_block);
    boot_program(boot, address, words, UD_FLASH_SECTOR);
}

/* Once marked, it is not done again. */
static void write_step(struct boot *boot, uint32_t step, uint32_t address, const uint32_t *words,
                       uint32_t room)
{
    if (boot->journal[UD_JOURNAL_STEP + step] != ERASED)
        return;
    write_sector(boot, address, words, room);
    boot_journal_mark(boot, step);
}

/* Keeps the running program up to this sector. */
static void keep(struct boot *boot, uint32_t end)
{
    for (; boot->kept < end; boot->kept++) {
        const uint32_t offset = boot->kept * UD_FLASH_SECTOR;

        boot_read_sector(boot, offset, boot->moved);
        write_step(boot, boot->kept, boot->journal[UD_JOURNAL_KEEP] + offset, boot->moved,
                   (end - boot->kept) * UD_FLASH_SECTOR);
    }
}

void boot_copy_sector(struct boot *boot, uint32_t *words, uint32_t length)
{
    const uint32_t *journal = boot->journal;
    const uint32_t to_keep = boot->to_keep;
    const uint32_t ahead = journal[UD_JOURNAL_SOURCE] - journal[UD_JOURNAL_KEEP];
    const uint32_t limit = boot->sector + ahead / UD_FLASH_SECTOR;
    const uint32_t offset = boot->sector * UD_FLASH_SECTOR;
    const uint32_t address = journal[UD_JOURNAL_DESTINATION] + offset;
    uint32_t end = journal[UD_JOURNAL_OUTPUT_SIZE];
    uint32_t room = 0;

    memset((uint8_t *)words + length, 0xff, UD_FLASH_SECTOR - length);
    /* The way back goes into the program's last sector, and so comes into force as the
     * update is complete. */
    if (to_keep != 0 && length < UD_FLASH_SECTOR)
        boot_make_order(words + TRIAL, UD_TRIAL_MAGIC, journal + UD_JOURNAL_WAY_BACK);
    /* The place it is kept at may reach into the source: no further than that has
     * been copied. */
    keep(boot, to_keep < limit ? to_keep : limit);
    /* Nothing is needed any more between a program and its source, unless it is kept. */
    if ((to_keep | journal[UD_JOURNAL_DESTINATION]) == 0 && end < journal[UD_JOURNAL_SOURCE])
        end = journal[UD_JOURNAL_SOURCE];
    if (boot->kept == to_keep &&
        journal[UD_JOURNAL_SOURCE] - journal[UD_JOURNAL_DESTINATION] >= UD_FLASH_BLOCK)
        room = end - offset;
    write_step(boot, to_keep + boot->sector, address, words, room);
}

void boot_copy(struct boot *boot)
{
    boot->to_keep = (boot->journal[UD_JOURNAL_KEEP_SIZE] + UD_FLASH_SECTOR - 1) / UD_FLASH_SECTOR;
    boot->kept = 0;
    boot_source(boot);
    keep(boot, boot->to_keep);
}
