#include "server/model/abilities.h"

#include "updraft/hex.h"

#include <stdio.h>
#include <string.h>

#define ID_DIGITS (2u * UD_KEY_ID_SIZE)

_Static_assert(ABILITIES_SIZE > sizeof "gzip keys=" + DEVICE_KEYS_MAX * (ID_DIGITS + 1),
               "room for all there can be");

static bool add_key(const char *digits, struct device_abilities *abilities)
{
    uint8_t bytes[UD_KEY_ID_SIZE];

    if (ud_hex_decode(digits, bytes, UD_KEY_ID_SIZE) != UD_OK)
        return false;
    if (abilities->key_count < DEVICE_KEYS_MAX)
        memcpy(abilities->keys[abilities->key_count++], bytes, UD_KEY_ID_SIZE);
    return true;
}

static bool parse_keys(const char *ids, size_t length, struct device_abilities *abilities)
{
    abilities->verifies = true;
    while (length >= ID_DIGITS) {
        if (!add_key(ids, abilities))
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

static bool parse_item(const char *item, size_t length, struct device_abilities *abilities)
{
    if (length == 4 && memcmp(item, "gzip", 4) == 0)
        abilities->takes_gzip = true;
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

const char *abilities_format(const struct device_abilities *abilities, char text[ABILITIES_SIZE])
{
    char *at = text;

    *at = '\0';
    if (!abilities->is_told)
        return text;
    at += sprintf(at, "%s", abilities->takes_gzip ? "gzip" : "none");
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
