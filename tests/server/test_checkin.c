#include "server/device_api/checkin.h"
#include "server/model/abilities.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct header {
    const char *name, *value;
};

#define HEADERS_MAX 16

/* As in the documents: what a stock ESP8266 sends. */
static const struct header esp8266[HEADERS_MAX] = {
    {"User-Agent", "ESP8266-http-Update"},
    {"x-ESP8266-Chip-ID", "12345678"},
    {"x-ESP8266-STA-MAC", "18:FE:AA:AA:AA:AA"},
    {"x-ESP8266-AP-MAC", "1A:FE:AA:AA:AA:AA"},
    {"x-ESP8266-free-space", "671744"},
    {"x-ESP8266-sketch-size", "373940"},
    {"x-ESP8266-sketch-md5", "a56f8ef78a0bebd812f62067daf1408a"},
    {"x-ESP8266-chip-size", "4194304"},
    {"x-ESP8266-sdk-version", "1.3.0"},
    {"x-ESP8266-mode", "sketch"},
    {"x-ESP8266-version", "DOOR-7-g14f53a19"},
};

static const struct header esp32[HEADERS_MAX] = {
    {"User-Agent", "ESP32-http-Update"},
    {"Cache-Control", "no-cache"},
    {"x-ESP32-STA-MAC", "24:0A:C4:00:00:01"},
    {"x-ESP32-AP-MAC", "24:0A:C4:00:00:02"},
    {"x-ESP32-free-space", "1310720"},
    {"x-ESP32-sketch-size", "700000"},
    {"x-ESP32-sketch-md5", "a56f8ef78a0bebd812f62067daf1408a"},
    {"x-ESP32-sketch-sha256", "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"},
    {"x-ESP32-chip-size", "4194304"},
    {"x-ESP32-sdk-version", "v5.1.4-586-g23b23ab5d9-dirty"},
    {"x-ESP32-mode", "version"},
};

static struct checkin_headers take(const struct header *headers)
{
    struct checkin_headers taken = {.user_agent = NULL};

    for (int i = 0; i < HEADERS_MAX; i++)
        if (headers[i].name != NULL)
            checkin_take_header(&taken, headers[i].name, headers[i].value);
    return taken;
}

static bool reads(const struct header *headers, struct checkin *checkin, char *error)
{
    const struct checkin_headers taken = take(headers);

    return checkin_read(&taken, checkin, error);
}

static void a_stock_esp8266(void **state)
{
    char error[CHECKIN_ERROR_SIZE];
    struct checkin checkin;

    (void)state;
    assert_true(reads(esp8266, &checkin, error));
    assert_true(checkin.mac == 0x18feaaaaaaaa);
    assert_true(checkin.facts.ap_mac == 0x1afeaaaaaaaa);
    assert_int_equal(checkin.facts.chip, UD_CHIP_ESP8266);
    assert_int_equal(checkin.facts.mode, DEVICE_MODE_SKETCH);
    assert_true(checkin.facts.has_chip_id);
    assert_int_equal(checkin.facts.chip_id, 12345678);
    assert_int_equal(checkin.facts.free_space, 671744);
    assert_int_equal(checkin.facts.sketch_size, 373940);
    assert_int_equal(checkin.facts.chip_size, 4194304);
    assert_true(checkin.facts.has_md5);
    assert_int_equal(checkin.facts.sketch_md5[0], 0xa5);
    assert_int_equal(checkin.facts.sketch_md5[15], 0x8a);
    assert_string_equal(checkin.facts.sdk_version, "1.3.0");
    assert_string_equal(checkin.facts.version, "DOOR-7-g14f53a19");
    assert_false(checkin.facts.has_sha256);
}

static void a_stock_esp32(void **state)
{
    char error[CHECKIN_ERROR_SIZE];
    struct checkin checkin;

    (void)state;
    assert_true(reads(esp32, &checkin, error));
    assert_true(checkin.mac == 0x240ac4000001);
    assert_int_equal(checkin.facts.chip, UD_CHIP_ESP32);
    assert_int_equal(checkin.facts.mode, DEVICE_MODE_VERSION);
    assert_true(checkin.facts.has_sha256);
    assert_int_equal(checkin.facts.sketch_sha256[31], 0xff);
    assert_string_equal(checkin.facts.version, "");
    assert_false(checkin.facts.has_chip_id);
}

/* Each of the headers left out in turn: refused by name, or not needed. */
static void expect_needs(const struct header *headers, const char *const *optional)
{
    for (int left_out = 0; left_out < HEADERS_MAX && headers[left_out].name != NULL; left_out++) {
        struct header copy[HEADERS_MAX];
        char error[CHECKIN_ERROR_SIZE] = "";
        struct checkin checkin;
        bool is_optional = false;

        memcpy(copy, headers, sizeof copy);
        copy[left_out].name = NULL;
        for (int i = 0; optional[i] != NULL; i++)
            is_optional = is_optional || strcmp(optional[i], headers[left_out].name) == 0;
        if (reads(copy, &checkin, error) != is_optional)
            fail_msg("without %s: %s", headers[left_out].name, error);
        if (!is_optional)
            assert_non_null(strstr(error, headers[left_out].name));
    }
}

static void every_required_header(void **state)
{
    static const char *const esp8266_optional[] = {"x-ESP8266-Chip-ID", "x-ESP8266-mode",
                                                   "x-ESP8266-version", NULL};
    static const char *const esp32_optional[] = {"Cache-Control", "x-ESP32-sketch-md5",
                                                 "x-ESP32-sketch-sha256", "x-ESP32-mode", NULL};

    (void)state;
    expect_needs(esp8266, esp8266_optional);
    expect_needs(esp32, esp32_optional);
}

static void an_esp32_needs_one_of_its_digests(void **state)
{
    struct header copy[HEADERS_MAX];
    char error[CHECKIN_ERROR_SIZE];
    struct checkin checkin;

    (void)state;
    memcpy(copy, esp32, sizeof copy);
    copy[6].name = copy[7].name = NULL;
    assert_false(reads(copy, &checkin, error));
    assert_non_null(strstr(error, "x-ESP32-sketch-md5"));
}

static void every_malformed_value(void **state)
{
    static const struct {
        int header;
        const char *value;
    } rows[] = {
        {0, "curl/7.88"},
        {0, "ESP8266-http-Update/2"},
        {0, "ESP32-http-Update"},
        {1, ""},
        {1, "0x12"},
        {1, "-1"},
        {1, "4294967296"},
        {2, ""},
        {2, "18:FE:AA:AA:AA"},
        {2, "18:FE:AA:AA:AA:AA:AA"},
        {2, "18:FE:AA:AA:AA:AG"},
        {2, "18FEAAAAAAAA"},
        {2, "18:FE:AA:AA:AA:AA "},
        {3, "1A:FE"},
        {4, ""},
        {4, "lots"},
        {4, " 1"},
        {4, "1 "},
        {4, "99999999999999999999"},
        {4, "1.5"},
        {5, "+1"},
        {6, ""},
        {6, "a56f8ef78a0bebd812f62067daf1408"},
        {6, "a56f8ef78a0bebd812f62067daf1408aa"},
        {6, "g56f8ef78a0bebd812f62067daf1408a"},
        {7, "4M"},
        {8, ""},
        {8, "a\tb"},
        {8, "0123456789012345678901234567890123456789012345678901234567890123"},
        {9, ""},
        {9, "Sketch"},
        {9, "fs"},
        {10, ""},
        {10, "1 0"},
        {10, "caf\xc3\xa9"},
        {10, "123456789012345678901234567890123"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct header copy[HEADERS_MAX];
        char error[CHECKIN_ERROR_SIZE] = "";
        struct checkin checkin;

        memcpy(copy, esp8266, sizeof copy);
        copy[rows[i].header].value = rows[i].value;
        if (reads(copy, &checkin, error))
            fail_msg("%s: %s was taken", copy[rows[i].header].name, rows[i].value);
        if (rows[i].header != 0)
            assert_non_null(strstr(error, copy[rows[i].header].name));
        assert_null(strchr(error, '\n'));
    }
}

static void names_in_any_case_and_no_header_twice(void **state)
{
    struct header copy[HEADERS_MAX];
    char error[CHECKIN_ERROR_SIZE];
    struct checkin checkin;

    (void)state;
    memcpy(copy, esp8266, sizeof copy);
    copy[0].name = "user-agent";
    copy[2].name = "X-esp8266-sta-mac";
    copy[2].value = "18-fe-aa-aa-aa-aa";
    assert_true(reads(copy, &checkin, error));
    copy[11] = (struct header){"x-esp8266-STA-MAC", "18:FE:AA:AA:AA:AB"};
    assert_false(reads(copy, &checkin, error));
    assert_non_null(strstr(error, "twice"));
}

static void macs_come_back_in_one_form(void **state)
{
    char text[MAC_TEXT_SIZE];
    mac_address mac = 0;

    (void)state;
    assert_true(mac_parse("5c-cf:7f-00:00:0a", &mac));
    assert_string_equal(mac_format(mac, text), "5C:CF:7F:00:00:0A");
}

static void abilities_are_read(void **state)
{
    static const struct {
        const char *text, *again;
        bool is_sound, takes_gzip, verifies;
        uint8_t key_count;
    } rows[] = {
        {"", "", true, false, false, 0},
        {"gzip", "gzip", true, true, false, 0},
        {"none", "none", true, false, false, 0},
        {"gzipped  tomorrow=1 ", "none", true, false, false, 0},
        {"keys=", "none keys=", true, false, true, 0},
        {"gzip keys=0123456789abcdef", "gzip keys=0123456789abcdef", true, true, true, 1},
        {" keys=0123456789ABCDEF,ffffffffffffffff gzip",
         "gzip keys=0123456789abcdef,ffffffffffffffff", true, true, true, 2},
        {"keys=0000000000000001,0000000000000002,0000000000000003,0000000000000004,"
         "0000000000000005",
         "none keys=", true, false, true, 0},
        {"chip=5", "none chip=5", true, false, false, 0},
        {"keys= chip=65535 gzip", "gzip chip=65535 keys=", true, true, true, 0},
        {"gzip ring=0", "gzip ring=0", true, true, false, 0},
        {"retry keys= ring=4294967295", "none retry ring=4294967295 keys=", true, false, true, 0},
        {"ring=", "", false, false, false, 0},
        {"ring=4294967296", "", false, false, false, 0},
        {"ring=-1", "", false, false, false, 0},
        {"chip=", "", false, false, false, 0},
        {"chip=65536", "", false, false, false, 0},
        {"chip=C3", "", false, false, false, 0},
        {"gzip keys=0123456789abcde", "", false, false, false, 0},
        {"gzip keys=0123456789abcdefa", "", false, false, false, 0},
        {"gzip keys=0123456789abcdeg", "", false, false, false, 0},
        {"gzip keys=0123456789abcdef,", "", false, false, false, 0},
        {"gzip keys=0123456789abcdef;0123456789abcdef", "", false, false, false, 0},
        {"gzip keys=,0123456789abcdef", "", false, false, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct device_abilities abilities;
        char text[ABILITIES_SIZE];
        assert_int_equal(abilities_parse(rows[i].text, &abilities), rows[i].is_sound);
        assert_int_equal(abilities.takes_gzip, rows[i].takes_gzip);
        assert_int_equal(abilities.verifies, rows[i].verifies);
        assert_int_equal(abilities.key_count, rows[i].key_count);
        assert_string_equal(abilities_format(&abilities, text), rows[i].again);
        assert_true(strlen(text) < ABILITIES_SIZE);
        struct device_abilities again;
        assert_true(abilities_parse(text, &again));
        assert_memory_equal(&again, &abilities, sizeof again);
    }
}

static void names_and_versions(void **state)
{
    char longest[66];

    (void)state;
    memset(longest, 'a', sizeof longest);
    longest[65] = '\0';
    assert_false(name_is_valid(longest));
    longest[64] = '\0';
    assert_true(name_is_valid(longest));
    assert_false(version_is_valid(longest));
    longest[32] = '\0';
    assert_true(version_is_valid(longest));
    assert_true(name_is_valid("a.b_c-D9"));
    assert_false(name_is_valid(""));
    assert_false(name_is_valid(".a"));
    assert_false(name_is_valid("a/b"));
    assert_false(name_is_valid("a b"));
    assert_false(name_is_valid("\xc3\xa9"));
    assert_true(version_is_valid("1.0/x\"~!"));
    assert_false(version_is_valid(""));
    assert_false(version_is_valid("1 0"));
    assert_false(version_is_valid("1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stock_esp8266),
        cmocka_unit_test(a_stock_esp32),
        cmocka_unit_test(every_required_header),
        cmocka_unit_test(an_esp32_needs_one_of_its_digests),
        cmocka_unit_test(every_malformed_value),
        cmocka_unit_test(names_in_any_case_and_no_header_twice),
        cmocka_unit_test(macs_come_back_in_one_form),
        cmocka_unit_test(abilities_are_read),
        cmocka_unit_test(names_and_versions),
    };
    return cmocka_run_group_tests_name("checkin", tests, NULL, NULL);
}
