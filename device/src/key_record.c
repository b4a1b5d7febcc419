#include "keys_internal.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <string.h>

#define MAGIC       0x726b4455u /* "UDkr" */
#define VERSION     1u
#define LENGTH_MAX  (UD_FLASH_SECTOR - UD_KEY_RECORD_HEAD)
#define PIECE_WORDS 16u

/* Words of a record's head. */
enum { HEAD_MAGIC, HEAD_LENGTH, HEAD_NUMBER, HEAD_CRC, HEAD_WORDS };

static uint32_t sector_of(const struct ud_keys *keys, uint32_t number)
{
    return keys->config.address + number % UD_KEYS_SECTORS * UD_FLASH_SECTOR;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- reading ---- */

static bool is_entry_sound(uint32_t type, uint32_t length)
{
    return type == UD_KEY_ADDED ? length > 0 && length <= UD_KEY_DER_MAX
                                : type == UD_KEY_REVOKED && length == UD_KEY_ID_SIZE;
}

bool ud_key_record_next(const struct ud_keys *keys, uint32_t *offset, struct ud_key_entry *entry,
                        int *error)
{
    uint32_t head;

    if (*offset == keys->length)
        return false;
    *error = ud_flash_read(keys->config.flash, keys->entries + *offset, &head, sizeof head);
    if (*error != UD_OK)
        return false;
    head = ud_le32(head);
    entry->type = head & 0xffff;
    entry->length = head >> 16;
    entry->address = keys->entries + *offset + UD_KEY_ENTRY_HEAD;
    if (!is_entry_sound(entry->type, entry->length) ||
        ud_key_entry_size(entry->length) > keys->length - *offset) {
        *error = UD_ERR_KEY_UPDATE;
        return false;
    }
    *offset += ud_key_entry_size(entry->length);
    return true;
}

/* Continues a CRC over flash. */
static int cover(const struct ud_keys *keys, uint32_t address, uint32_t length, uint32_t *crc)
{
    uint32_t piece[PIECE_WORDS];

    while (length > 0) {
        const uint32_t part = least(length, sizeof piece);
        const int error = ud_flash_read(keys->config.flash, address, piece, part);
        if (error != UD_OK)
            return error;
        *crc = ud_crc32_forward(*crc, piece, part);
        address += part;
        length -= part;
    }
    return UD_OK;
}

static uint32_t crc_of_head(const uint32_t *head)
{
    return ud_crc32_forward(UD_CRC32_FORWARD_START, &head[HEAD_LENGTH], 2 * sizeof *head);
}

/* Takes over the record of a sector, if one is there that is sound and newer. */
static int load_sector(struct ud_keys *keys, uint32_t address)
{
    struct ud_keys found = {.config = keys->config, .entries = address + UD_KEY_RECORD_HEAD};
    uint32_t head[HEAD_WORDS];
    struct ud_key_entry entry;
    uint32_t offset = 0;
    int error = ud_flash_read(keys->config.flash, address, head, sizeof head);

    if (error != UD_OK)
        return error;
    found.length = ud_le32(head[HEAD_LENGTH]) >> 16;
    found.number = ud_le32(head[HEAD_NUMBER]);
    if (ud_le32(head[HEAD_MAGIC]) != MAGIC || (ud_le32(head[HEAD_LENGTH]) & 0xffff) != VERSION ||
        found.length > LENGTH_MAX || found.number <= keys->number)
        return UD_OK;
    uint32_t crc = crc_of_head(head);
    error = cover(keys, found.entries, found.length, &crc);
    if (error != UD_OK || crc != ud_le32(head[HEAD_CRC]))
        return error;
    while (ud_key_record_next(&found, &offset, &entry, &error))
        ;
    if (error == UD_OK)
        *keys = found;
    return error == UD_ERR_KEY_UPDATE ? UD_OK : error;
}

int ud_key_record_load(struct ud_keys *keys)
{
    struct ud_keys found = {.config = keys->config};
    int error = UD_OK;

    for (uint32_t sector = 0; error == UD_OK && sector < UD_KEYS_SECTORS; sector++)
        error = load_sector(&found, sector_of(keys, sector));
    if (error == UD_OK)
        *keys = found;
    return error;
}

/* ---- writing ---- */

/* A record on its way to flash. */
struct writer {
    const struct ud_flash *flash;
    uint32_t address; /* of the next byte */
    uint32_t crc;
};

static int put(struct writer *writer, const uint32_t *words, uint32_t length)
{
    const int error = ud_flash_program(writer->flash, writer->address, words, length);

    writer->crc = ud_crc32_forward(writer->crc, words, length);
    writer->address += length;
    return error;
}

/* Puts `length` bytes of flash and zeros up to a whole word. */
static int copy(struct writer *writer, const struct ud_flash *flash, uint32_t address,
                uint32_t length)
{
    uint32_t piece[PIECE_WORDS];
    int error = UD_OK;

    while (error == UD_OK && length > 0) {
        const uint32_t part = least(length, sizeof piece);
        memset(piece, 0, sizeof piece);
        error = ud_flash_read(flash, address, piece, part);
        if (error == UD_OK)
            error = put(writer, piece, (part + UD_FLASH_WORD - 1) & ~(UD_FLASH_WORD - 1));
        address += part;
        length -= part;
    }
    return error;
}

static int put_entries(struct writer *writer, const struct ud_keys *keys,
                       const struct ud_key_change *change)
{
    const struct ud_flash *flash = keys->config.flash;
    const struct ud_key_entry *entry = &change->entry;
    const uint32_t head = ud_le32((uint32_t)entry->type | entry->length << 16);
    const uint32_t behind = change->drop + change->drop_size;
    int error = copy(writer, flash, keys->entries, change->drop);

    if (error == UD_OK)
        error = copy(writer, flash, keys->entries + behind, keys->length - behind);
    if (error == UD_OK)
        error = put(writer, &head, sizeof head);
    return error == UD_OK ? copy(writer, change->flash, entry->address, entry->length) : error;
}

int ud_key_record_write(struct ud_keys *keys, const struct ud_key_change *change)
{
    const uint32_t number = keys->number + 1;
    const uint32_t sector = sector_of(keys, number);
    const uint32_t length =
        keys->length - change->drop_size + ud_key_entry_size(change->entry.length);
    uint32_t head[HEAD_WORDS] = {ud_le32(MAGIC), ud_le32(VERSION | length << 16), ud_le32(number)};
    struct writer writer = {
        keys->config.flash,
        sector + UD_KEY_RECORD_HEAD,
        crc_of_head(head),
    };

    if (length > LENGTH_MAX)
        return UD_ERR_SPACE;
    int error = ud_flash_erase_sector(keys->config.flash, sector);
    if (error == UD_OK)
        error = put_entries(&writer, keys, change);
    head[HEAD_CRC] = ud_le32(writer.crc);
    if (error == UD_OK)
        error = ud_flash_program(keys->config.flash, sector, head, sizeof head);
    if (error == UD_OK)
        error = ud_key_record_load(keys);
    return error == UD_OK && keys->number != number ? UD_ERR_FLASH_WRITE : error;
}
