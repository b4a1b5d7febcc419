#include "server/model/version.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define COMMIT_DIGITS 7u /* of the shortest abbreviation git makes by itself */

struct span {
    const char *start, *end;
};

struct version {
    struct span prefix, numbers, rest, commits; /* commits: their count, in digits */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_commit(const char *version)
{
    size_t length = 0, letters = 0;

    for (; is_hex(version[length]); length++)
        letters += !is_digit(version[length]);
    return version[length] == '\0' && length >= COMMIT_DIGITS && letters > 0;
}

static bool ends_with(struct span text, const char *ending)
{
    const size_t length = strlen(ending);

    return (size_t)(text.end - text.start) >= length &&
           memcmp(text.end - length, ending, length) == 0;
}

/* Where "-g1a2b3c4" starts at the end of the text; null when it does not end so. */
static const char *find_commit(struct span text)
{
    const char *at = text.end;

    while (at > text.start && is_hex(at[-1]))
        at--;
    if (text.end - at < 4 || at - text.start < 2 || at[-1] != 'g' || at[-2] != '-')
        return NULL;
    return at - 2;
}

/* Takes what `git describe` appended from the text's end; the count of commits. */
static struct span take_commits(struct span *text)
{
    struct span whole = *text;

    if (ends_with(whole, "-dirty"))
        whole.end -= strlen("-dirty");
    const char *commit = find_commit(whole);
    if (commit == NULL)
        return (struct span){text->end, text->end};
    const char *at = commit;
    while (at > text->start && is_digit(at[-1]))
        at--;
    const bool is_counted = at < commit && at > text->start && at[-1] == '-';
    text->end = is_counted ? at - 1 : commit;
    return (struct span){is_counted ? at : commit, commit};
}

static struct version split(const char *text)
{
    const char *build = strchr(text, '+');
    struct span whole = {text, build != NULL ? build : text + strlen(text)};
    struct version version;

    if ((text[0] == 'v' || text[0] == 'V') && is_digit(text[1]))
        whole.start++;
    version.commits = take_commits(&whole);
    const char *at = whole.start;
    while (at < whole.end && !is_digit(*at))
        at++;
    version.prefix = (struct span){whole.start, at};
    while (at < whole.end && (is_digit(*at) || *at == '.'))
        at++;
    version.numbers = (struct span){version.prefix.end, at};
    version.rest = (struct span){at, whole.end};
    return version;
}

/* Takes a run of digits, as a number of any size: without its leading zeros. */
static struct span take_number(struct span *text)
{
    while (text->start < text->end && *text->start == '0')
        text->start++;
    struct span number = {text->start, text->start};
    while (number.end < text->end && is_digit(*number.end))
        number.end++;
    text->start = number.end;
    return number;
}

static int compare_numbers(struct span a, struct span b)
{
    const ptrdiff_t length = a.end - a.start, other = b.end - b.start;

    if (length != other)
        return length < other ? -1 : 1;
    return memcmp(a.start, b.start, (size_t)length);
}

static int compare_dotted(struct span a, struct span b)
{
    while (a.start < a.end || b.start < b.end) {
        const struct span left = take_number(&a), right = take_number(&b);
        const int order = compare_numbers(left, right);
        if (order != 0)
            return order;
        a.start += a.start < a.end && *a.start == '.';
        b.start += b.start < b.end && *b.start == '.';
    }
    return 0;
}

/* -1 for what comes before the version it belongs to, 1 for what comes after. */
static int rank_of(struct span rest)
{
    if (rest.start == rest.end)
        return 0;
    return *rest.start == '-' || *rest.start == '~' ? -1 : 1;
}

static int compare_rests(struct span a, struct span b)
{
    if (rank_of(a) != rank_of(b))
        return rank_of(a) - rank_of(b);
    while (a.start < a.end && b.start < b.end) {
        const bool are_digits = is_digit(*a.start) && is_digit(*b.start);
        int order = are_digits ? 0 : (unsigned char)*a.start - (unsigned char)*b.start;
        if (are_digits) {
            const struct span left = take_number(&a), right = take_number(&b);
            order = compare_numbers(left, right);
        } else {
            a.start++;
            b.start++;
        }
        if (order != 0)
            return order;
    }
    return (a.start < a.end) - (b.start < b.end);
}

static bool is_empty(struct span text)
{
    return text.start == text.end;
}

static bool is_same(struct span a, struct span b)
{
    const size_t length = (size_t)(a.end - a.start);

    return length == (size_t)(b.end - b.start) && memcmp(a.start, b.start, length) == 0;
}

enum version_order version_order(const char *version, const char *other)
{
    const struct version a = split(version), b = split(other);

    if (strcmp(version, other) == 0)
        return VERSION_SAME;
    if (is_commit(version) || is_commit(other) || !is_same(a.prefix, b.prefix) ||
        is_empty(a.numbers) != is_empty(b.numbers))
        return VERSION_UNORDERED;
    int order = compare_dotted(a.numbers, b.numbers);
    if (order == 0)
        order = compare_rests(a.rest, b.rest);
    if (order == 0)
        order = compare_dotted(a.commits, b.commits);
    return order < 0 ? VERSION_OLDER : order > 0 ? VERSION_NEWER : VERSION_SAME;
}
