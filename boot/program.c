#include "boot/work.h"

#include "updraft/endian.h"
#include "updraft/image.h"

#include <string.h>

int boot_read_bytes(const struct ud_flash *flash, uint32_t address, void *data, uint32_t length)
{
    uint32_t words[3];
    const uint32_t skipped = address % UD_FLASH_WORD;

    if (flash->read(flash->ctx, address - skipped, words, sizeof words) != 0)
        return UD_ERR_FLASH_READ;
    memcpy(data, (const uint8_t *)words + skipped, length);
    return UD_OK;
}

uint32_t boot_program_end(const struct ud_flash *flash)
{
    uint32_t words[2]; /* of a header: segment count in byte 1; of a segment: its length */
    uint32_t position = UD_IMAGE_APP_OFFSET;

    if (boot_read_bytes(flash, position, words, sizeof words) != UD_OK)
        return 0;
    uint32_t segments = ud_le32(words[0]) >> 8 & 0xff;
    if ((ud_le32(words[0]) & 0xff) != UD_IMAGE_MAGIC || segments - 1 >= UD_IMAGE_MAX_SEGMENTS)
        return 0;
    for (words[1] = 0;; segments--) {
        position += sizeof words;
        if (ud_le32(words[1]) > flash->size - UD_FLASH_SECTOR - position)
            return 0;
        position += ud_le32(words[1]);
        if (segments == 0)
            return (position + 16) & ~(uint32_t)15;
        if (boot_read_bytes(flash, position, words, sizeof words) != UD_OK)
            return 0;
    }
}
