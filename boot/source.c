#include "boot/decide.h"
#include "boot/machine.h"

#include <stddef.h>

static struct boot *boot_of(struct boot_inflate *inflate)
{
    return (struct boot *)((char *)inflate - offsetof(struct boot, inflate));
}

void boot_inflate_input(struct boot_inflate *inflate, uint32_t offset, uint32_t *piece)
{
    struct boot *boot = boot_of(inflate);

    boot_read_sector(boot, boot->journal[UD_JOURNAL_SOURCE] + offset, piece);
}

void boot_inflate_refuse(struct boot_inflate *inflate)
{
    boot_fail(boot_of(inflate), BOOT_BAD_GZIP);
}

void boot_inflate_output(struct boot_inflate *inflate, uint32_t *words, uint32_t length)
{
    struct boot *boot = boot_of(inflate);

    if (boot->facts & BOOT_VERIFIED)
        boot_copy_sector(boot, words, length);
    else
        boot_check_sector(boot, words);
    boot->sector++;
}

void boot_source(struct boot *boot)
{
    const uint32_t size = boot->journal[UD_JOURNAL_SIZE];

    boot->sector = 0;
    if (boot_is_compressed(boot)) {
        boot->inflate.window = boot->window;
        boot_inflate_run(&boot->inflate, size);
        return;
    }
    for (uint32_t at = 0; at < size; at += UD_FLASH_SECTOR) {
        boot_read_sector(boot, boot->journal[UD_JOURNAL_SOURCE] + at, boot->window);
        boot_inflate_output(&boot->inflate, boot->window,
                            size - at < UD_FLASH_SECTOR ? size - at : UD_FLASH_SECTOR);
    }
}
