#include "http_line.h"

#include "chars.h"

#include <string.h>

#define STATUS_START 9u /* after "HTTP/1.1 " */
#define STATUS_END   12u

int ud_http_status(const char *line, uint32_t length)
{
    if (length < STATUS_END || memcmp(line, "HTTP/1.", 7) != 0 || !ud_is_digit(line[7]) ||
        line[8] != ' ' || line[STATUS_START] == '0')
        return UD_ERR_HTTP_NOT_HTTP;
    if (length > STATUS_END && line[STATUS_END] != ' ')
        return UD_ERR_HTTP_NOT_HTTP;

    int status = 0;
    for (uint32_t i = STATUS_START; i < STATUS_END; i++) {
        if (!ud_is_digit(line[i]))
            return UD_ERR_HTTP_NOT_HTTP;
        status = status * 10 + (line[i] - '0');
    }
    return status;
}

static uint32_t find_name(const char *name, uint32_t length, const char *const *names,
                          uint32_t count)
{
    uint32_t i = 0;

    while (i < count &&
           (strlen(names[i]) != length || !ud_same_ignoring_case(names[i], name, length)))
        i++;
    return i;
}

uint32_t ud_http_field(const char *line, uint32_t length, const char *const *names, uint32_t count,
                       struct ud_http_value *value)
{
    uint32_t start = 0;

    while (start < length && line[start] != ':')
        start++;
    if (start == length)
        return count;

    const uint32_t name_length = start++;
    while (start < length && ud_is_blank(line[start]))
        start++;
    while (length > start && ud_is_blank(line[length - 1]))
        length--;
    value->text = line + start;
    value->length = length - start;
    return find_name(line, name_length, names, count);
}

int ud_http_length(const struct ud_http_value *value, uint32_t *bytes)
{
    uint32_t number = 0;
    bool is_too_large = false;

    if (value->length == 0)
        return UD_ERR_HTTP_NO_LENGTH;
    for (uint32_t i = 0; i < value->length; i++) {
        if (!ud_is_digit(value->text[i]))
            return UD_ERR_HTTP_NO_LENGTH;
        const uint32_t digit = (uint32_t)(value->text[i] - '0');
        if (number > (UINT32_MAX - digit) / 10)
            is_too_large = true;
        number = number * 10 + digit;
    }
    *bytes = number;
    return is_too_large ? UD_ERR_HTTP_TOO_LARGE : UD_OK;
}
