/* Filters: what they say of one device, and what is no filter. */
#include "server/model/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct device_facts facts = {
    .chip = UD_CHIP_ESP8266, .free_space = 400000, .chip_size = 4194304, .sdk_version = "2.2.2"};

static const struct filter_subject device = {.mac = 0x5CCF7F000001,
                                             .facts = &facts,
                                             .product = "lamp",
                                             .channel = "stable",
                                             .version = "1.9.0",
                                             .tags = "lab floor-2"};

static void terms_match_or_not(void **state)
{
    static const struct {
        const char *text;
        bool matches;
    } rows[] = {
        {"", true},
        {"  ", true},
        {"chip=ESP8266", true},
        {"chip=ESP32", false},
        {"chip!=ESP32", true},
        {"product=lamp channel=stable", true},
        {"product=lamp channel=beta", false},
        {"product=la*", true},
        {"product=*", true},
        {"product=lam", false},
        {"mac=5C:CF:7F:*", true},
        {"mac=5C:CF:7F:00:00:02", false},
        {"tag=lab", true},
        {"tag=floor-2", true},
        {"tag=floor", false},
        {"tag=floor*", true},
        {"tag!=lab", false},
        {"tag!=roof", true},
        {"version=1.9.0", true},
        {"version<2", true},
        {"version<1.9", false},
        {"version<=1.9", true},
        {"version>1.9.0-rc1 version<1.10", true},
        {"version>=blue", false},
        {"sdk>=2.2.1", true},
        {"sdk=2.2*", true},
        {"free_space>=400000", true},
        {"free_space>400000", false},
        {"flash=4194304", true},
        {"flash!=4194304", false},
        {"group=lab", false},
        {"group!=lab", true},
        {"alias=*", false},
    };
    char error[FILTER_ERROR_SIZE];
    struct filter filter;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!filter_parse(rows[i].text, &filter, error))
            fail_msg("%s: %s", rows[i].text, error);
        if (filter_matches(&filter, &device) != rows[i].matches)
            fail_msg("%s", rows[i].text);
        assert_string_equal(filter.text, rows[i].text);
    }
}

/* Nothing is known of it but its address. */
static void what_is_not_known_matches_only_what_it_is_not(void **state)
{
    static const char *const fields[] = {"chip", "product", "group",   "channel",
                                         "tag",  "alias",   "version", "sdk"};
    const struct filter_subject unknown = {.mac = 1};
    char text[40], error[FILTER_ERROR_SIZE];
    struct filter filter;

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        snprintf(text, sizeof text, "%s=x", fields[i]);
        assert_true(filter_parse(text, &filter, error));
        assert_false(filter_matches(&filter, &unknown));
        snprintf(text, sizeof text, "%s!=x", fields[i]);
        assert_true(filter_parse(text, &filter, error));
        assert_true(filter_matches(&filter, &unknown));
    }
    assert_true(filter_parse("flash>=0", &filter, error));
    assert_false(filter_matches(&filter, &unknown));
    assert_true(filter_parse("version<9", &filter, error));
    assert_false(filter_matches(&filter, &unknown));
}

static void what_is_no_filter_is_refused(void **state)
{
    static const char *const texts[] = {
        "chip",
        "=",
        "chip=",
        "colour=red",
        "chip<ESP8266",
        "flash=4M",
        "flash=-1",
        "flash=4294967296",
        "chip = ESP8266",
        "=ESP8266",
        "tag=a tag=b tag=c tag=d tag=e tag=f tag=g tag=h tag=i",
        "tag=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    char error[FILTER_ERROR_SIZE], large[FILTER_TEXT_SIZE + 1];
    struct filter filter;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (filter_parse(texts[i], &filter, error))
            fail_msg("%s", texts[i]);
        assert_null(strchr(error, '\n'));
    }
    memset(large, ' ', FILTER_TEXT_SIZE);
    large[FILTER_TEXT_SIZE] = '\0';
    assert_false(filter_parse(large, &filter, error));
    large[FILTER_TEXT_SIZE - 1] = '\0';
    assert_true(filter_parse(large, &filter, error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_match_or_not),
        cmocka_unit_test(what_is_not_known_matches_only_what_it_is_not),
        cmocka_unit_test(what_is_no_filter_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
