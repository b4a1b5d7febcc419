#include "server/model/filter.h"

#include "host/number.h"
#include "server/model/version.h"

#include <stdio.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_VERSION, KIND_NUMBER };

static const struct {
    const char *name;
    enum kind kind;
} fields[FILTER_FIELD_COUNT] = {
    [FILTER_MAC] = {"mac", KIND_TEXT},         [FILTER_CHIP] = {"chip", KIND_TEXT},
    [FILTER_PRODUCT] = {"product", KIND_TEXT}, [FILTER_GROUP] = {"group", KIND_TEXT},
    [FILTER_CHANNEL] = {"channel", KIND_TEXT}, [FILTER_TAG] = {"tag", KIND_TEXT},
    [FILTER_ALIAS] = {"alias", KIND_TEXT},     [FILTER_VERSION] = {"version", KIND_VERSION},
    [FILTER_SDK] = {"sdk", KIND_VERSION},      [FILTER_FREE_SPACE] = {"free_space", KIND_NUMBER},
    [FILTER_FLASH] = {"flash", KIND_NUMBER},
};

/* The longer ones first: < begins <=. */
static const struct {
    const char *text;
    enum filter_relation relation;
} operators[] = {{"!=", FILTER_IS_NOT}, {"<=", FILTER_LE}, {">=", FILTER_GE},
                 {"=", FILTER_IS},      {"<", FILTER_LT},  {">", FILTER_GT}};

static bool find_field(const char *name, size_t length, enum filter_field *field)
{
    for (int i = 0; i < FILTER_FIELD_COUNT; i++)
        if (strlen(fields[i].name) == length && memcmp(fields[i].name, name, length) == 0) {
            *field = (enum filter_field)i;
            return true;
        }
    return false;
}

/* The length of the relation there; 0 when there is none. */
static size_t find_operator(const char *at, enum filter_relation *relation)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strncmp(at, operators[i].text, strlen(operators[i].text)) == 0) {
            *relation = operators[i].relation;
            return strlen(operators[i].text);
        }
    return 0;
}

static bool fail(char error[FILTER_ERROR_SIZE], const char *term, size_t length, const char *why)
{
    snprintf(error, FILTER_ERROR_SIZE, "%.*s: %s", (int)(length < 60 ? length : 60), term, why);
    return false;
}

static bool parse_term(const char *text, size_t length, struct filter_term *term,
                       char error[FILTER_ERROR_SIZE])
{
    const size_t name = strcspn(text, "!=<> ");
    const size_t sign = name < length ? find_operator(text + name, &term->relation) : 0;

    if (sign == 0)
        return fail(error, text, length, "a term is like chip=ESP8266 or version<2.0");
    if (!find_field(text, name, &term->field))
        return fail(error, text, length,
                    "there is mac, chip, product, group, channel, tag, alias, version, sdk, "
                    "free_space, flash");
    const size_t value = length - name - sign;
    if (value == 0 || value >= FILTER_VALUE_SIZE)
        return fail(error, text, length, "a value has 1 to 64 characters");
    memcpy(term->value, text + name + sign, value);
    term->value[value] = '\0';
    const enum kind kind = fields[term->field].kind;
    if (kind == KIND_TEXT && term->relation > FILTER_IS_NOT)
        return fail(error, text, length, "it has no order: use = or !=");
    if (kind == KIND_NUMBER && !number_read_text(term->value, &term->number))
        return fail(error, text, length, "it needs a number of bytes");
    return true;
}

bool filter_parse(const char *text, struct filter *filter, char error[FILTER_ERROR_SIZE])
{
    const char *at = text + strspn(text, " ");

    memset(filter, 0, sizeof *filter);
    if (strlen(text) >= FILTER_TEXT_SIZE)
        return fail(error, text, 20, "a filter has at most 256 characters");
    memcpy(filter->text, text, strlen(text) + 1);
    while (*at != '\0') {
        const size_t length = strcspn(at, " ");
        if (filter->count == FILTER_TERMS)
            return fail(error, at, length, "a filter has at most 8 terms");
        if (!parse_term(at, length, &filter->terms[filter->count++], error))
            return false;
        at += length;
        at += strspn(at, " ");
    }
    return true;
}

/* --- matching --- */

static bool is_like(const char *pattern, const char *value, size_t length)
{
    const size_t size = strlen(pattern);

    if (size > 0 && pattern[size - 1] == '*')
        return length >= size - 1 && memcmp(pattern, value, size - 1) == 0;
    return length == size && memcmp(pattern, value, size) == 0;
}

static bool has_tag(const char *pattern, const char *tags)
{
    while (tags != NULL && *tags != '\0') {
        const size_t length = strcspn(tags, " ");
        if (is_like(pattern, tags, length))
            return true;
        tags += length;
        tags += strspn(tags, " ");
    }
    return false;
}

static const char *chip_of(const struct device_facts *facts)
{
    if (facts == NULL)
        return NULL;
    return facts->chip == UD_CHIP_ESP8266 ? "ESP8266" : "ESP32";
}

/* The text of a field that is one; null = not known. */
static const char *text_of(const struct filter_subject *subject, enum filter_field field,
                           char mac[MAC_TEXT_SIZE])
{
    const char *const texts[FILTER_FIELD_COUNT] = {
        [FILTER_MAC] = mac_format(subject->mac, mac),
        [FILTER_CHIP] = chip_of(subject->facts),
        [FILTER_PRODUCT] = subject->product,
        [FILTER_GROUP] = subject->group,
        [FILTER_CHANNEL] = subject->channel,
        [FILTER_ALIAS] = subject->alias,
        [FILTER_VERSION] = subject->version,
        [FILTER_SDK] = subject->facts != NULL ? subject->facts->sdk_version : NULL,
    };

    return texts[field];
}

/* Does the relation hold, when the left side is less (-1), equal (0) or greater (1)? */
static bool holds(enum filter_relation relation, int order)
{
    return relation == FILTER_LT   ? order < 0
           : relation == FILTER_LE ? order <= 0
           : relation == FILTER_GT ? order > 0
                                   : order >= 0;
}

static bool compare_numbers(const struct filter_term *term, const struct device_facts *facts)
{
    if (facts == NULL)
        return term->relation == FILTER_IS_NOT;
    const uint32_t value = term->field == FILTER_FREE_SPACE ? facts->free_space : facts->chip_size;
    if (term->relation <= FILTER_IS_NOT)
        return (value == term->number) == (term->relation == FILTER_IS);
    return holds(term->relation, (value > term->number) - (value < term->number));
}

static bool compare_versions(const struct filter_term *term, const char *version)
{
    const enum version_order order = version_order(version, term->value);

    if (order == VERSION_UNORDERED)
        return false;
    return holds(term->relation, order == VERSION_OLDER ? -1 : order == VERSION_NEWER);
}

static bool term_matches(const struct filter_term *term, const struct filter_subject *subject)
{
    const bool is_negative = term->relation == FILTER_IS_NOT;
    char mac[MAC_TEXT_SIZE];

    if (fields[term->field].kind == KIND_NUMBER)
        return compare_numbers(term, subject->facts);
    if (term->field == FILTER_TAG)
        return has_tag(term->value, subject->tags) != is_negative;
    const char *text = text_of(subject, term->field, mac);
    if (text == NULL || text[0] == '\0')
        return is_negative;
    if (term->relation > FILTER_IS_NOT)
        return compare_versions(term, text);
    return is_like(term->value, text, strlen(text)) != is_negative;
}

bool filter_matches(const struct filter *filter, const struct filter_subject *subject)
{
    for (size_t i = 0; i < filter->count; i++)
        if (!term_matches(&filter->terms[i], subject))
            return false;
    return true;
}
