#include "boot/machine.h"
#include "boot/place.h"
#include "updraft/crc32.h"
#include "updraft/image.h"

/* Words of the sector the application begins with. */
enum {
    LENGTH = (UD_IMAGE_LENGTH_WORD_OFFSET - UD_IMAGE_APP_OFFSET) / UD_FLASH_WORD,
    CRC,
    DESCRIPTION = UD_IMAGE_DESCRIPTION_OFFSET / UD_FLASH_WORD,
    TRIAL = DESCRIPTION + UD_IMAGE_TRIAL_OFFSET / UD_FLASH_WORD,
};

static void look_at_application(struct boot *boot, const uint32_t *words)
{
    const uint32_t segments = words[0] >> 8 & 0xff;

    if (segments - 1 >= UD_IMAGE_MAX_SEGMENTS)
        boot_fail(boot, BOOT_BAD_IMAGE);
    boot->header_words = 2 * segments;
    boot->header = UD_IMAGE_APP_OFFSET + 8;
    boot->wants_trial =
        words[DESCRIPTION] == UD_IMAGE_DESCRIPTION_MAGIC && words[TRIAL] == UD_IMAGE_TRIAL_MAGIC;
}

/* Hops over the segments as they come out: to an address, to the length behind it. */
static void walk(struct boot *boot, const uint32_t *words)
{
    while (boot->header_words > 0 && boot->header / UD_FLASH_SECTOR == boot->sector) {
        const uint32_t word = words[boot->header % UD_FLASH_SECTOR / UD_FLASH_WORD];

        boot->header += UD_FLASH_WORD;
        boot->header_words--;
        if (boot->header_words % 2 == 0) {
            if (boot_place(boot->address, word) == BOOT_PLACE_REFUSED)
                boot_fail(boot, BOOT_BAD_IMAGE);
            boot->header += word;
        }
        boot->address = word;
    }
}

void boot_check_sector(struct boot *boot, const uint32_t *words)
{
    if (boot->sector * UD_FLASH_SECTOR >= boot->journal[UD_JOURNAL_OUTPUT_SIZE])
        boot_fail(boot, BOOT_BAD_GZIP);
    if (boot->journal[UD_JOURNAL_DESTINATION] != BOOT_PROGRAM)
        return;
    if (boot->sector <= 1 && (words[0] & 0xff) != UD_IMAGE_MAGIC)
        boot_fail(boot, BOOT_BAD_IMAGE);
    if (boot->sector == 1)
        look_at_application(boot, words);
    walk(boot, words);
}

/* A checksum follows the last segment. */
static void check_end(struct boot *boot)
{
    if (boot->header_words != 0 || boot->header >= boot->journal[UD_JOURNAL_OUTPUT_SIZE])
        boot_fail(boot, BOOT_BAD_IMAGE);
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
    look_at_application(boot, app);
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
    boot->header_words = 0;
    boot->header = 0;
    if (boot_is_compressed(boot)) {
        boot_source(boot);
        check_end(boot);
    } else if (boot->journal[UD_JOURNAL_DESTINATION] == BOOT_PROGRAM) {
        check_program(boot);
    }
}
