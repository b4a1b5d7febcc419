/* Texts that requests bring: URLs, filters, versions, ranges, tags, addresses, pins and
 * lists of devices. */
#include "fuzz.h"

#include "host/csv.h"
#include "host/mac.h"
#include "host/pin.h"
#include "records.h"
#include "server/http/etag.h"
#include "server/http/range.h"
#include "server/model/filter.h"
#include "server/model/version.h"
#include "updraft/url.h"

#include <string.h>

#define INPUT_MAX 4096u
#define URL_MAX   256u

static void as_url(const char *text, const char *other)
{
    char base[URL_MAX];
    struct ud_url url;
    bool is_elsewhere = false;
    const size_t length = strlen(text);

    if (ud_url_parse(text, &url) != UD_OK)
        return;
    require(url.host_length >= 1 && url.host_length <= length - url.host);
    require(url.target <= length && url.target_length <= length - url.target);
    require(url.userinfo <= length && url.user_length <= length - url.userinfo);
    if (length >= sizeof base)
        return;
    strcpy(base, text);
    if (ud_url_resolve(base, sizeof base, other, &is_elsewhere) == UD_OK)
        require(memchr(base, '\0', sizeof base) != NULL && ud_url_parse(base, &url) == UD_OK);
}

static enum version_order opposite(enum version_order order)
{
    if (order == VERSION_OLDER)
        return VERSION_NEWER;
    return order == VERSION_NEWER ? VERSION_OLDER : order;
}

static void as_versions(const char *text, const char *other)
{
    require(version_order(other, text) == opposite(version_order(text, other)));
    const enum version_order self = version_order(text, text);
    require(self == VERSION_SAME || self == VERSION_UNORDERED);
}

/* A device is of one side or the other. */
static void require_opposite(const struct filter *filter, const struct filter_subject *subject)
{
    struct filter opposite = *filter;

    if (filter->count != 1 || filter->terms[0].relation > FILTER_IS_NOT)
        return;
    opposite.terms[0].relation = filter->terms[0].relation == FILTER_IS ? FILTER_IS_NOT : FILTER_IS;
    require(filter_matches(&opposite, subject) != filter_matches(filter, subject));
}

static void as_filter(const char *text, const char *other)
{
    static const struct device_facts facts = {.chip = UD_CHIP_ESP8266,
                                              .sdk_version = "2.2.2",
                                              .free_space = 671744,
                                              .chip_size = 4u << 20};
    const struct filter_subject nothing = {0}, lamp = {.mac = 0x5ccf7f000001,
                                                       .facts = &facts,
                                                       .product = "lamp",
                                                       .group = "lab",
                                                       .channel = "stable",
                                                       .version = other,
                                                       .alias = other,
                                                       .tags = other};
    struct filter filter, again;
    char error[FILTER_ERROR_SIZE] = "";

    if (!filter_parse(text, &filter, error)) {
        require(error[0] != '\0' && memchr(error, '\0', sizeof error) != NULL);
        return;
    }
    require(filter.count <= FILTER_TERMS);
    require(filter_parse(filter.text, &again, error) && again.count == filter.count);
    require_opposite(&filter, &nothing);
    require_opposite(&filter, &lamp);
    require(filter_matches(&filter, &lamp) == filter_matches(&again, &lamp));
}

static void as_headers(const char *text, const char *other)
{
    struct range range;
    const uint64_t size = strlen(other);

    if (range_parse(text, size, &range) == RANGE_PART)
        require(range.length > 0 && range.first < size && range.length <= size - range.first);
    require(!etag_is_in(text, "\"0123\"") || strchr(text, '*') || strstr(text, "\"0123\""));
    require(!etag_allows_range(text, "\"0123\"") || strcmp(text, "\"0123\"") == 0);
}

static void as_names(const char *text)
{
    char printed[MAC_TEXT_SIZE], pin_text[PIN_TEXT_SIZE];
    uint8_t pin[PIN_SIZE], pin_again[PIN_SIZE];
    mac_address mac, mac_again;

    if (mac_parse(text, &mac))
        require(mac_parse(mac_format(mac, printed), &mac_again) && mac_again == mac);
    if (pin_parse(text, pin))
        require(pin_parse(pin_format(pin, pin_text), pin_again) &&
                memcmp(pin, pin_again, PIN_SIZE) == 0);
}

static void as_list(const char *text)
{
    char copy[INPUT_MAX + 1], *at = strcpy(copy, text);
    struct csv_row row;
    size_t line = 1, before = 0;
    int result;

    while ((result = csv_next(&at, &line, &row)) == 1) {
        require(row.count > 0 && row.line > before && row.line <= line);
        before = row.line;
        for (size_t i = 0; i < row.count; i++)
            require(row.fields[i] >= copy &&
                    row.fields[i] + strlen(row.fields[i]) <= copy + INPUT_MAX);
        free(row.fields);
    }
    if (result != 0)
        free(row.fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char texts[2][INPUT_MAX + 1];
    struct record records[2] = {{NULL, 0}, {NULL, 0}};

    if (size > INPUT_MAX)
        return 0;
    records_split(data, size, records, 2);
    for (int i = 0; i < 2; i++) {
        if (records[i].length > 0)
            memcpy(texts[i], records[i].bytes, records[i].length);
        texts[i][records[i].length] = '\0';
    }
    as_url(texts[0], texts[1]);
    as_versions(texts[0], texts[1]);
    as_filter(texts[0], texts[1]);
    as_headers(texts[0], texts[1]);
    as_names(texts[0]);
    as_list(texts[0]);
    return 0;
}
