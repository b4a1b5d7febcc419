#include "http_parameter.h"

#include "chars.h"

#include <string.h>

static bool is_separator(char c)
{
    return c == ';' || c == ',' || ud_is_blank(c);
}

bool ud_http_is(const struct ud_http_value *value, const char *text)
{
    return strlen(text) == value->length && ud_same_ignoring_case(value->text, text, value->length);
}

/* From `at`, behind a '='. Returns where the value and its quotes end. */
static uint32_t take_value(const struct ud_http_value *value, uint32_t at,
                           struct ud_http_value *found)
{
    const char *text = value->text;
    const bool is_quoted = at < value->length && text[at] == '"';
    const uint32_t start = at + is_quoted;

    at = start;
    while (at < value->length && (is_quoted ? text[at] != '"' : !is_separator(text[at])))
        at += is_quoted && text[at] == '\\' && value->length - at > 1 ? 2 : 1;
    found->text = text + start;
    found->length = at - start;
    return at + (is_quoted && at < value->length);
}

bool ud_http_parameter(const struct ud_http_value *value, const char *name,
                       struct ud_http_value *found)
{
    uint32_t at = 0;

    while (at < value->length) {
        struct ud_http_value word = {value->text + at, 0};

        while (at < value->length && value->text[at] != '=' && !is_separator(value->text[at])) {
            word.length++;
            at++;
        }
        if (at < value->length && value->text[at++] == '=') {
            at = take_value(value, at, found);
            if (ud_http_is(&word, name))
                return true;
        }
    }
    return false;
}
