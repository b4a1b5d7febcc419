#include "server/http/range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Reads digits, saturating: what is beyond 64 bits is beyond any file. False
 * without a digit. */
static bool read_number(const char **text, uint64_t *number)
{
    const char *start = *text;

    for (*number = 0; **text >= '0' && **text <= '9'; (*text)++) {
        const uint64_t digit = (uint64_t)(**text - '0');
        *number = *number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *number * 10 + digit;
    }
    return *text != start;
}

static void skip_blanks(const char **text)
{
    *text += strspn(*text, " \t");
}

static enum range_result judge(uint64_t first, uint64_t last, uint64_t size, struct range *range)
{
    if (first >= size)
        return RANGE_UNSATISFIABLE;
    range->first = first;
    range->length = (last < size ? last : size - 1) - first + 1;
    return RANGE_PART;
}

static enum range_result judge_suffix(uint64_t length, uint64_t size, struct range *range)
{
    if (length == 0 || size == 0)
        return RANGE_UNSATISFIABLE;
    return judge(length < size ? size - length : 0, size - 1, size, range);
}

enum range_result range_parse(const char *value, uint64_t size, struct range *range)
{
    uint64_t first, last = UINT64_MAX;
    bool has_first, has_last;

    if (value == NULL || strncasecmp(value, "bytes=", 6) != 0)
        return RANGE_WHOLE;
    value += 6;
    skip_blanks(&value);
    has_first = read_number(&value, &first);
    if (*value++ != '-')
        return RANGE_WHOLE;
    has_last = read_number(&value, &last);
    skip_blanks(&value);
    if (*value != '\0' || (!has_first && !has_last))
        return RANGE_WHOLE;
    if (!has_first)
        return judge_suffix(last, size, range);
    if (!has_last)
        last = UINT64_MAX;
    return last < first ? RANGE_WHOLE : judge(first, last, size, range);
}
