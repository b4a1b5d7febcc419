/* The record a device is set up with: what is written is read, and nothing else is. */
#include "firmware/settings.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct settings example = {
    .url = "http://10.0.2.2:8266/update",
    .poll_s = 3600,
    .trial_s = 300,
    .page_port = 0x5051,
};

static void encode(const struct settings *settings, uint8_t bytes[SETTINGS_SIZE])
{
    memset(bytes, 0xa5, SETTINGS_SIZE);
    assert_int_equal(settings_encode(settings, bytes), UD_OK);
}

static void what_is_written_is_read(void **state)
{
    uint8_t bytes[SETTINGS_SIZE];

    (void)state;
    for (size_t length = 0; length < SETTINGS_URL_MAX; length++) {
        struct settings settings = {
            .poll_s = 1 + (uint32_t)length, .trial_s = UINT32_MAX, .page_port = (uint16_t)~length};
        struct settings found;

        memset(settings.url, 'x', length);
        encode(&settings, bytes);
        memset(&found, 0xff, sizeof found);
        assert_int_equal(settings_decode(bytes, &found), UD_OK);
        assert_memory_equal(found.url, settings.url, sizeof found.url);
        assert_int_equal(found.poll_s, settings.poll_s);
        assert_int_equal(found.trial_s, settings.trial_s);
        assert_int_equal(found.page_port, settings.page_port);
    }
}

/* As the header draws it: other tools may write it. */
static void the_record_is_as_documented(void **state)
{
    static const uint8_t start[] = {'U', 'S', 'E', 'T'};
    static const uint8_t fields[] = {1, 0, 27, 0,    0x10, 0x0e, 0, 0,   0x2c,
                                     1, 0, 0,  0x51, 0x50, 0,    0, 'h', 't'};
    uint8_t bytes[SETTINGS_SIZE];

    (void)state;
    encode(&example, bytes);
    assert_memory_equal(bytes, start, sizeof start);
    assert_memory_equal(bytes + 8, fields, sizeof fields);
    assert_int_equal(ud_get_u32(bytes + 4), ud_crc32_reflected(0, bytes + 8, SETTINGS_SIZE - 8));
    for (size_t i = 24 + strlen(example.url); i < SETTINGS_SIZE; i++)
        assert_int_equal(bytes[i], 0);
}

static void any_bit_that_flips_is_noticed(void **state)
{
    uint8_t bytes[SETTINGS_SIZE];
    struct settings found;

    (void)state;
    encode(&example, bytes);
    for (size_t bit = 0; bit < 8 * SETTINGS_SIZE; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(settings_decode(bytes, &found), UD_ERR_ARGUMENT);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(settings_decode(bytes, &found), UD_OK);
}

static void seal(uint8_t bytes[SETTINGS_SIZE])
{
    ud_put_u32(bytes + 4, ud_crc32_reflected(0, bytes + 8, SETTINGS_SIZE - 8));
}

/* Whoever can compute a CRC is believed no more for it. */
static void values_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
    } rows[] = {{8, 2 | 27u << 16}, {8, 27u << 16}, {8, 1 | 256u << 16}, {8, 1 | 0xffffu << 16},
                {8, 1 | 28u << 16}, {12, 0},        {20, 0x10000},       {24, 0}};
    uint8_t bytes[SETTINGS_SIZE];
    struct settings found;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        encode(&example, bytes);
        ud_put_u32(bytes + rows[i].at, rows[i].value);
        seal(bytes);
        assert_int_equal(settings_decode(bytes, &found), UD_ERR_ARGUMENT);
    }
}

static void erased_flash_is_no_record(void **state)
{
    uint8_t bytes[SETTINGS_SIZE];
    struct settings found;

    (void)state;
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(settings_decode(bytes, &found), UD_ERR_ARGUMENT);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(settings_decode(bytes, &found), UD_ERR_ARGUMENT);
}

static void what_cannot_be_read_back_is_not_written(void **state)
{
    uint8_t bytes[SETTINGS_SIZE];
    struct settings settings = example;

    (void)state;
    settings.poll_s = 0;
    assert_int_equal(settings_encode(&settings, bytes), UD_ERR_ARGUMENT);
    settings.poll_s = 1;
    memset(settings.url, 'x', sizeof settings.url);
    assert_int_equal(settings_encode(&settings, bytes), UD_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_record_is_as_documented),
        cmocka_unit_test(any_bit_that_flips_is_noticed),
        cmocka_unit_test(values_that_make_no_sense_are_refused),
        cmocka_unit_test(erased_flash_is_no_record),
        cmocka_unit_test(what_cannot_be_read_back_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
