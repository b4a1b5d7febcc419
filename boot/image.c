#include "updraft/image.h"
#include "boot/machine.h"
#include "boot/place.h"

uint32_t boot_image(struct boot *boot, uint32_t base, bool is_to_start)
{
    uint32_t words[2]; /* of a header: byte 0 magic, 1 segments; of a segment: address, length */
    uint32_t at = base + UD_IMAGE_APP_OFFSET;

    boot_read(boot, at, words, sizeof words);
    uint32_t segments = words[0] >> 8 & 0xff;
    if ((words[0] & 0xff) != UD_IMAGE_MAGIC || segments - 1 >= UD_IMAGE_MAX_SEGMENTS)
        return 0;
    const uint32_t entry = words[1];
    do {
        at += sizeof words;
        boot_read(boot, at, words, sizeof words);
        at += sizeof words;
        const enum boot_place place = boot_place(words[0], words[1]);
        if (place == BOOT_PLACE_REFUSED)
            return 0;
        if (is_to_start && place != BOOT_PLACE_MAPPED)
            boot_load(boot, at, words[0], words[1]);
        at += words[1] - (uint32_t)sizeof words;
    } while (--segments > 0);
    boot_read(boot, at, words, sizeof words); /* flash reaches that far */
    if (is_to_start)
        boot_enter(boot, entry);
    return (at - base + (uint32_t)sizeof words + 16) & ~15u;
}
