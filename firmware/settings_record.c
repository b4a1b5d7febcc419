#include "firmware/settings_record.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <string.h>

#define AT_CRC     4u
#define AT_VERSION 8u /* what the CRC is over begins here */
#define AT_LENGTH  10u
#define AT_NUMBER  12u

#define ITEM_HEAD 4u
#define ITEM_MAX  UINT16_MAX

/* ---- Places ---- */

int settings_find_place(uint32_t flash_size, struct settings_place *place)
{
    const int error = ud_layout_auto(flash_size, UD_MAP_OTA_FS, &place->layout);

    if (error != UD_OK)
        return error;
    place->key_ring = place->layout.fs_end - 2 * UD_FLASH_SECTOR;
    place->layout.fs_end -= SETTINGS_RESERVED;
    place->sectors[0] = place->layout.eeprom;
    place->sectors[1] = place->layout.fs_end;
    return UD_OK;
}

/* ---- Items ---- */

static uint32_t padded(uint32_t length)
{
    return (length + UD_FLASH_WORD - 1) & ~(UD_FLASH_WORD - 1);
}

bool settings_record_next(const struct settings_record *record, uint32_t *offset,
                          struct settings_item *item)
{
    const uint8_t *bytes = record->bytes + SETTINGS_HEAD + *offset;
    const uint32_t left = record->length - *offset;

    if (left < ITEM_HEAD || padded(ud_get_u16(bytes + 2)) > left - ITEM_HEAD)
        return false;
    item->tag = ud_get_u16(bytes);
    item->length = ud_get_u16(bytes + 2);
    item->bytes = bytes + ITEM_HEAD;
    *offset += ITEM_HEAD + padded(item->length);
    return true;
}

bool settings_record_find(const struct settings_record *record, uint16_t tag,
                          struct settings_item *item)
{
    uint32_t offset = 0;

    while (settings_record_next(record, &offset, item))
        if (item->tag == tag)
            return true;
    return false;
}

void settings_record_remove(struct settings_record *record, uint16_t tag)
{
    struct settings_item item;
    uint32_t start = 0;
    uint32_t end = 0;

    while (settings_record_next(record, &end, &item)) {
        if (item.tag == tag) {
            uint8_t *items = record->bytes + SETTINGS_HEAD;
            memmove(items + start, items + end, record->length - end);
            record->length -= end - start;
            end = start;
        }
        start = end;
    }
}

int settings_record_add(struct settings_record *record, const struct settings_item *item)
{
    uint8_t *bytes = record->bytes + SETTINGS_HEAD + record->length;
    const uint32_t left = record->limit - record->length;

    if (item->length > ITEM_MAX || left < ITEM_HEAD || padded(item->length) > left - ITEM_HEAD)
        return UD_ERR_SPACE;
    ud_put_u16(bytes, item->tag);
    ud_put_u16(bytes + 2, (uint16_t)item->length);
    memset(bytes + ITEM_HEAD, 0, padded(item->length));
    memcpy(bytes + ITEM_HEAD, item->bytes, item->length);
    record->length += ITEM_HEAD + padded(item->length);
    return UD_OK;
}

/* ---- The record in flash ---- */

static uint32_t crc_of(const uint8_t *bytes, uint32_t length)
{
    return ud_crc32_reflected(0, bytes + AT_VERSION, SETTINGS_HEAD - AT_VERSION + length);
}

/* Items fill it to the last byte, or it is none. */
static bool are_items_whole(const struct settings_record *record)
{
    struct settings_item item;
    uint32_t offset = 0;

    while (settings_record_next(record, &offset, &item))
        continue;
    return offset == record->length;
}

/* The record these bytes are; number is its own. */
static bool decode(uint8_t *bytes, struct settings_record *record)
{
    *record = (struct settings_record){
        .bytes = bytes,
        .length = ud_get_u16(bytes + AT_LENGTH),
        .limit = SETTINGS_LIMIT,
        .number = ud_get_u32(bytes + AT_NUMBER),
    };
    return ud_get_u32(bytes) == SETTINGS_MAGIC &&
           ud_get_u16(bytes + AT_VERSION) == SETTINGS_VERSION && record->length <= SETTINGS_LIMIT &&
           ud_get_u32(bytes + AT_CRC) == crc_of(bytes, record->length) && are_items_whole(record);
}

static int read_sector(const struct ud_flash *flash, uint32_t address, uint8_t *bytes,
                       struct settings_record *record, bool *is_sound)
{
    const int error = ud_flash_read(flash, address, bytes, UD_FLASH_SECTOR);

    *is_sound = error == UD_OK && decode(bytes, record);
    return error;
}

int settings_record_load(const struct ud_flash *flash, const struct settings_place *place,
                         uint8_t *bytes, struct settings_record *record)
{
    struct settings_record second;
    bool is_first_sound;
    bool is_second_sound;
    int error = read_sector(flash, place->sectors[0], bytes, record, &is_first_sound);

    if (error == UD_OK)
        error = read_sector(flash, place->sectors[1], bytes, &second, &is_second_sound);
    if (error != UD_OK)
        return error;
    const bool is_later = !is_first_sound || (int32_t)(second.number - record->number) > 0;
    if (is_second_sound && is_later)
        *record = second;
    else if (is_first_sound)
        error = read_sector(flash, place->sectors[0], bytes, record, &is_first_sound);
    else
        *record = (struct settings_record){.bytes = bytes, .limit = SETTINGS_LIMIT};
    if (is_first_sound || is_second_sound)
        record->number++;
    return error;
}

int settings_record_save(const struct ud_flash *flash, const struct settings_place *place,
                         struct settings_record *record)
{
    const uint32_t address = place->sectors[record->number % SETTINGS_SECTORS];
    uint8_t *bytes = record->bytes;

    ud_put_u32(bytes, SETTINGS_MAGIC);
    ud_put_u16(bytes + AT_VERSION, SETTINGS_VERSION);
    ud_put_u16(bytes + AT_LENGTH, (uint16_t)record->length);
    ud_put_u32(bytes + AT_NUMBER, record->number);
    ud_put_u32(bytes + AT_CRC, crc_of(bytes, record->length));
    int error = ud_flash_erase_sector(flash, address);
    if (error == UD_OK)
        error = ud_flash_program(flash, address, bytes, SETTINGS_HEAD + record->length);
    if (error == UD_OK)
        record->number++;
    return error;
}
