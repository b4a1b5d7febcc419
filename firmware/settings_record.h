/* The record a device's settings are kept in: items, each a tag and bytes, in one of two
 * sectors that are written in turn. Power that goes while one is written leaves the other.
 *
 *   +00 u32 magic    54455355 ("USET")
 *   +04 u32 crc      reflected CRC-32 of what follows, items included
 *   +08 u16 version  2
 *   +0A u16 length   bytes of items
 *   +0C u32 number   of the save, counted from 0; of two sound records the later one counts
 *   +10     items    u16 tag, u16 length, bytes, zeros up to a whole word
 *
 * All numbers are little-endian. Save n is in sector n % 2: the EEPROM sector, or the last
 * but three of the file system's (SETTINGS_RESERVED). Items with tags that are not known
 * are kept; with the same tag there may be several.
 */
#ifndef FIRMWARE_SETTINGS_RECORD_H
#define FIRMWARE_SETTINGS_RECORD_H

#include "updraft/flash.h"
#include "updraft/layout.h"

#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_MAGIC   0x54455355u
#define SETTINGS_VERSION 2u
#define SETTINGS_HEAD    16u
#define SETTINGS_LIMIT   (UD_FLASH_SECTOR - SETTINGS_HEAD) /* bytes of items */
#define SETTINGS_SECTORS 2u
#define SETTINGS_RESERVED                                                                          \
    (4u * UD_FLASH_SECTOR) /* at the file system's end: the second sector,                         \
                            * one unused, the key ring's two */

/* Where on a chip. */
struct settings_place {
    uint32_t sectors[SETTINGS_SECTORS]; /* addresses */
    uint32_t key_ring;                  /* of UD_KEYS_SECTORS sectors */
    struct ud_layout layout;            /* what is left for files */
};

/* UD_ERR_ARGUMENT for a flash size that no chip has. */
UD_MUST_CHECK int settings_find_place(uint32_t flash_size, struct settings_place *place);

/* A record in memory of the caller's. */
struct settings_record {
    uint8_t *bytes;  /* the head and items, word-aligned */
    uint32_t length; /* of items */
    uint32_t limit;  /* bytes of items there is room for */
    uint32_t number; /* of the next save */
};

/* Reads the record that counts into UD_FLASH_SECTOR bytes; one without items when there is
 * none. UD_ERR_FLASH_READ. */
UD_MUST_CHECK int settings_record_load(const struct ud_flash *flash,
                                       const struct settings_place *place, uint8_t *bytes,
                                       struct settings_record *record);

/* Writes it; until that is done, the one before counts. UD_ERR_FLASH_*. */
UD_MUST_CHECK int settings_record_save(const struct ud_flash *flash,
                                       const struct settings_place *place,
                                       struct settings_record *record);

/* One item, in its record. */
struct settings_item {
    uint16_t tag;
    uint32_t length;
    const uint8_t *bytes;
};

/* The item at *offset, which moves behind it; begins at 0. False: there is none. */
bool settings_record_next(const struct settings_record *record, uint32_t *offset,
                          struct settings_item *item);

/* The first with that tag. False: there is none. */
bool settings_record_find(const struct settings_record *record, uint16_t tag,
                          struct settings_item *item);

/* Removes all items with that tag. */
void settings_record_remove(struct settings_record *record, uint16_t tag);

/* Adds an item, whose bytes are copied. UD_ERR_SPACE. */
UD_MUST_CHECK int settings_record_add(struct settings_record *record,
                                      const struct settings_item *item);

#endif
