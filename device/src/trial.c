#include "updraft/trial.h"

#include "updraft/endian.h"
#include "updraft/image.h"
#include "updraft/journal.h"

bool ud_trial_has_room(uint32_t size)
{
    return (size - 1) % UD_FLASH_SECTOR < UD_FLASH_SECTOR - UD_TRIAL_SIZE;
}

uint32_t ud_trial_address(uint32_t end)
{
    return ud_flash_round_up(end) - UD_TRIAL_SIZE;
}

static int find(const struct ud_flash *flash, uint32_t *address, uint32_t *words)
{
    uint32_t end;
    const int error = ud_image_sketch_size(flash, &end);

    if (error != UD_OK)
        return error;
    *address = ud_trial_address(end);
    return flash->read(flash->ctx, *address, words, UD_TRIAL_WORDS * UD_FLASH_WORD) == 0
               ? UD_OK
               : UD_ERR_FLASH_READ;
}

static uint32_t boots_of(uint32_t word)
{
    uint32_t boots = 0;

    for (; boots < UD_TRIAL_BOOTS && (word & UD_TRIAL_BOOT_MASK) == 0; boots++)
        word >>= UD_TRIAL_BOOT_BITS;
    return boots;
}

int ud_trial_load(const struct ud_flash *flash, struct ud_trial *trial)
{
    uint32_t words[UD_TRIAL_WORDS];
    uint32_t address;
    const int error = find(flash, &address, words);

    if (error != UD_OK)
        return error;
    trial->is_open = ud_journal_is_sealed(words, UD_TRIAL_MAGIC);
    trial->keep = ud_le32(words[UD_JOURNAL_SOURCE]);
    trial->keep_size = ud_le32(words[UD_JOURNAL_SIZE]);
    trial->boots = boots_of(ud_le32(words[UD_TRIAL_WORD_BOOTS]));
    return UD_OK;
}

int ud_trial_confirm(const struct ud_flash *flash)
{
    static const uint32_t over = 0;
    uint32_t words[UD_TRIAL_WORDS];
    uint32_t address;
    const int error = find(flash, &address, words);

    if (error != UD_OK)
        return error;
    if (!ud_journal_is_sealed(words, UD_TRIAL_MAGIC))
        return UD_OK;
    return flash->program(flash->ctx, address, &over, sizeof over) == 0 ? UD_OK
                                                                        : UD_ERR_FLASH_WRITE;
}
