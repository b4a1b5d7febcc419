#include "boot/machine.h"
#include "updraft/crc32.h"
#include "updraft/image.h"

/* Words of the sector the application begins with. */
enum {
    LENGTH = (UD_IMAGE_LENGTH_WORD_OFFSET - UD_IMAGE_APP_OFFSET) / UD_FLASH_WORD,
    CRC,
    DESCRIPTION = UD_IMAGE_DESCRIPTION_OFFSET / UD_FLASH_WORD,
    TRIAL = DESCRIPTION + UD_IMAGE_TRIAL_OFFSET / UD_FLASH_WORD,
};

void boot_check_sector(struct boot *boot, const uint32_t *words)
{
    if (boot->journal[UD_JOURNAL_DESTINATION] != BOOT_PROGRAM || boot->sector > 1)
        return;
    if ((words[0] & 0xff) != UD_IMAGE_MAGIC)
        boot_fail(boot, BOOT_BAD_IMAGE);
    boot->wants_trial =
        words[DESCRIPTION] == UD_IMAGE_DESCRIPTION_MAGIC && words[TRIAL] == UD_IMAGE_TRIAL_MAGIC;
}

/* The packer computed the CRC over the file with its two words zero, and with the
 * mode and size it put into both headers; tools and updaters rewrite those of the
 * first one. */
static void check_program(struct boot *boot)
{
    const uint32_t source = boot->journal[UD_JOURNAL_SOURCE];
    const uint32_t end = boot_image(boot, source, false);
    uint32_t *const words = boot->window;
    const uint32_t *const app = boot->found;
    uint32_t crc = UD_CRC32_FORWARD_START;
    uint32_t left = end;

    if (end - 1 >= boot->journal[UD_JOURNAL_SIZE])
        boot_fail(boot, BOOT_BAD_IMAGE);
    boot_read_sector(boot, source + UD_IMAGE_APP_OFFSET, boot->found);
    boot->sector = 1;
    boot_check_sector(boot, app);
    for (uint32_t at = 0; at < end; at += UD_FLASH_SECTOR) {
        boot_read_sector(boot, source + at, words);
        if (at == 0)
            words[0] = (words[0] & 0xffff) | (app[0] & 0xffff0000);
        if (at == UD_IMAGE_APP_OFFSET)
            words[LENGTH] = words[CRC] = 0;
        crc =
            boot_crc(crc, words, (left < UD_FLASH_SECTOR ? left : UD_FLASH_SECTOR) / UD_FLASH_WORD);
        left -= UD_FLASH_SECTOR;
    }
    /* Older cores have code where the words would be: no length, no CRC. */
    if (app[LENGTH] == end && app[CRC] != crc)
        boot_fail(boot, BOOT_BAD_IMAGE);
}

/* Of files that are not compressed nothing is known. */
void boot_check(struct boot *boot)
{
    boot->wants_trial = false;
    if (boot_is_compressed(boot))
        boot_source(boot);
    else if (boot->journal[UD_JOURNAL_DESTINATION] == BOOT_PROGRAM)
        check_program(boot);
}
