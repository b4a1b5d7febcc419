/* The image parser on ESP32 applications: checksum, appended hash, description. */
#include "updraft/image.h"

#include "device/port/bearssl/digest.h"
#include "image_builder.h"
#include "image_feed.h"
#include "updraft/endian.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The smallest that holds a description, and a hash. */
static struct image_bytes small_image(bool has_hash)
{
    const struct image_firmware firmware = {
        .chip = UD_CHIP_ESP32,
        .chip_id = 9,
        .version = "2.0.0",
        .project = "thermostat",
        .size = 304,
        .flash_mode = UD_MODE_DIO,
        .flash_size_code = 2,
        .flash_frequency_code = 0xf,
        .has_no_hash = !has_hash,
    };

    return image_build_firmware(&firmware);
}

static void an_image_is_read(void **state)
{
    struct image_bytes image = small_image(true);
    const struct feed feed = feed_every_way(image.data, image.length);
    const struct ud_image_report *report = &feed.report;
    const struct ud_image_header *header = &report->parts[0].header;

    (void)state;
    assert_int_equal(feed.error, UD_OK);
    assert_int_equal(report->part_count, 1);
    assert_int_equal(report->length, image.length);
    assert_int_equal(report->parts[0].end, image.length);
    assert_int_equal(report->hash, UD_HASH_MATCH);
    assert_int_equal(report->crc, UD_CRC_ABSENT);
    assert_int_equal(header->chip, UD_CHIP_ESP32);
    assert_int_equal(header->chip_id, 9);
    assert_int_equal(header->flash_size_code, 2);
    assert_int_equal(header->flash_frequency_code, 0xf);
    assert_int_equal(header->max_revision, 0xffff);
    assert_true(header->hash_appended);
    assert_true(report->has_description);
    assert_string_equal(feed.description.version, "2.0.0");
    assert_string_equal(feed.description.project, "thermostat");
    assert_int_equal(feed.segment_count, 2);
    assert_int_equal(feed.segments[0].offset, 32);
    image_free(&image);
}

static void without_a_digest_the_hash_stays_unchecked(void **state)
{
    struct image_bytes image = small_image(true);
    struct ud_image parser;

    (void)state;
    image.data[image.length - 1] ^= 1;
    ud_image_begin(&parser, NULL);
    assert_int_equal(ud_image_write(&parser, image.data, image.length), UD_OK);
    assert_int_equal(ud_image_end(&parser), UD_OK);
    assert_int_equal(parser.report.hash, UD_HASH_UNCHECKED);
    image_free(&image);
}

static void an_image_without_a_hash_is_read(void **state)
{
    struct image_bytes image = small_image(false);
    const struct feed feed = feed_every_way(image.data, image.length);

    (void)state;
    assert_int_equal(feed.error, UD_OK);
    assert_int_equal(feed.report.hash, UD_HASH_ABSENT);
    assert_int_equal(feed.report.length, image.length);
    image_free(&image);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (int has_hash = 0; has_hash <= 1; has_hash++) {
        struct image_bytes image = small_image(has_hash);

        for (uint32_t length = 1; length < image.length; length++)
            assert_int_equal(feed_whole(image.data, length).error, UD_ERR_IMAGE);
        image_free(&image);
    }
}

static void every_flipped_bit_is_refused(void **state)
{
    const uint32_t hash_appended_bit = 8 * 23;
    struct image_bytes image = small_image(true);

    (void)state;
    for (uint32_t bit = 0; bit < 8 * image.length; bit++) {
        image.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const struct feed feed = feed_whole(image.data, image.length);
        if (bit == hash_appended_bit) /* then it is a whole image, with 32 bytes behind it */
            assert_true(feed.error == UD_OK && feed.report.trailing == UD_SHA256_SIZE);
        else
            assert_int_equal(feed.error, bit < 8 ? UD_ERR_MAGIC : UD_ERR_IMAGE);
        image.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    image_free(&image);
}

/* The hash right, the checksum wrong: as a loader would, refuse. */
static void a_wrong_checksum_is_refused(void **state)
{
    struct image_bytes image = small_image(false);

    (void)state;
    image.data[image.length - 1] ^= 0x80;
    assert_int_equal(feed_whole(image.data, image.length).error, UD_ERR_IMAGE);
    image.data[image.length - 1] ^= 0x80;
    image.data[100] ^= 0x80;
    assert_int_equal(feed_whole(image.data, image.length).error, UD_ERR_IMAGE);
    image_free(&image);
}

static void a_signature_behind_it_is_counted(void **state)
{
    struct image_bytes image = small_image(true);
    const uint32_t length = image.length;

    (void)state;
    image.data = realloc(image.data, length + 512);
    assert_non_null(image.data);
    image_fill(image.data + length, 512, 3);
    const struct feed feed = feed_every_way(image.data, length + 512);
    assert_int_equal(feed.error, UD_OK);
    assert_int_equal(feed.report.length, length);
    assert_int_equal(feed.report.trailing, 512);
    assert_int_equal(feed.report.hash, UD_HASH_MATCH);
    image_free(&image);
}

static void segment_lengths_are_whole_words(void **state)
{
    static const uint8_t bytes[8] = {1, 2, 3};

    (void)state;
    for (uint32_t length = 0; length <= sizeof bytes; length++) {
        const struct image_segment segment = {0x40080000, length, bytes};
        const struct image_part part = {0, 0, 0x40080000, 1, &segment};
        struct image_bytes image = image_build_esp32(&part, 0, true);

        assert_int_equal(feed_whole(image.data, image.length).error,
                         length % 4 == 0 ? UD_OK : UD_ERR_IMAGE);
        image_free(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_read),
        cmocka_unit_test(without_a_digest_the_hash_stays_unchecked),
        cmocka_unit_test(an_image_without_a_hash_is_read),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(a_wrong_checksum_is_refused),
        cmocka_unit_test(a_signature_behind_it_is_counted),
        cmocka_unit_test(segment_lengths_are_whole_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
