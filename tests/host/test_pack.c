/* The packer: a file made by the original, byte for byte, and its limits. */
#include "host/flash_names.h"
#include "host/pack.h"
#include "updraft/crc32.h"
#include "updraft/endian.h"
#include "updraft/hex.h"
#include "updraft/image.h"
#include "updraft/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t boot_code[] = {0x0d, 0xf0, 0x00, 0x00};
static const uint8_t irom[] = {0, 0, 0, 0, 0, 0, 0,  0,  0x78, 0x56, 0x34, 0x12, 0,  1,  2,  3,
                               4, 5, 6, 7, 8, 9, 10, 11, 12,   13,   14,   15,   16, 17, 18, 19};
static const uint8_t text[] = {1, 2, 3, 4};

static const struct pack_flash dio_4m_40 = {.mode = 2, .size_code = 4, .frequency_code = 0};

static const struct pack_part boot = {
    .entry = 0x4010f000,
    .segment_count = 1,
    .segments = {{0x4010f000, sizeof boot_code, boot_code}},
};

static const struct pack_part app = {
    .entry = 0x40100000,
    .segment_count = 2,
    .segments = {{0x40201010, sizeof irom, irom}, {0x40100000, sizeof text, text}},
};

/* What the core's own packer makes of these two parts: the application, and the
 * bootloader before its padding. */
static const char app_image[] =
    "e902024000001040101020402000000040100000fdc49b71785634120001020304050607"
    "08090a0b0c0d0e0f10111213000010400400000001020304000000e3";
static const char boot_image[] = "e901024000f0104000f01040040000000df00000000000000000000000000012";

static void a_file_is_the_originals_byte_for_byte(void **state)
{
    struct file_bytes file;
    uint8_t expected[64];
    (void)state;
    assert_int_equal(pack_firmware(&dio_4m_40, &boot, &app, &file), PACK_OK);
    assert_int_equal(file.length, 4160);
    assert_int_equal(ud_hex_decode(app_image, expected, 64), UD_OK);
    assert_memory_equal(file.data + 0x1000, expected, 64);
    assert_int_equal(ud_hex_decode(boot_image, expected, 32), UD_OK);
    assert_memory_equal(file.data, expected, 32);
    for (size_t i = 32; i < 0x1000; i++)
        assert_int_equal(file.data[i], 0xaa);
    free(file.data);
}

static void the_crc_covers_the_file_with_both_words_zero(void **state)
{
    struct file_bytes file;
    (void)state;
    assert_int_equal(pack_firmware(&dio_4m_40, &boot, &app, &file), PACK_OK);
    assert_int_equal(ud_get_u32(file.data + 0x1010), file.length);
    assert_int_equal(ud_get_u32(file.data + 0x1014), 0x719bc4fd);
    memset(file.data + 0x1010, 0, 8);
    assert_int_equal(ud_crc32_forward(UD_CRC32_FORWARD_START, file.data, (uint32_t)file.length),
                     0x719bc4fd);
    free(file.data);
}

/* Every length of the last segment: the checksum ends a group of 16. */
static void images_end_on_sixteen(void **state)
{
    (void)state;
    for (uint32_t length = 0; length <= sizeof irom; length++) {
        struct pack_part part = app;
        struct file_bytes file;
        part.segments[1] = (struct pack_segment){0x40100000, length, irom};
        assert_int_equal(pack_firmware(&dio_4m_40, &boot, &part, &file), PACK_OK);
        assert_int_equal(file.length % 16, 0);
        const uint32_t content = 0x1000 + 8 + 8 + (uint32_t)sizeof irom + 8 + length;
        assert_true(file.length > content && file.length <= content + 16);
        for (size_t i = content; i < file.length - 1; i++)
            assert_int_equal(file.data[i], 0);
        free(file.data);
    }
}

static void a_bootloader_has_one_sector_less_two_words(void **state)
{
    static uint8_t code[4096];
    struct file_bytes file;
    (void)state;
    for (uint32_t length = 0; length <= sizeof code; length += 4) {
        const struct pack_part part = {.segment_count = 1,
                                       .segments = {{0x4010f000, length, code}}};
        const uint32_t size = (16 + length) / 16 * 16 + 16;
        const enum pack_result result = pack_firmware(&dio_4m_40, &part, &app, &file);
        assert_int_equal(result, size + 8 > 4096 ? PACK_BOOT_TOO_LARGE : PACK_OK);
        if (result == PACK_OK)
            free(file.data);
    }
}

static void applications_without_room_for_the_words_are_refused(void **state)
{
    const struct pack_part empty = {0};
    struct pack_part small = app;
    struct file_bytes file;
    (void)state;
    assert_int_equal(pack_firmware(&dio_4m_40, &boot, &empty, &file), PACK_NO_ROOM_FOR_WORDS);
    small.segments[0].length = 7;
    assert_int_equal(pack_firmware(&dio_4m_40, &boot, &small, &file), PACK_NO_ROOM_FOR_WORDS);
    small.segments[0].length = UINT32_MAX;
    small.segments[1].length = UINT32_MAX;
    assert_int_equal(pack_firmware(&dio_4m_40, &boot, &small, &file), PACK_TOO_LARGE);
}

/* Of every length: its last sector has room for the record, and it grows only then. */
static void a_program_that_asks_for_a_trial_has_room_for_it(void **state)
{
    static uint8_t code[8192];
    uint32_t grown = 0;

    (void)state;
    for (uint32_t length = 300; length < sizeof code; length += 4) {
        for (uint32_t asks = 0; asks < 2; asks++) {
            const struct pack_part part = {.segment_count = 1,
                                           .segments = {{0x40201010, length, code}}};
            const uint32_t size = (0x1010 + length) / 16 * 16 + 16;
            struct file_bytes file;

            ud_put_u32(code + 0x10, UD_IMAGE_DESCRIPTION_MAGIC);
            ud_put_u32(code + 0x10 + UD_IMAGE_TRIAL_OFFSET, asks ? UD_IMAGE_TRIAL_MAGIC : 0);
            assert_int_equal(pack_firmware(&dio_4m_40, &boot, &part, &file), PACK_OK);
            const uint32_t left = (uint32_t)(4096 - file.length % 4096) % 4096;
            if (asks)
                assert_true(left >= UD_TRIAL_SIZE);
            else
                assert_int_equal(file.length, size);
            grown += file.length != size;
            assert_true(file.length <= size + UD_TRIAL_SIZE + 16);
            free(file.data);
        }
    }
    assert_true(grown > 0);
}

static void names_of_flash_settings_are_the_menus(void **state)
{
    static const struct {
        const char *name;
        uint8_t code;
    } sizes[] = {{"512K", 0}, {"256K", 1}, {"1M", 2}, {"2M", 3}, {"4M", 4}, {"8M", 8}, {"16M", 9}};
    uint8_t code;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(flash_size_parse(sizes[i].name, &code));
        assert_int_equal(code, sizes[i].code);
    }
    assert_false(flash_size_parse("3M", &code));
    for (uint8_t mode = 0; mode < 4; mode++) {
        assert_true(flash_mode_parse(flash_mode_name(mode), &code));
        assert_int_equal(code, mode);
    }
    assert_null(flash_mode_name(4));
    assert_false(flash_mode_parse("DIO", &code));
    assert_true(flash_frequency_parse("80", &code));
    assert_int_equal(code, 0xf);
    assert_int_equal(flash_frequency_mhz(0), 40);
    assert_int_equal(flash_frequency_mhz(3), 0);
    assert_false(flash_frequency_parse("33", &code));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_the_originals_byte_for_byte),
        cmocka_unit_test(the_crc_covers_the_file_with_both_words_zero),
        cmocka_unit_test(images_end_on_sixteen),
        cmocka_unit_test(a_bootloader_has_one_sector_less_two_words),
        cmocka_unit_test(applications_without_room_for_the_words_are_refused),
        cmocka_unit_test(a_program_that_asks_for_a_trial_has_room_for_it),
        cmocka_unit_test(names_of_flash_settings_are_the_menus),
    };
    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
