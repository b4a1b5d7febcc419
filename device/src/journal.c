#include "updraft/journal.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"
#include "updraft/image.h"

static uint32_t crc_of(const uint32_t *words)
{
    return ud_le32(
        ud_crc32_forward(UD_CRC32_FORWARD_START, words, UD_JOURNAL_ORDER_CRC * UD_FLASH_WORD));
}

void ud_journal_seal(uint32_t words[UD_JOURNAL_ORDER_WORDS], uint32_t magic)
{
    words[UD_JOURNAL_WORD_MAGIC] = ud_le32(magic);
    words[UD_JOURNAL_ORDER_CRC] = crc_of(words);
}

bool ud_journal_is_sealed(const uint32_t words[UD_JOURNAL_ORDER_WORDS], uint32_t magic)
{
    return words[UD_JOURNAL_WORD_MAGIC] == ud_le32(magic) &&
           words[UD_JOURNAL_ORDER_CRC] == crc_of(words);
}

int ud_journal_find(const struct ud_flash *flash, uint32_t *address)
{
    uint8_t header[UD_FLASH_WORD];

    if (flash->read(flash->ctx, 0, header, sizeof header) != 0)
        return UD_ERR_FLASH_READ;
    const uint32_t size = ud_image_flash_size(UD_CHIP_ESP8266, header[3] >> 4);
    if (size == 0 || size > flash->size)
        return UD_ERR_FLASH_CONFIG;
    *address = size - UD_JOURNAL_OFFSET;
    return UD_OK;
}

int ud_journal_load(const struct ud_flash *flash, struct ud_journal_order *order)
{
    uint32_t words[UD_JOURNAL_ORDER_WORDS];
    uint32_t address;
    const int error = ud_journal_find(flash, &address);

    if (error != UD_OK)
        return error;
    if (flash->read(flash->ctx, address, words, sizeof words) != 0)
        return UD_ERR_FLASH_READ;
    if (!ud_journal_is_sealed(words, UD_JOURNAL_MAGIC))
        return UD_ERR_STATE;
    *order = (struct ud_journal_order){
        ud_le32(words[UD_JOURNAL_SOURCE]),
        ud_le32(words[UD_JOURNAL_DESTINATION]),
        ud_le32(words[UD_JOURNAL_SIZE]),
    };
    return UD_OK;
}

int ud_journal_order(const struct ud_flash *flash, const struct ud_journal_order *order)
{
    uint32_t words[UD_JOURNAL_ORDER_WORDS] = {
        0, ud_le32(order->source), ud_le32(order->destination), ud_le32(order->size), 0,
    };
    uint32_t address;
    const int error = ud_journal_find(flash, &address);

    if (error != UD_OK)
        return error;
    ud_journal_seal(words, UD_JOURNAL_MAGIC);
    if (flash->erase(flash->ctx, address, UD_FLASH_SECTOR) != 0)
        return UD_ERR_FLASH_ERASE;
    return flash->program(flash->ctx, address, words, sizeof words) == 0 ? UD_OK
                                                                         : UD_ERR_FLASH_WRITE;
}

int ud_journal_clear(const struct ud_flash *flash)
{
    static const uint32_t zeros[UD_JOURNAL_HEAD_WORDS - UD_JOURNAL_SOURCE];
    uint32_t address;
    const int error = ud_journal_find(flash, &address);

    if (error != UD_OK)
        return error;
    if (flash->program(flash->ctx, address + UD_JOURNAL_SOURCE * UD_FLASH_WORD, zeros,
                       sizeof zeros) != 0)
        return UD_ERR_FLASH_WRITE;
    return flash->erase(flash->ctx, address, UD_FLASH_SECTOR) == 0 ? UD_OK : UD_ERR_FLASH_ERASE;
}
