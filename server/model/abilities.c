#include "server/model/abilities.h"

#include "host/number.h"
#include "updraft/hex.h"

#include <stdio.h>
#include <string.h>

#define ID_DIGITS (2u * UD_KEY_ID_SIZE)

_Static_assert(ABILITIES_SIZE > sizeof "gzip retry chip=65535 ring=4294967295 keys=" +
                                    DEVICE_KEYS_MAX * (ID_DIGITS + 1),
               "room for all there can be");

/* The id that comes `count` others after the first. */
static bool take_key(const char *digits, size_t count, struct device_abilities *abilities)
{
    uint8_t id[UD_KEY_ID_SIZE];

    if (ud_hex_decode(digits, id, UD_KEY_ID_SIZE) != UD_OK)
        return false;
    if (count < DEVICE_KEYS_MAX) {
        memcpy(abilities->keys[count], id, UD_KEY_ID_SIZE);
        abilities->key_count = (uint8_t)(count + 1);
    } else {
        memset(abilities->keys, 0, sizeof abilities->keys);
        abilities->key_count = 0;
    }
    return true;
}

static bool parse_keys(const char *ids, size_t length, struct device_abilities *abilities)
{
    abilities->verifies = true;
    for (size_t count = 0; length >= ID_DIGITS; count++) {
        if (!take_key(ids, count, abilities))
            return false;
        if (length == ID_DIGITS)
            return true;
        if (ids[ID_DIGITS] != ',')
            return false;
        ids += ID_DIGITS + 1;
        length -= ID_DIGITS + 1;
        if (length == 0)
            return false;
    }
    return length == 0;
}

static bool parse_chip(const char *digits, size_t length, struct device_abilities *abilities)
{
    uint64_t number = 0;

    abilities->has_chip = number_read(digits, length, UINT16_MAX, &number);
    abilities->chip = (uint16_t)number;
    return abilities->has_chip;
}

static bool parse_ring(const char *digits, size_t length, struct device_abilities *abilities)
{
    uint64_t number = 0;

    abilities->has_ring = number_read(digits, length, UINT32_MAX, &number);
    abilities->ring = (uint32_t)number;
    return abilities->has_ring;
}

static bool parse_item(const char *item, size_t length, struct device_abilities *abilities)
{
    if (length == 4 && memcmp(item, "gzip", 4) == 0)
        abilities->takes_gzip = true;
    else if (length == 5 && memcmp(item, "retry", 5) == 0)
        abilities->takes_retry = true;
    else if (length >= 5 && memcmp(item, "chip=", 5) == 0)
        return parse_chip(item + 5, length - 5, abilities);
    else if (length >= 5 && memcmp(item, "ring=", 5) == 0)
        return parse_ring(item + 5, length - 5, abilities);
    else if (length >= 5 && memcmp(item, "keys=", 5) == 0)
        return parse_keys(item + 5, length - 5, abilities);
    return true;
}

bool abilities_parse(const char *text, struct device_abilities *abilities)
{
    memset(abilities, 0, sizeof *abilities);
    while (*text != '\0') {
        const size_t length = strcspn(text, " ");
        if (!parse_item(text, length, abilities)) {
            memset(abilities, 0, sizeof *abilities);
            return false;
        }
        abilities->is_told = true;
        text += length;
        text += strspn(text, " ");
    }
    return true;
}

const char *device_chip_name(const struct device_facts *facts)
{
    const struct ud_image_header header = {.chip = facts->chip, .chip_id = facts->abilities.chip};

    return facts->chip == UD_CHIP_UNKNOWN ? NULL : ud_image_chip_name(&header);
}

const char *abilities_format(const struct device_abilities *abilities, char text[ABILITIES_SIZE])
{
    char *at = text;

    *at = '\0';
    if (!abilities->is_told)
        return text;
    at += sprintf(at, "%s", abilities->takes_gzip ? "gzip" : "none");
    if (abilities->takes_retry)
        at += sprintf(at, " retry");
    if (abilities->has_chip)
        at += sprintf(at, " chip=%u", abilities->chip);
    if (abilities->has_ring)
        at += sprintf(at, " ring=%u", abilities->ring);
    if (abilities->verifies)
        at += sprintf(at, " keys=");
    for (uint8_t i = 0; i < abilities->key_count; i++) {
        if (i > 0)
            *at++ = ',';
        ud_hex_encode(abilities->keys[i], UD_KEY_ID_SIZE, at);
        at += ID_DIGITS;
    }
    return text;
}
