/* A device's settings in flash, of any content, and texts for them. The input is items
 * with a sound head before them, or both sectors as they are. */
#include "fuzz.h"

#include "firmware/settings.h"
#include "ram_flash.h"
#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <string.h>

#define INPUT_MAX (2 * UD_FLASH_SECTOR)
#define CHIP      (1u << 20)

static void put_items(uint8_t *sector, const uint8_t *data, uint32_t size)
{
    const uint32_t length = size < SETTINGS_LIMIT ? size & ~3u : SETTINGS_LIMIT;

    ud_put_u32(sector, SETTINGS_MAGIC);
    ud_put_u32(sector + 8, SETTINGS_VERSION | length << 16);
    ud_put_u32(sector + 12, 0);
    memcpy(sector + SETTINGS_HEAD, data, length);
    ud_put_u32(sector + 4, ud_crc32_reflected(0, sector + 8, SETTINGS_HEAD - 8 + length));
}

static void require_inside(const struct settings_record *record)
{
    struct settings_item item;

    require(record->length <= record->limit && record->length <= SETTINGS_LIMIT);
    for (uint32_t offset = 0; settings_record_next(record, &offset, &item);)
        require(item.bytes >= record->bytes + SETTINGS_HEAD &&
                item.bytes + item.length <= record->bytes + SETTINGS_HEAD + record->length);
}

/* Every setting has a text, and that text says the same again. */
static void require_texts(struct settings_record *record)
{
    static struct settings settings, again;
    char text[SETTINGS_TEXT_MAX];

    memset(&settings, 0, sizeof settings);
    settings_decode(record, &settings);
    for (uint32_t i = 0; i < SETTINGS_FIELDS; i++) {
        const struct settings_field *field = &settings_fields[i];
        settings_show(&settings, field, text);
        require(memchr(text, '\0', sizeof text) != NULL);
        for (const char *at = text; *at != '\0'; at++)
            require((unsigned char)*at >= ' ');
        if (field->kind != SETTINGS_SECRET)
            (void)!settings_set(record, field, text);
    }
    require_inside(record);
    memset(&again, 0, sizeof again);
    settings_decode(record, &again);
    require(strcmp(settings.server, again.server) == 0 && strcmp(settings.name, again.name) == 0);
    require(settings.poll_s == again.poll_s && settings.upload_port == again.upload_port);
}

static void set_each(struct settings_record *record, const uint8_t *data, uint32_t size)
{
    char text[SETTINGS_TEXT_MAX + 8];
    const uint32_t length = size < sizeof text ? size : sizeof text - 1;
    const struct settings_field *field = &settings_fields[data[0] % SETTINGS_FIELDS];

    memcpy(text, data, length);
    text[length] = '\0';
    (void)!settings_set(record, field, text);
    require_inside(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ram_flash flash;
    static uint32_t words[UD_FLASH_SECTOR / 4];
    struct settings_record record;
    struct settings_place place;

    if (size < 2 || size > INPUT_MAX)
        return 0;
    if (flash.bytes == NULL)
        require(ram_flash_init(&flash, CHIP) == 0);
    require(settings_find_place(CHIP, &place) == UD_OK);
    for (uint32_t i = 0; i < SETTINGS_SECTORS; i++)
        memset(flash.bytes + place.sectors[i], 0xff, UD_FLASH_SECTOR);
    if (data[0] & 1) {
        const uint32_t half = (uint32_t)size / 2;
        memcpy(flash.bytes + place.sectors[0], data, half);
        memcpy(flash.bytes + place.sectors[1], data + half, (uint32_t)size - half);
    } else {
        put_items(flash.bytes + place.sectors[0], data + 1, (uint32_t)size - 1);
    }
    require(settings_record_load(&flash.port, &place, (uint8_t *)words, &record) == UD_OK);
    require_inside(&record);
    require_texts(&record);
    set_each(&record, data, (uint32_t)size);
    require(settings_record_save(&flash.port, &place, &record) == UD_OK);
    require(flash.violations == 0);
    return 0;
}
