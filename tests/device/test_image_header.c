/* Headers and descriptions decoded from bytes; names and sizes by code. */
#include "updraft/image.h"

#include "image_builder.h"
#include "updraft/endian.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void eight_bytes_make_an_esp8266_header(void **state)
{
    static const uint8_t bytes[8] = {0xe9, 5, 3, 0x4f, 0x78, 0x56, 0x34, 0x12};
    struct ud_image_header header;

    (void)state;
    assert_int_equal(ud_image_header_decode(bytes, 8, &header), UD_OK);
    assert_int_equal(header.chip, UD_CHIP_ESP8266);
    assert_int_equal(header.segment_count, 5);
    assert_int_equal(header.flash_mode, UD_MODE_DOUT);
    assert_int_equal(header.flash_size_code, 4);
    assert_int_equal(header.flash_frequency_code, 0xf);
    assert_int_equal(header.entry, 0x12345678);
    assert_false(header.hash_appended);
}

static void too_few_bytes_are_no_header(void **state)
{
    static const uint8_t bytes[8] = {0xe9, 1};
    struct ud_image_header header;

    (void)state;
    for (uint32_t length = 0; length < 8; length++)
        assert_int_equal(ud_image_header_decode(bytes, length, &header), UD_ERR_IMAGE);
    assert_int_equal(ud_image_header_decode((const uint8_t *)"<", 1, &header), UD_ERR_MAGIC);
}

static void an_extended_header_is_decoded(void **state)
{
    uint8_t bytes[24] = {0xe9, 4, 2, 0x2f, 0, 0, 8, 0x40, 0xee};
    struct ud_image_header header;

    (void)state;
    ud_put_u16(bytes + 12, 0x0d);
    ud_put_u16(bytes + 15, 103);
    ud_put_u16(bytes + 17, 199);
    bytes[23] = 1;
    assert_int_equal(ud_image_header_decode(bytes, 24, &header), UD_OK);
    assert_int_equal(header.chip, UD_CHIP_ESP32);
    assert_int_equal(header.chip_id, 0x0d);
    assert_int_equal(header.min_revision, 103);
    assert_int_equal(header.max_revision, 199);
    assert_true(header.hash_appended);
    assert_int_equal(ud_image_header_decode(bytes, 23, &header), UD_OK);
    assert_int_equal(header.chip, UD_CHIP_ESP8266);
    assert_int_equal(header.chip_id, 0);
}

/* Byte 11: pin drives or the top of an address. 12: chip id or a length. 23. */
static void the_chips_are_told_apart(void **state)
{
    static const struct {
        uint8_t at11, at12, at13, at23;
        enum ud_chip expected;
    } rows[] = {
        {0x00, 0x00, 0x00, 0, UD_CHIP_ESP32},   {0x00, 0x09, 0x00, 1, UD_CHIP_ESP32},
        {0x33, 0x20, 0x00, 1, UD_CHIP_ESP32},   {0x00, 0x00, 0x00, 2, UD_CHIP_ESP8266},
        {0x00, 0x01, 0x00, 0, UD_CHIP_ESP8266}, {0x00, 0x00, 0x01, 0, UD_CHIP_ESP8266},
        {0x00, 0xff, 0xff, 0, UD_CHIP_ESP8266}, {0x40, 0x10, 0x00, 0, UD_CHIP_ESP8266},
        {0x3f, 0x10, 0x00, 1, UD_CHIP_ESP8266},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t bytes[24] = {
            [0] = 0xe9,          [1] = 1,
            [11] = rows[i].at11, [12] = rows[i].at12,
            [13] = rows[i].at13, [23] = rows[i].at23,
        };
        struct ud_image_header header;

        print_message("row %zu\n", i);
        assert_int_equal(ud_image_header_decode(bytes, 24, &header), UD_OK);
        assert_int_equal(header.chip, rows[i].expected);
    }
}

static void size_codes_stand_for_each_chips_own_sizes(void **state)
{
    enum { K = 1024, M = 1024 * 1024 };
    static const uint32_t esp8266[16] = {512 * K, 256 * K, 1 * M, 2 * M, 4 * M,
                                         2 * M,   4 * M,   0,     8 * M, 16 * M};
    static const uint32_t esp32[16] = {1 * M, 2 * M, 4 * M, 8 * M, 16 * M, 32 * M, 64 * M, 128 * M};

    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        assert_int_equal(ud_image_flash_size(UD_CHIP_ESP8266, (uint8_t)code),
                         code < 16 ? esp8266[code] : 0);
        assert_int_equal(ud_image_flash_size(UD_CHIP_ESP32, (uint8_t)code),
                         code < 16 ? esp32[code] : 0);
        assert_int_equal(ud_image_flash_size(UD_CHIP_UNKNOWN, (uint8_t)code), 0);
    }
}

static void chips_have_their_names(void **state)
{
    static const struct {
        struct ud_image_header header;
        const char *name;
    } rows[] = {
        {{.chip = UD_CHIP_ESP8266}, "ESP8266"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0}, "ESP32"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 2}, "ESP32-S2"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 5}, "ESP32-C3"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 9}, "ESP32-S3"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0x0c}, "ESP32-C2"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0x0d}, "ESP32-C6"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0x10}, "ESP32-H2"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0x12}, "ESP32-P4"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0x14}, "ESP32-C61"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0x17}, "ESP32-C5"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0x19}, "ESP32-H21"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0x1c}, "ESP32-H4"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0x20}, "ESP32-S31"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 1}, "unknown"},
        {{.chip = UD_CHIP_ESP32, .chip_id = 0xffff}, "unknown"},
        {{.chip = UD_CHIP_UNKNOWN}, "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(ud_image_chip_name(&rows[i].header), rows[i].name);
}

/* Fields filled to the last byte have no NUL in the image, but one here. */
static void full_description_fields_are_terminated(void **state)
{
    uint8_t bytes[UD_IMAGE_DESCRIPTION_SIZE];
    struct ud_image_description description;

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    ud_put_u32(bytes, UD_IMAGE_DESCRIPTION_MAGIC);
    ud_put_u32(bytes + 4, 0x12345678);
    memset(&description, 'y', sizeof description);
    assert_int_equal(ud_image_description_decode(bytes, &description), UD_OK);
    assert_int_equal(description.secure_version, 0x12345678);
    assert_int_equal(strlen(description.version), 32);
    assert_int_equal(strlen(description.project), 32);
    assert_int_equal(strlen(description.time), 16);
    assert_int_equal(strlen(description.date), 16);
    assert_int_equal(strlen(description.sdk), 32);
}

static void fields_come_from_their_places(void **state)
{
    uint8_t bytes[UD_IMAGE_DESCRIPTION_SIZE];
    struct ud_image_description description;

    (void)state;
    image_encode_description(bytes, "1.0.0", "blink");
    assert_int_equal(ud_image_description_decode(bytes, &description), UD_OK);
    assert_string_equal(description.version, "1.0.0");
    assert_string_equal(description.project, "blink");
    assert_string_equal(description.time, "12:34:56");
    assert_string_equal(description.date, "Jan  2 2024");
    assert_string_equal(description.sdk, "test-sdk");
    assert_memory_equal(description.elf_sha256, bytes + 144, 32);
    bytes[3] ^= 1;
    assert_int_equal(ud_image_description_decode(bytes, &description), UD_ERR_IMAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_bytes_make_an_esp8266_header),
        cmocka_unit_test(too_few_bytes_are_no_header),
        cmocka_unit_test(an_extended_header_is_decoded),
        cmocka_unit_test(the_chips_are_told_apart),
        cmocka_unit_test(size_codes_stand_for_each_chips_own_sizes),
        cmocka_unit_test(chips_have_their_names),
        cmocka_unit_test(full_description_fields_are_terminated),
        cmocka_unit_test(fields_come_from_their_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
