#include "http_parameter.h"

/* Behind the opening quote. */
static uint32_t find_quote(const struct ud_http_value *value, uint32_t at)
{
    while (at < value->length && value->text[at] != '"')
        at += value->text[at] == '\\' && value->length - at > 1 ? 2 : 1;
    return at;
}

/* From `at`, behind a '='. Returns where the value ends, before its closing quote. */
static uint32_t take_value(const struct ud_http_value *value, uint32_t at,
                           struct ud_http_value *found)
{
    const bool is_quoted = at < value->length && value->text[at] == '"';
    const uint32_t start = at + is_quoted;
    const uint32_t end =
        is_quoted ? find_quote(value, start) : ud_http_find(value, start, UD_HTTP_SEPARATORS);

    found->text = value->text + start;
    found->length = end - start;
    return end;
}

bool ud_http_parameter(const struct ud_http_value *value, const char *name,
                       struct ud_http_value *found)
{
    uint32_t at = 0;

    while (at < value->length) {
        const uint32_t end = ud_http_find(value, at, "=" UD_HTTP_SEPARATORS);
        const struct ud_http_value word = {value->text + at, end - at};

        at = end + 1;
        if (end == value->length || value->text[end] != '=')
            continue;
        at = take_value(value, at, found) + 1; /* past a quote, or a separator */
        if (ud_http_is(&word, name))
            return true;
    }
    return false;
}
