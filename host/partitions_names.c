#include "host/partitions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct type_row {
    const char *name;
    uint8_t type;
} types[] = {
    {"app", UD_TYPE_APP},
    {"data", UD_TYPE_DATA},
    {"bootloader", UD_TYPE_BOOTLOADER},
    {"partition_table", UD_TYPE_TABLE},
};

/* OTA slots are made from their number. */
static const struct partition_subtype subtypes[] = {
    {UD_TYPE_APP, 0x00, "factory"},      {UD_TYPE_APP, 0x20, "test"},
    {UD_TYPE_APP, 0x30, "tee_0"},        {UD_TYPE_APP, 0x31, "tee_1"},
    {UD_TYPE_DATA, 0x00, "ota"},         {UD_TYPE_DATA, 0x01, "phy"},
    {UD_TYPE_DATA, 0x02, "nvs"},         {UD_TYPE_DATA, 0x03, "coredump"},
    {UD_TYPE_DATA, 0x04, "nvs_keys"},    {UD_TYPE_DATA, 0x05, "efuse"},
    {UD_TYPE_DATA, 0x06, "undefined"},   {UD_TYPE_DATA, 0x80, "esphttpd"},
    {UD_TYPE_DATA, 0x81, "fat"},         {UD_TYPE_DATA, 0x82, "spiffs"},
    {UD_TYPE_DATA, 0x83, "littlefs"},    {UD_TYPE_DATA, 0x90, "tee_ota"},
    {UD_TYPE_BOOTLOADER, 0, "primary"},  {UD_TYPE_BOOTLOADER, 1, "ota"},
    {UD_TYPE_BOOTLOADER, 2, "recovery"}, {UD_TYPE_TABLE, 0, "primary"},
    {UD_TYPE_TABLE, 1, "ota"},
};

#define TYPES    (sizeof types / sizeof types[0])
#define SUBTYPES (sizeof subtypes / sizeof subtypes[0])

static const char *const slot_names[UD_MAX_SLOTS] = {
    "ota_0", "ota_1", "ota_2",  "ota_3",  "ota_4",  "ota_5",  "ota_6",  "ota_7",
    "ota_8", "ota_9", "ota_10", "ota_11", "ota_12", "ota_13", "ota_14", "ota_15",
};

const char *partition_type_name(uint8_t type)
{
    return type < TYPES ? types[type].name : NULL;
}

static const char *find_name(const struct partition_subtype *rows, size_t count, uint8_t type,
                             uint8_t subtype)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].type == type && rows[i].subtype == subtype)
            return rows[i].name;
    return NULL;
}

const char *partition_subtype_name(const struct partitions_rules *rules, uint8_t type,
                                   uint8_t subtype)
{
    if (type == UD_TYPE_APP && (uint8_t)(subtype - UD_APP_OTA_0) < UD_MAX_SLOTS)
        return slot_names[subtype - UD_APP_OTA_0];
    const char *name = find_name(subtypes, SUBTYPES, type, subtype);
    return name ? name : find_name(rules->subtypes, rules->subtype_count, type, subtype);
}

bool partition_type_of(const char *word, uint8_t *type)
{
    for (size_t i = 0; i < TYPES; i++)
        if (strcasecmp(types[i].name, word) == 0) {
            *type = types[i].type;
            return true;
        }
    return false;
}

static bool find_subtype(const struct partition_subtype *rows, size_t count, uint8_t type,
                         const char *word, uint8_t *subtype)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].type == type && strcasecmp(rows[i].name, word) == 0) {
            *subtype = rows[i].subtype;
            return true;
        }
    return false;
}

bool partition_subtype_of(const struct partitions_rules *rules, uint8_t type, const char *word,
                          uint8_t *subtype)
{
    for (uint8_t i = 0; type == UD_TYPE_APP && i < UD_MAX_SLOTS; i++)
        if (strcasecmp(slot_names[i], word) == 0) {
            *subtype = (uint8_t)(UD_APP_OTA_0 + i);
            return true;
        }
    return find_subtype(subtypes, SUBTYPES, type, word, subtype) ||
           find_subtype(rules->subtypes, rules->subtype_count, type, word, subtype);
}

static void add_word(char *out, size_t size, const char *word)
{
    const size_t length = strlen(out);

    snprintf(out + length, size - length, "%s%s", length ? ", " : "", word);
}

/* type < 0: the types themselves. */
char *partition_words(const struct partitions_rules *rules, int type, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; type < 0 && i < TYPES; i++)
        add_word(out, size, types[i].name);
    for (size_t i = 0; i < SUBTYPES; i++)
        if (subtypes[i].type == type)
            add_word(out, size, subtypes[i].name);
    if (type == UD_TYPE_APP)
        add_word(out, size, "ota_0 to ota_15");
    for (size_t i = 0; i < rules->subtype_count; i++)
        if (rules->subtypes[i].type == type)
            add_word(out, size, rules->subtypes[i].name);
    if (!out[0])
        snprintf(out, size, "none, a number is wanted");
    return out;
}

/* ---- Numbers ---- */

static int digit_of(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return isalpha((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : 99;
}

/* As Python's int(text, 0) has it: 0x, 0o and 0b, single underscores between digits, and
 * no decimal number that begins with 0. */
static bool parse_digits(const char *text, size_t length, int64_t *value)
{
    int base = 10;
    bool was_digit = false;

    if (length > 1 && text[0] == '0') {
        const char letter = (char)tolower((unsigned char)text[1]);
        base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
        if (base != 10) {
            text += 2;
            length -= 2;
            was_digit = true; /* 0x_10 is a number */
        } else if (strspn(text, "0_") < length) {
            return false;
        }
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '_') {
            if (!was_digit)
                return false;
            was_digit = false;
            continue;
        }
        const int digit = digit_of(text[i]);
        if (digit >= base)
            return false;
        *value = *value * base + digit;
        if (*value > INT64_C(0xffffffffff))
            return false;
        was_digit = true;
    }
    return was_digit && length > 0;
}

bool partition_number(const char *text, int64_t *value)
{
    size_t length = strlen(text);
    int64_t factor = 1;
    const bool is_negative = text[0] == '-';

    /* Suffixes multiply each other. */
    while (length > 0 && strchr("kKmM", text[length - 1])) {
        factor *= tolower((unsigned char)text[length - 1]) == 'k' ? 1024 : 1024 * 1024;
        length--;
        if (factor > INT64_C(1) << 32)
            return false;
    }
    if (length > 0 && (text[0] == '-' || text[0] == '+')) {
        text++;
        length--;
    }
    *value = 0;
    if (!parse_digits(text, length, value) || *value > INT64_C(0xffffffff) / factor)
        return false;
    *value *= is_negative ? -factor : factor;
    return true;
}

bool partition_subtype_parse(const char *text, struct partition_subtype *subtype)
{
    char type[32];
    char number[32];
    int64_t value;

    if (sscanf(text, " %31[^, ] , %31[^, =] %*1[,=] %31s", type, subtype->name, number) != 3)
        return false;
    if (!partition_type_of(type, &subtype->type) || !partition_number(number, &value) ||
        value < 0 || value > UINT8_MAX)
        return false;
    subtype->subtype = (uint8_t)value;
    return true;
}
