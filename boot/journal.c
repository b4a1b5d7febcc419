#include "boot/decide.h"
#include "boot/machine.h"

#include <string.h>

static uint32_t address_of(const struct boot *boot, uint32_t word)
{
    return boot->flash_size - UD_JOURNAL_OFFSET + word * UD_FLASH_WORD;
}

unsigned boot_journal_load(struct boot *boot)
{
    const uint32_t *words = boot->journal;

    boot_read_sector(boot, address_of(boot, 0), boot->journal);
    /* A torn magic, programmed or erased, has all of its ones and some more. Progress
     * may outlive the head in a torn erase. */
    if ((words[UD_JOURNAL_WORD_MAGIC] & UD_JOURNAL_MAGIC) != UD_JOURNAL_MAGIC ||
        boot_programmed(words, BOOT_SECTOR_WORDS) == 0)
        return 0;
    if (words[UD_JOURNAL_WORD_MAGIC] == UD_JOURNAL_MAGIC &&
        boot_is_sealed(words, UD_JOURNAL_ORDER_CRC)) {
        if (boot_is_sealed(words, UD_JOURNAL_PLAN_CRC))
            return BOOT_VERIFIED;
        if (boot_programmed(words + UD_JOURNAL_OUTPUT_SIZE,
                            UD_JOURNAL_HEAD_WORDS - UD_JOURNAL_OUTPUT_SIZE) == 0)
            return BOOT_ORDERED;
    }
    boot->facts = 0; /* as with any order that was not checked */
    boot_journal_clear(boot);
    return 0;
}

void boot_make_order(uint32_t *words, uint32_t magic, const uint32_t *order)
{
    words[UD_JOURNAL_WORD_MAGIC] = magic;
    words[UD_JOURNAL_SOURCE] = order[0];
    words[UD_JOURNAL_DESTINATION] = order[1];
    words[UD_JOURNAL_SIZE] = order[2];
    words[UD_JOURNAL_ORDER_CRC] = boot_seal(words, UD_JOURNAL_ORDER_CRC);
}

void boot_journal_order(struct boot *boot, const uint32_t *order)
{
    boot_make_order(boot->journal, UD_JOURNAL_MAGIC, order);
    boot_erase(boot, address_of(boot, 0), false);
    boot_program(boot, address_of(boot, 0), boot->journal, UD_JOURNAL_ORDER_WORDS * UD_FLASH_WORD);
}

void boot_journal_plan(struct boot *boot)
{
    boot->journal[UD_JOURNAL_PLAN_CRC] = boot_seal(boot->journal, UD_JOURNAL_PLAN_CRC);
    boot_program(boot, address_of(boot, UD_JOURNAL_OUTPUT_SIZE),
                 boot->journal + UD_JOURNAL_OUTPUT_SIZE,
                 (UD_JOURNAL_HEAD_WORDS - UD_JOURNAL_OUTPUT_SIZE) * UD_FLASH_WORD);
}

void boot_journal_mark(struct boot *boot, uint32_t step)
{
    const uint32_t zero = 0;

    boot_program(boot, address_of(boot, UD_JOURNAL_STEP + step), &zero, sizeof zero);
}

/* The head first, so that no half-erased sector can pass for a whole record. */
void boot_journal_clear(struct boot *boot)
{
    uint32_t *words = boot->journal;
    const uint32_t length = (UD_JOURNAL_HEAD_WORDS - UD_JOURNAL_SOURCE) * UD_FLASH_WORD;

    memset(words + UD_JOURNAL_SOURCE, 0, length);
    boot_program(boot, address_of(boot, UD_JOURNAL_SOURCE), words + UD_JOURNAL_SOURCE, length);
    boot_erase(boot, address_of(boot, 0), false);
}
