#include "http_line.h"

#include "chars.h"

#include <string.h>

#define STATUS_START 9u /* after "HTTP/1.1 " */
#define STATUS_END   12u

int ud_http_status(const char *line, uint32_t length)
{
    uint32_t status;

    if (length < STATUS_END || memcmp(line, "HTTP/1.", 7) != 0 || !ud_is_digit(line[7]) ||
        line[8] != ' ' || line[STATUS_START] == '0')
        return UD_ERR_HTTP_NOT_HTTP;
    if (length > STATUS_END && line[STATUS_END] != ' ')
        return UD_ERR_HTTP_NOT_HTTP;
    if (ud_decimal(line + STATUS_START, STATUS_END - STATUS_START, &status) != UD_DECIMAL_GOOD)
        return UD_ERR_HTTP_NOT_HTTP;
    return (int)status;
}

bool ud_http_is(const struct ud_http_value *value, const char *text)
{
    return strlen(text) == value->length && ud_same_ignoring_case(value->text, text, value->length);
}

bool ud_http_begins(const struct ud_http_value *value, const char *text, struct ud_http_value *rest)
{
    const uint32_t length = (uint32_t)strlen(text);

    if (value->length < length || !ud_same_ignoring_case(value->text, text, length))
        return false;
    rest->text = value->text + length;
    rest->length = value->length - length;
    return true;
}

uint32_t ud_http_which(const struct ud_http_value *value, const char *const *texts, uint32_t count)
{
    uint32_t i = 0;

    while (i < count && !ud_http_is(value, texts[i]))
        i++;
    return i;
}

static bool is_one_of(char c, const char *characters)
{
    while (*characters != '\0' && *characters != c)
        characters++;
    return *characters != '\0';
}

uint32_t ud_http_find(const struct ud_http_value *value, uint32_t at, const char *characters)
{
    while (at < value->length && !is_one_of(value->text[at], characters))
        at++;
    return at;
}

uint32_t ud_http_field(const char *line, uint32_t length, const char *const *names, uint32_t count,
                       struct ud_http_value *value)
{
    struct ud_http_value name = {line, length};

    name.length = ud_http_find(&name, 0, ":");
    if (name.length == length)
        return count;
    const char *text = line + name.length + 1;
    const char *end = line + length;
    while (text < end && ud_is_blank(*text))
        text++;
    while (end > text && ud_is_blank(end[-1]))
        end--;
    value->text = text;
    value->length = (uint32_t)(end - text);
    return ud_http_which(&name, names, count);
}
