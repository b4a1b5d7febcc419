#include "updraft/trial.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"
#include "updraft/image.h"

#define ERASED 0xffffffffu

/* Words of the record. */
enum {
    MAGIC,
    IMAGE,
    KEEP,
    KEEP_SIZE,
    CRC,
    CONFIRMED,
    BOOTS,
    WORDS = BOOTS + UD_TRIAL_BOOTS + 1,
};

#define FINGERPRINT_SIZE 64u /* bytes; holds the length and CRC words of a stock image */

static uint32_t crc_of(const uint32_t *words, uint32_t length)
{
    return ud_crc32_forward(UD_CRC32_FORWARD_START, words, length);
}

/* What tells the program at 0 from others of its size. */
static int fingerprint(const struct ud_flash *flash, uint32_t *value)
{
    uint32_t words[FINGERPRINT_SIZE / sizeof(uint32_t)];

    if (flash->read(flash->ctx, UD_IMAGE_APP_OFFSET, words, sizeof words) != 0)
        return UD_ERR_FLASH_READ;
    *value = ud_le32(crc_of(words, sizeof words));
    return UD_OK;
}

static int program(const struct ud_flash *flash, uint32_t address, const uint32_t *words,
                   uint32_t count)
{
    return flash->program(flash->ctx, address, words, count * UD_FLASH_WORD) == 0
               ? UD_OK
               : UD_ERR_FLASH_WRITE;
}

void ud_trial_load(const struct ud_flash *flash, uint32_t end, struct ud_trial *trial)
{
    uint32_t words[WORDS];
    uint32_t image;

    trial->state = UD_TRIAL_NONE;
    trial->address = ud_flash_round_up(end);
    if (trial->address > flash->size - UD_FLASH_SECTOR ||
        flash->read(flash->ctx, trial->address, words, sizeof words) != 0 ||
        ud_le32(words[MAGIC]) != UD_TRIAL_MAGIC ||
        ud_le32(words[CRC]) != crc_of(words, CRC * UD_FLASH_WORD) ||
        fingerprint(flash, &image) != UD_OK || words[IMAGE] != image || words[CONFIRMED] != ERASED)
        return;
    trial->keep = ud_le32(words[KEEP]);
    trial->keep_size = ud_le32(words[KEEP_SIZE]);
    trial->boots = 0;
    while (trial->boots <= UD_TRIAL_BOOTS && words[BOOTS + trial->boots] != ERASED)
        trial->boots++;
    if (trial->boots < UD_TRIAL_BOOTS)
        trial->state = UD_TRIAL_OPEN;
    else if (trial->boots == UD_TRIAL_BOOTS)
        trial->state = UD_TRIAL_SPENT;
}

int ud_trial_begin(const struct ud_flash *flash, uint32_t end, uint32_t keep, uint32_t keep_size)
{
    const uint32_t address = ud_flash_round_up(end);
    uint32_t words[CRC + 1] = {
        ud_le32(UD_TRIAL_MAGIC), 0, ud_le32(keep), ud_le32(keep_size), 0,
    };
    const int error = fingerprint(flash, &words[IMAGE]);

    if (error != UD_OK)
        return error;
    words[CRC] = ud_le32(crc_of(words, CRC * UD_FLASH_WORD));
    if (flash->erase(flash->ctx, address, UD_FLASH_SECTOR) != 0)
        return UD_ERR_FLASH_ERASE;
    return program(flash, address, words, CRC + 1);
}

int ud_trial_count(const struct ud_flash *flash, const struct ud_trial *trial)
{
    const uint32_t zero = 0;

    return program(flash, trial->address + (BOOTS + trial->boots) * UD_FLASH_WORD, &zero, 1);
}

int ud_trial_confirm(const struct ud_flash *flash)
{
    const uint32_t zero = 0;
    struct ud_trial trial;
    uint32_t end;
    const int error = ud_image_sketch_size(flash, &end);

    if (error != UD_OK)
        return error;
    ud_trial_load(flash, end, &trial);
    if (trial.state == UD_TRIAL_NONE)
        return UD_OK;
    return program(flash, trial.address + CONFIRMED * UD_FLASH_WORD, &zero, 1);
}
