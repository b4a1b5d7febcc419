#include "firmware/settings.h"

#include "updraft/endian.h"
#include "updraft/hex.h"
#include "updraft/url.h"

#include <stddef.h>
#include <string.h>

#define SECONDS_MAX 86400u
#define WORD_BYTES  4u

#define AT(member)                                                                                 \
    .offset = offsetof(struct settings, member), .room = sizeof(((struct settings *)0)->member)

/* In the order they are shown in. */
const struct settings_field settings_fields[SETTINGS_FIELDS] = {
    {"name", "", SETTINGS_NAME, SETTINGS_LABEL, AT(name)},
    {"server", "", SETTINGS_SERVER, SETTINGS_URL, AT(server)},
    {"poll", "60", SETTINGS_POLL, SETTINGS_SECONDS, .least = 1, AT(poll_s)},
    {"trial", "on", SETTINGS_TRIAL, SETTINGS_SWITCH, AT(waits_for_server)},
    {"patience", "60", SETTINGS_PATIENCE, SETTINGS_SECONDS, AT(patience_s)},
    {"uploads", "0", SETTINGS_UPLOADS, SETTINGS_PORT, AT(upload_port)},
    {"page", "0", SETTINGS_PAGE, SETTINGS_PORT, AT(page_port)},
    {"user", "admin", SETTINGS_USER, SETTINGS_TEXT, AT(user)},
    {"password", "", SETTINGS_PASSWORD, SETTINGS_SECRET, AT(password)},
    {"sha256", "off", SETTINGS_SHA256, SETTINGS_SWITCH, AT(uses_sha256)},
    {"announce", "on", SETTINGS_ANNOUNCE, SETTINGS_SWITCH, AT(announces)},
    {"manifest", "off", SETTINGS_MANIFEST, SETTINGS_SWITCH, AT(wants_manifest)},
    {"product", "", SETTINGS_PRODUCT, SETTINGS_TEXT, AT(product)},
    {"pin", "", SETTINGS_PIN, SETTINGS_DIGEST, AT(pin)},
};

const struct settings_field *settings_field_named(const char *name, uint32_t length)
{
    for (uint32_t i = 0; i < SETTINGS_FIELDS; i++)
        if (strlen(settings_fields[i].name) == length &&
            memcmp(settings_fields[i].name, name, length) == 0)
            return &settings_fields[i];
    return NULL;
}

/* ---- A value as it is kept in an item ---- */

static bool is_alphanumeric(char character)
{
    const char lower = (char)(character | 0x20);

    return (character >= '0' && character <= '9') || (lower >= 'a' && lower <= 'z');
}

static bool is_label(const char *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (!is_alphanumeric(text[i]) && (text[i] != '-' || i == 0 || i == length - 1))
            return false;
    return true;
}

static bool is_printable(const uint8_t *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] == 0x7f)
            return false;
    return true;
}

static uint32_t number_limit(const struct settings_field *field)
{
    return field->kind == SETTINGS_SECONDS ? SECONDS_MAX
           : field->kind == SETTINGS_PORT  ? UINT16_MAX
                                           : 1;
}

static bool is_number_sound(const struct settings_field *field, const struct settings_item *item)
{
    if (item->length != WORD_BYTES)
        return false;
    const uint32_t number = ud_get_u32(item->bytes);
    return number >= field->least && number <= number_limit(field);
}

static bool is_text_sound(const struct settings_field *field, const struct settings_item *item)
{
    const char *text = (const char *)item->bytes;

    return item->length > 0 && item->length < field->room &&
           is_printable(item->bytes, item->length) &&
           (field->kind != SETTINGS_LABEL || is_label(text, item->length));
}

static bool is_sound(const struct settings_field *field, const struct settings_item *item)
{
    switch ((enum settings_kind)field->kind) {
    case SETTINGS_SECONDS:
    case SETTINGS_PORT:
    case SETTINGS_SWITCH:
        return is_number_sound(field, item);
    case SETTINGS_DIGEST:
        return item->length == field->room;
    case SETTINGS_TEXT:
    case SETTINGS_SECRET:
    case SETTINGS_LABEL:
    case SETTINGS_URL:
    default:
        return is_text_sound(field, item);
    }
}

/* ---- From text ---- */

static bool parse_number(const char *text, uint32_t limit, uint32_t *number)
{
    *number = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        const uint32_t digit = (uint32_t)(*text - '0');
        if (digit > 9 || digit > limit || *number > (limit - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return true;
}

static bool parse_switch(const char *text, uint32_t *number)
{
    *number = strcmp(text, "on") == 0;
    return *number != 0 || strcmp(text, "off") == 0;
}

/* The item's bytes for a text: in `value`, or the text itself. */
static bool parse(const struct settings_field *field, const char *text,
                  uint8_t value[UD_SHA256_SIZE], struct settings_item *item)
{
    struct ud_url url;
    uint32_t number;

    *item = (struct settings_item){.tag = field->tag, .length = WORD_BYTES, .bytes = value};
    switch ((enum settings_kind)field->kind) {
    case SETTINGS_SECONDS:
    case SETTINGS_PORT:
    case SETTINGS_SWITCH:
        if (field->kind == SETTINGS_SWITCH ? !parse_switch(text, &number)
                                           : !parse_number(text, number_limit(field), &number))
            return false;
        ud_put_u32(value, number);
        break;
    case SETTINGS_DIGEST:
        item->length = UD_SHA256_SIZE;
        if (strlen(text) != 2 * UD_SHA256_SIZE ||
            ud_hex_decode(text, value, UD_SHA256_SIZE) != UD_OK)
            return false;
        break;
    case SETTINGS_URL:
    case SETTINGS_TEXT:
    case SETTINGS_SECRET:
    case SETTINGS_LABEL:
    default:
        item->length = (uint32_t)strlen(text);
        item->bytes = (const uint8_t *)text;
        if (field->kind == SETTINGS_URL && ud_url_parse(text, &url) != UD_OK)
            return false;
        break;
    }
    return is_sound(field, item);
}

int settings_set(struct settings_record *record, const struct settings_field *field,
                 const char *text)
{
    uint8_t value[UD_SHA256_SIZE];
    struct settings_item item;

    if (*text != '\0' && !parse(field, text, value, &item))
        return UD_ERR_ARGUMENT;
    settings_record_remove(record, field->tag);
    return *text != '\0' ? settings_record_add(record, &item) : UD_OK;
}

/* ---- To the struct ---- */

static void take(const struct settings_field *field, const struct settings_item *item,
                 struct settings *settings)
{
    uint8_t *member = (uint8_t *)settings + field->offset;
    uint32_t number;

    memset(member, 0, field->room);
    switch ((enum settings_kind)field->kind) {
    case SETTINGS_SECONDS:
    case SETTINGS_PORT:
    case SETTINGS_SWITCH:
        number = ud_get_u32(item->bytes);
        memcpy(member, &number, sizeof number);
        break;
    case SETTINGS_DIGEST:
    case SETTINGS_TEXT:
    case SETTINGS_SECRET:
    case SETTINGS_LABEL:
    case SETTINGS_URL:
    default:
        memcpy(member, item->bytes, item->length);
        break;
    }
}

static void take_default(const struct settings_field *field, struct settings *settings)
{
    uint8_t value[UD_SHA256_SIZE];
    struct settings_item item;

    if (parse(field, field->initial, value, &item))
        take(field, &item, settings);
    else
        memset((uint8_t *)settings + field->offset, 0, field->room);
}

void settings_apply(const struct settings_record *record, struct settings *settings)
{
    struct settings_item item;

    for (uint32_t i = 0; i < SETTINGS_FIELDS; i++) {
        const struct settings_field *field = &settings_fields[i];
        if (!settings_record_find(record, field->tag, &item))
            continue;
        if (is_sound(field, &item))
            take(field, &item, settings);
        else
            take_default(field, settings);
    }
}

void settings_decode(const struct settings_record *record, struct settings *settings)
{
    for (uint32_t i = 0; i < SETTINGS_FIELDS; i++)
        take_default(&settings_fields[i], settings);
    settings_apply(record, settings);
}

/* ---- To text ---- */

static void show_number(uint32_t number, char text[SETTINGS_TEXT_MAX])
{
    char digits[10];
    uint32_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count != 0)
        *text++ = digits[--count];
    *text = '\0';
}

static bool is_zero(const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

const char *settings_show(const struct settings *settings, const struct settings_field *field,
                          char text[SETTINGS_TEXT_MAX])
{
    const uint8_t *member = (const uint8_t *)settings + field->offset;
    uint32_t number;

    text[0] = '\0';
    switch ((enum settings_kind)field->kind) {
    case SETTINGS_SECONDS:
    case SETTINGS_PORT:
        memcpy(&number, member, sizeof number);
        show_number(number, text);
        break;
    case SETTINGS_SWITCH:
        memcpy(&number, member, sizeof number);
        strcpy(text, number != 0 ? "on" : "off");
        break;
    case SETTINGS_SECRET:
        strcpy(text, *member != '\0' ? "(set)" : "");
        break;
    case SETTINGS_DIGEST:
        if (!is_zero(member, field->room))
            ud_hex_encode(member, field->room, text);
        break;
    case SETTINGS_TEXT:
    case SETTINGS_LABEL:
    case SETTINGS_URL:
    default:
        memcpy(text, member, field->room);
        break;
    }
    return text;
}
