#include "text.h"

#include "chars.h"

#include <string.h>

#define DECIMAL_DIGITS 10u /* of the largest 32-bit number */

void ud_text_begin(struct ud_text *text, char *out, uint32_t size)
{
    memset(text, 0, sizeof *text);
    text->out = out;
    text->size = size;
    if (size > 0)
        out[0] = '\0';
}

void ud_text_add_bytes(struct ud_text *text, const char *bytes, uint32_t length)
{
    const uint32_t room = text->size == 0 ? 0 : text->size - 1 - text->length;
    const uint32_t skipped = length < text->skip ? length : text->skip;

    text->skip -= skipped;
    bytes += skipped;
    length -= skipped;
    if (length > room) {
        text->is_cut = true;
        length = room;
    }
    if (length == 0)
        return;
    memcpy(text->out + text->length, bytes, length);
    text->length += length;
    text->out[text->length] = '\0';
}

void ud_text_add(struct ud_text *text, const char *string)
{
    ud_text_add_bytes(text, string, (uint32_t)strlen(string));
}

void ud_text_add_printable(struct ud_text *text, const char *string)
{
    const uint32_t length = (uint32_t)strlen(string);

    if (ud_has_control(string, length))
        text->has_controls = true;
    ud_text_add_bytes(text, string, length);
}

void ud_text_add_decimal(struct ud_text *text, uint32_t number)
{
    char digits[DECIMAL_DIGITS];
    uint32_t start = DECIMAL_DIGITS;

    do {
        const uint32_t tenth = number / 10; /* a call, on chips that cannot divide */
        digits[--start] = (char)('0' + (number - 10 * tenth));
        number = tenth;
    } while (number > 0);
    ud_text_add_bytes(text, digits + start, DECIMAL_DIGITS - start);
}

void ud_text_add_number(struct ud_text *text, const char *name, uint32_t number)
{
    ud_text_add(text, name);
    ud_text_add_decimal(text, number);
}
