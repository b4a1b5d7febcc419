#include "updraft/keys.h"

#include "text.h"

#include "updraft/hex.h"

#define TOLD_MAX 3u

_Static_assert(UD_KEYS_TEXT_MAX >=
                   sizeof " ring=4294967295 keys=" + TOLD_MAX * (2 * UD_KEY_ID_SIZE + 1),
               "room for all that is told");

const char *ud_keys_abilities(const struct ud_keys *keys, char text[UD_KEYS_TEXT_MAX])
{
    struct ud_keys_cursor cursor = {0};
    char id[2 * UD_KEY_ID_SIZE + 1];
    struct ud_text out;

    ud_text_begin(&out, text, UD_KEYS_TEXT_MAX);
    if (keys->config.flash != NULL) {
        ud_text_add(&out, " ring=");
        ud_text_add_decimal(&out, keys->number);
    }
    ud_text_add(&out, " keys=");
    for (uint32_t i = 0; i < TOLD_MAX && ud_keys_next(keys, &cursor); i++) {
        ud_hex_encode(cursor.id, UD_KEY_ID_SIZE, id);
        ud_text_add(&out, i > 0 ? "," : "");
        ud_text_add(&out, id);
    }
    if (cursor.error != UD_OK)
        text[0] = '\0';
    return text;
}
