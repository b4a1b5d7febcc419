/* The image parser on ESP8266 files: whole and damaged, in pieces of every size. */
#include "updraft/image.h"

#include "device/port/bearssl/digest.h"
#include "image_builder.h"
#include "image_feed.h"
#include "updraft/crc32.h"
#include "updraft/endian.h"
#include "updraft/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define SEED 20260103u

/* ---- The vectors: the two files whose every byte is known ---- */

#define SINGLE_HEX                                                                                 \
    "e902024004001040000010400800000001020304050607080080fe3f08000000"                             \
    "68656c6c6f0000000000000000000085"

#define APP_HEX                                                                                    \
    "e902024000001040101020402000000040100000fdc49b717856341200010203"                             \
    "0405060708090a0b0c0d0e0f10111213000010400400000001020304000000e3"

#define SMALL_BOOT_END 32u     /* of the bootloader image in the two-image vector */
#define SMALL_LENGTH   0x1040u /* of that file */

static struct image_bytes small_two_images(void)
{
    static const uint8_t boot_code[] = {0x0d, 0xf0, 0, 0};
    static const uint8_t ram_code[] = {1, 2, 3, 4};
    static const uint8_t flash_code[32] = {
        0, 0, 0, 0, 0, 0, 0,  0,  0x78, 0x56, 0x34, 0x12, 0,  1,  2,  3,
        4, 5, 6, 7, 8, 9, 10, 11, 12,   13,   14,   15,   16, 17, 18, 19,
    };
    const struct image_segment boot_segment = {0x4010f000, sizeof boot_code, boot_code};
    const struct image_segment app_segments[] = {
        {0x40201010, sizeof flash_code, flash_code},
        {0x40100000, sizeof ram_code, ram_code},
    };
    const struct image_part boot = {2, 0x40, 0x4010f000, 1, &boot_segment};
    const struct image_part app = {2, 0x40, 0x40100000, 2, app_segments};

    return image_build_two(&boot, &app, IMAGE_WORDS_RIGHT);
}

static void assert_md5(const struct image_bytes *image, const char *expected)
{
    uint8_t value[UD_MD5_SIZE];
    char hex[2 * UD_MD5_SIZE + 1];
    struct ud_digest digest;

    ud_digest_begin(&digest, &ud_md5);
    ud_digest_add(&digest, image->data, image->length);
    ud_digest_end(&digest, value);
    ud_hex_encode(value, sizeof value, hex);
    assert_string_equal(hex, expected);
}

static void the_single_image_vector_is_read(void **state)
{
    uint8_t data[48];

    (void)state;
    assert_int_equal(ud_hex_decode(SINGLE_HEX, data, sizeof data), UD_OK);
    const struct feed feed = feed_every_way(data, sizeof data);
    const struct ud_image_part *part = &feed.report.parts[0];

    assert_int_equal(feed.error, UD_OK);
    assert_int_equal(feed.report.part_count, 1);
    assert_int_equal(feed.report.length, 48);
    assert_int_equal(feed.report.trailing, 0);
    assert_int_equal(feed.report.crc, UD_CRC_ABSENT);
    assert_int_equal(feed.report.hash, UD_HASH_ABSENT);
    assert_false(feed.report.has_description);
    assert_int_equal(part->header.chip, UD_CHIP_ESP8266);
    assert_int_equal(part->header.flash_mode, UD_MODE_DIO);
    assert_int_equal(part->header.flash_size_code, 4);
    assert_int_equal(part->header.flash_frequency_code, 0);
    assert_int_equal(part->header.entry, 0x40100004);
    assert_int_equal(part->checksum_stored, 0x85);
    assert_int_equal(part->checksum_computed, 0x85);
    assert_int_equal(feed.segment_count, 2);
    assert_int_equal(feed.segments[1].index, 1);
    assert_int_equal(feed.segments[1].load_address, 0x3ffe8000);
    assert_int_equal(feed.segments[1].length, 8);
    assert_int_equal(feed.segments[1].offset, 32);
}

static void the_two_image_vector_is_built_to_the_byte(void **state)
{
    struct image_bytes image = small_two_images();
    uint8_t app[64];

    (void)state;
    assert_int_equal(image.length, SMALL_LENGTH);
    assert_int_equal(ud_hex_decode(APP_HEX, app, sizeof app), UD_OK);
    assert_memory_equal(image.data + UD_IMAGE_APP_OFFSET, app, sizeof app);
    assert_md5(&image, "9f6d9b61247203daecce3992e37401b3");
    image_free(&image);
}

/* The application's XOR byte is stale, as in every stock file, and no obstacle. */
static void the_two_image_vector_is_read(void **state)
{
    struct image_bytes image = small_two_images();
    const struct feed feed = feed_every_way(image.data, image.length);
    const struct ud_image_report *report = &feed.report;

    (void)state;
    assert_int_equal(feed.error, UD_OK);
    assert_int_equal(report->part_count, 2);
    assert_int_equal(report->parts[0].offset, 0);
    assert_int_equal(report->parts[0].end, SMALL_BOOT_END);
    assert_int_equal(report->parts[0].checksum_stored, report->parts[0].checksum_computed);
    assert_int_equal(report->parts[1].offset, UD_IMAGE_APP_OFFSET);
    assert_int_equal(report->parts[1].end, SMALL_LENGTH);
    assert_int_equal(report->parts[1].checksum_stored, 0xe3);
    assert_int_equal(report->parts[1].checksum_computed, 0x60);
    assert_ptr_equal(ud_image_app(report), &report->parts[1]);
    assert_int_equal(report->length, SMALL_LENGTH);
    assert_int_equal(report->trailing, 0);
    assert_int_equal(report->crc, UD_CRC_MATCH);
    assert_int_equal(report->built_mode_byte, 0x02);
    assert_int_equal(report->built_size_byte, 0x40);
    assert_int_equal(feed.segment_count, 3);
    assert_int_equal(feed.segments[0].part, 0);
    assert_int_equal(feed.segments[1].part, 1);
    assert_int_equal(feed.segments[1].index, 0);
    assert_int_equal(feed.segments[1].offset, 0x1010);
    assert_int_equal(feed.segments[2].offset, 0x1038);
    image_free(&image);
}

/* ---- Damage ---- */

static void every_truncation_is_refused(void **state)
{
    struct image_bytes image = small_two_images();

    (void)state;
    for (uint32_t length = 0; length < image.length; length++) {
        const struct feed feed = feed_whole(image.data, length);

        if (length == 0)
            assert_int_equal(feed.error, UD_ERR_NO_DATA);
        else if (length == SMALL_BOOT_END) /* the one cut that leaves a whole image */
            assert_true(feed.error == UD_OK && feed.report.part_count == 1);
        else
            assert_int_equal(feed.error, UD_ERR_IMAGE);
    }
    image_free(&image);
}

static void every_flipped_bit_of_the_application_is_refused(void **state)
{
    struct image_bytes image = small_two_images();

    (void)state;
    for (uint32_t bit = 8 * UD_IMAGE_APP_OFFSET; bit < 8 * image.length; bit++) {
        image.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(feed_whole(image.data, image.length).error, UD_ERR_IMAGE);
        image.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    image_free(&image);
}

static void every_wrong_byte_of_the_application_is_refused(void **state)
{
    struct image_bytes image = small_two_images();

    (void)state;
    for (uint32_t i = UD_IMAGE_APP_OFFSET; i < image.length; i++) {
        const uint8_t right = image.data[i];

        for (unsigned difference = 1; difference < 256; difference += 9) {
            image.data[i] = (uint8_t)(right ^ difference);
            assert_int_equal(feed_whole(image.data, image.length).error, UD_ERR_IMAGE);
        }
        image.data[i] = right;
    }
    image_free(&image);
}

/* Bytes 2 and 3 are the flashing tools' to change. The first of the padding is
 * where a file without a second image may go on with anything. */
static bool may_change(uint32_t offset)
{
    return offset == 2 || offset == 3 || (offset >= SMALL_BOOT_END && offset < SMALL_BOOT_END + 16);
}

static void a_wrong_byte_before_the_application_is_refused(void **state)
{
    struct image_bytes image = small_two_images();

    (void)state;
    for (uint32_t i = 0; i < UD_IMAGE_APP_OFFSET; i += i < 64 ? 1 : 7) {
        image.data[i] ^= 0x40;
        const int error = feed_whole(image.data, image.length).error;
        if (i == 0)
            assert_int_equal(error, UD_ERR_MAGIC);
        else if (!may_change(i))
            assert_int_equal(error, UD_ERR_IMAGE);
        image.data[i] ^= 0x40;
    }
    image_free(&image);
}

static void rewritten_header_bytes_are_told_from_damage(void **state)
{
    struct image_bytes image = small_two_images();

    (void)state;
    for (unsigned value = 0; value < 512; value++) {
        const uint8_t mode = (uint8_t)value;
        const uint8_t size = (uint8_t)(value < 256 ? 0x40 : value * 7);

        image.data[2] = mode;
        image.data[3] = size;
        const struct feed feed = feed_whole(image.data, image.length);
        assert_int_equal(feed.error, UD_OK);
        assert_int_equal(feed.report.crc,
                         mode == 2 && size == 0x40 ? UD_CRC_MATCH : UD_CRC_PATCHED);
        assert_int_equal(feed.report.built_mode_byte, 0x02);
        assert_int_equal(feed.report.built_size_byte, 0x40);
        assert_int_equal(feed.report.parts[0].header.flash_mode, mode);
    }
    image_free(&image);
}

static void damage_does_not_hide_behind_rewritten_bytes(void **state)
{
    struct image_bytes image = small_two_images();

    (void)state;
    image.data[2] = 0;
    for (uint32_t i = UD_IMAGE_APP_OFFSET; i < image.length; i++) {
        image.data[i] ^= 0x10;
        assert_int_equal(feed_whole(image.data, image.length).error, UD_ERR_IMAGE);
        image.data[i] ^= 0x10;
    }
    image_free(&image);
}

/* A CRC word that would be right for other header bytes than the build's: only
 * the application's header shows that nobody rewrote them. */
static void damage_that_looks_like_rewriting_is_refused(void **state)
{
    struct image_bytes image = small_two_images();
    uint8_t *crc_word = image.data + UD_IMAGE_CRC_WORD_OFFSET;
    const uint32_t right = ud_get_u32(crc_word);

    (void)state;
    for (uint32_t i = 1; i < 512; i++) {
        const uint32_t difference = i < 256 ? i : (i & 0xff) << 8 | i % 3;

        if (difference == 0)
            continue;
        ud_put_u32(crc_word, right ^ ud_crc32_forward_zeros(difference, image.length));
        const struct feed feed = feed_whole(image.data, image.length);
        assert_int_equal(feed.error, UD_ERR_IMAGE);
        assert_int_equal(feed.report.crc, UD_CRC_MISMATCH);
    }
    image_free(&image);
}

/* A damaged segment length makes an image end early; its length word says so. */
static void an_image_that_ends_before_its_length_is_refused(void **state)
{
    const struct image_firmware firmware = {.size = 304};
    struct image_bytes image = image_build_firmware(&firmware);
    uint8_t *last_length = image.data + UD_IMAGE_APP_OFFSET + 8 + 8 + 304 + 4;

    (void)state;
    assert_int_equal(ud_get_u32(last_length), 36);
    ud_put_u32(last_length, 4);
    const struct feed feed = feed_whole(image.data, image.length);
    assert_int_equal(feed.report.trailing, 32);
    assert_int_equal(feed.report.crc, UD_CRC_MISMATCH);
    assert_int_equal(feed.error, UD_ERR_IMAGE);
    image_free(&image);
}

static void a_wrong_crc_word_is_refused_and_reported(void **state)
{
    struct image_firmware firmware = {.words = IMAGE_WORDS_WRONG};
    struct image_bytes image = image_build_firmware(&firmware);
    const struct feed feed = feed_whole(image.data, image.length);

    (void)state;
    assert_int_equal(feed.error, UD_ERR_IMAGE);
    assert_int_equal(feed.report.crc, UD_CRC_MISMATCH);
    image_free(&image);
}

static void an_older_cores_file_without_words_passes(void **state)
{
    struct image_firmware firmware = {.words = IMAGE_WORDS_ABSENT, .version = "0.9"};
    struct image_bytes image = image_build_firmware(&firmware);
    const struct feed feed = feed_whole(image.data, image.length);

    (void)state;
    assert_int_equal(feed.error, UD_OK);
    assert_int_equal(feed.report.crc, UD_CRC_ABSENT);
    assert_string_equal(feed.description.version, "0.9");
    image_free(&image);
}

static void a_wrong_bootloader_checksum_is_refused(void **state)
{
    struct image_firmware firmware = {.words = IMAGE_WORDS_ABSENT};
    struct image_bytes image = image_build_firmware(&firmware);

    (void)state;
    image.data[100] ^= 1;
    const struct feed feed = feed_whole(image.data, image.length);
    assert_int_equal(feed.error, UD_ERR_IMAGE);
    assert_int_equal(feed.report.parts[0].checksum_stored ^ feed.report.parts[0].checksum_computed,
                     1);
    image_free(&image);
}

/* ---- Structure ---- */

static void nothing_at_all_is_no_data(void **state)
{
    struct ud_image image;

    (void)state;
    ud_image_begin(&image, NULL);
    assert_int_equal(ud_image_write(&image, "", 0), UD_OK);
    assert_int_equal(ud_image_end(&image), UD_ERR_NO_DATA);
    assert_int_equal(ud_image_write(&image, "\xe9", 1), UD_ERR_NO_DATA);
}

static void a_wrong_first_byte_is_seen_at_once_and_sticks(void **state)
{
    static const uint8_t first_bytes[] = {0x00, 0x1f, 0xea, 0xff, '<'};

    (void)state;
    for (size_t i = 0; i < sizeof first_bytes; i++) {
        struct ud_image image;

        ud_image_begin(&image, NULL);
        assert_int_equal(ud_image_write(&image, &first_bytes[i], 1), UD_ERR_MAGIC);
        assert_int_equal(ud_image_write(&image, "\xe9", 1), UD_ERR_MAGIC);
        assert_int_equal(ud_image_end(&image), UD_ERR_MAGIC);
    }
}

static void impossible_segment_counts_are_refused(void **state)
{
    (void)state;
    for (unsigned count = 0; count < 256; count++) {
        const uint8_t data[24] = {
            [0] = UD_IMAGE_MAGIC, [1] = (uint8_t)count, [11] = 0x40, [12] = 99};
        struct ud_image image;

        ud_image_begin(&image, NULL);
        assert_int_equal(ud_image_write(&image, data, sizeof data),
                         count >= 1 && count <= 16 ? UD_OK : UD_ERR_IMAGE);
    }
}

static void impossible_segment_lengths_are_refused(void **state)
{
    static const struct {
        uint32_t length;
        int expected;
    } rows[] = {
        {0, UD_OK},
        {16u << 20, UD_OK},
        {(16u << 20) + 1, UD_ERR_IMAGE},
        {0x7fffffff, UD_ERR_IMAGE},
        {0xffffffff, UD_ERR_IMAGE},
        {0xfffffff0, UD_ERR_IMAGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t data[24] = {[0] = UD_IMAGE_MAGIC, [1] = 16, [11] = 0x40};
        struct ud_image image;

        ud_image_begin(&image, NULL);
        ud_put_u32(data + 12, rows[i].length);
        assert_int_equal(ud_image_write(&image, data, sizeof data), rows[i].expected);
        assert_int_equal(ud_image_end(&image), UD_ERR_IMAGE);
    }
}

static void segments_of_every_length_end_in_the_right_place(void **state)
{
    uint8_t bytes[40];

    (void)state;
    image_fill(bytes, sizeof bytes, 5);
    for (uint32_t length = 0; length <= sizeof bytes; length++) {
        const struct image_segment segments[] = {
            {0x40100000, 0, bytes},
            {0x40100000, length, bytes},
            {0x3ffe8000, 0, bytes},
        };
        const struct image_part part = {0, 0, 0x40100000, 3, segments};
        struct image_bytes image = image_build_esp8266(&part);
        const struct feed feed = feed_every_way(image.data, image.length);

        assert_int_equal(feed.error, UD_OK);
        assert_int_equal(feed.report.length, image.length);
        assert_int_equal(feed.segment_count, 3);
        assert_int_equal(feed.segments[1].length, length);
        image_free(&image);
    }
}

static void sixteen_segments_are_read(void **state)
{
    struct image_segment segments[16];
    static const uint8_t bytes[3] = {1, 2, 3};

    (void)state;
    for (uint32_t i = 0; i < 16; i++)
        segments[i] = (struct image_segment){0x40100000 + i, i % 4, bytes};
    const struct image_part part = {0, 0, 0x40100000, 16, segments};
    struct image_bytes image = image_build_esp8266(&part);
    const struct feed feed = feed_every_way(image.data, image.length);

    assert_int_equal(feed.error, UD_OK);
    assert_int_equal(feed.segment_count, 16);
    assert_int_equal(feed.segments[15].load_address, 0x4010000f);
    image_free(&image);
}

/* ---- What follows ---- */

static struct image_bytes with_trailer(struct image_bytes image, const uint8_t *trailer,
                                       uint32_t length)
{
    image.data = realloc(image.data, image.length + length);
    assert_non_null(image.data);
    memcpy(image.data + image.length, trailer, length);
    image.length += length;
    return image;
}

static void a_signature_behind_a_file_is_counted(void **state)
{
    uint8_t trailer[260];

    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        struct image_bytes image = small_two_images();

        image_fill(trailer, sizeof trailer, first);
        trailer[0] = (uint8_t)first;
        image = with_trailer(image, trailer, sizeof trailer);
        const struct feed feed = feed_whole(image.data, image.length);
        assert_int_equal(feed.error, UD_OK);
        assert_int_equal(feed.report.length, SMALL_LENGTH);
        assert_int_equal(feed.report.trailing, sizeof trailer);
        assert_int_equal(feed.report.crc, UD_CRC_MATCH);
        image_free(&image);
    }
}

/* Also one that begins as the padding of a two-image file does. */
static void a_signature_behind_a_single_image_is_counted(void **state)
{
    uint8_t trailer[260];
    static const uint8_t bytes[4] = {1, 2, 3, 4};
    const struct image_segment segment = {0x40100000, sizeof bytes, bytes};
    const struct image_part part = {0, 0, 0x40100000, 1, &segment};

    (void)state;
    for (uint32_t padding = 0; padding <= 15; padding++) {
        struct image_bytes image = image_build_esp8266(&part);
        const uint32_t length = image.length;

        image_fill(trailer, sizeof trailer, padding);
        memset(trailer, 0xaa, padding);
        trailer[padding] = UD_IMAGE_MAGIC;
        image = with_trailer(image, trailer, sizeof trailer);
        const struct feed feed = feed_every_way(image.data, image.length);
        assert_int_equal(feed.error, UD_OK);
        assert_int_equal(feed.report.part_count, 1);
        assert_int_equal(feed.report.length, length);
        assert_int_equal(feed.report.trailing, sizeof trailer);
        image_free(&image);
    }
}

/* A first image of `end` bytes, a multiple of 16. */
static struct image_bytes image_ending_at(uint32_t end)
{
    static uint8_t bytes[2 * UD_IMAGE_APP_OFFSET];
    const struct image_segment segment = {0x4010f000, end - 17, bytes};
    const struct image_part part = {0, 0, 0x4010f000, 1, &segment};

    struct image_bytes image = image_build_esp8266(&part);
    assert_int_equal(image.length, end);
    return image;
}

static void a_bootloader_that_fills_its_sector_needs_no_padding(void **state)
{
    struct image_bytes image = image_ending_at(UD_IMAGE_APP_OFFSET);
    struct image_bytes small = small_two_images();

    (void)state;
    assert_int_equal(feed_whole(image.data, image.length).error, UD_OK);
    image = with_trailer(image, small.data + UD_IMAGE_APP_OFFSET, 64);
    /* Another bootloader, another CRC: not the small file's words. */
    memset(image.data + UD_IMAGE_LENGTH_WORD_OFFSET, 0, 8);
    const struct feed feed = feed_whole(image.data, image.length);
    assert_int_equal(feed.error, UD_OK);
    assert_int_equal(feed.report.part_count, 2);
    assert_int_equal(feed.report.parts[1].end, image.length);
    image_free(&small);
    image_free(&image);
}

static void no_second_image_follows_a_larger_first_one(void **state)
{
    struct image_bytes image = image_ending_at(UD_IMAGE_APP_OFFSET + 16);
    static const uint8_t trailer[32] = {UD_IMAGE_MAGIC, 1};

    (void)state;
    image = with_trailer(image, trailer, sizeof trailer);
    const struct feed feed = feed_whole(image.data, image.length);
    assert_int_equal(feed.error, UD_OK);
    assert_int_equal(feed.report.part_count, 1);
    assert_int_equal(feed.report.trailing, sizeof trailer);
    image_free(&image);
}

/* Trailing bytes are counted, not read: the memory here cannot be. */
static void streams_beyond_4_gib_are_refused(void **state)
{
    struct image_bytes image = small_two_images();
    const uint32_t rest = UINT32_MAX - SMALL_LENGTH;
    void *unreadable =
        mmap(NULL, rest, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct ud_image parser;

    (void)state;
    assert_true(unreadable != MAP_FAILED);
    ud_image_begin(&parser, NULL);
    assert_int_equal(ud_image_write(&parser, image.data, image.length), UD_OK);
    assert_int_equal(ud_image_write(&parser, unreadable, rest), UD_OK);
    assert_int_equal(parser.report.trailing, rest);
    assert_int_equal(ud_image_write(&parser, unreadable, 1), UD_ERR_IMAGE);
    assert_int_equal(ud_image_end(&parser), UD_ERR_IMAGE);
    munmap(unreadable, rest);
    image_free(&image);
}

/* ---- Descriptions ---- */

static void the_applications_description_is_found(void **state)
{
    struct image_firmware firmware = {
        .version = "1.2.3-rc4",
        .project = "an exactly 32 characters long id",
        .size = 304,
    };
    struct image_bytes image = image_build_firmware(&firmware);
    const struct feed feed = feed_split(image.data, image.length, 1, 1);
    const struct ud_image_description *description = &feed.description;
    uint8_t elf_sha256[32];

    (void)state;
    image_fill(elf_sha256, sizeof elf_sha256, 144);
    assert_int_equal(feed.error, UD_OK);
    assert_true(feed.report.has_description);
    assert_string_equal(description->version, "1.2.3-rc4");
    assert_string_equal(description->project, firmware.project);
    assert_string_equal(description->time, "12:34:56");
    assert_string_equal(description->date, "Jan  2 2024");
    assert_string_equal(description->sdk, "test-sdk");
    assert_memory_equal(description->elf_sha256, elf_sha256, 32);
    assert_int_equal(description->secure_version, 0);
    image_free(&image);
}

static void a_single_image_has_one_too(void **state)
{
    struct image_firmware firmware = {.version = "7", .is_single = true, .size = 304};
    struct image_bytes image = image_build_firmware(&firmware);
    const struct feed feed = feed_every_way(image.data, image.length);

    (void)state;
    assert_int_equal(feed.error, UD_OK);
    assert_int_equal(feed.report.part_count, 1);
    assert_true(feed.report.has_description);
    assert_string_equal(feed.description.version, "7");
    image_free(&image);
}

/* One description in the bootloader, none in the application. */
static void a_bootloaders_description_is_not_the_applications(void **state)
{
    uint8_t bytes[304];
    const struct image_segment segment = {0x4010f000, sizeof bytes, bytes};
    const struct image_part boot = {0, 0, 0x4010f000, 1, &segment};
    static const uint8_t code[400];
    const struct image_segment app_segment = {0x40201010, sizeof code, code};
    const struct image_part app = {0, 0, 0x40100000, 1, &app_segment};

    (void)state;
    image_encode_description(bytes + 16, "boot", "boot");
    struct image_bytes image = image_build_two(&boot, &app, IMAGE_WORDS_RIGHT);
    const struct feed feed = feed_whole(image.data, image.length);
    static const struct ud_image_description none;

    assert_int_equal(feed.error, UD_OK);
    assert_false(feed.report.has_description);
    assert_memory_equal(&feed.description, &none, sizeof none);
    image_free(&image);
}

/* 272 bytes of data from 0x10 reach exactly to the description's end. */
static void a_segment_too_short_for_it_has_no_description(void **state)
{
    uint8_t bytes[400];

    (void)state;
    memset(bytes, 0, sizeof bytes);
    image_encode_description(bytes + 16, "1", "2");
    for (uint32_t length = 270; length <= 274; length++) {
        const struct image_segment segments[] = {
            {0x40201010, length, bytes},
            {0x40100000, 64, bytes},
        };
        const struct image_part part = {0, 0, 0x40100000, 2, segments};
        struct image_bytes image = image_build_esp8266(&part);
        const struct feed feed = feed_every_way(image.data, image.length);

        assert_int_equal(feed.error, UD_OK);
        assert_int_equal(feed.report.has_description, length >= 272);
        image_free(&image);
    }
}

static void any_wrong_bit_of_the_magic_means_no_description(void **state)
{
    struct image_firmware firmware = {.version = "7", .words = IMAGE_WORDS_ABSENT};
    struct image_bytes image = image_build_firmware(&firmware);
    uint8_t *magic = image.data + UD_IMAGE_APP_OFFSET + UD_IMAGE_DESCRIPTION_OFFSET;

    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        magic[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const struct feed feed = feed_whole(image.data, image.length);
        assert_int_equal(feed.error, UD_OK);
        assert_false(feed.report.has_description);
        magic[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(feed_whole(image.data, image.length).report.has_description);
    image_free(&image);
}

/* ---- Anything goes ---- */

static void random_bytes_in_random_pieces_never_differ(void **state)
{
    uint8_t data[600];

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    for (int round = 0; round < 3000; round++) {
        const uint32_t length = 1 + (uint32_t)rand() % sizeof data;

        image_fill(data, length, (uint32_t)rand());
        data[0] = UD_IMAGE_MAGIC;
        data[1] = (uint8_t)(1 + rand() % 4);
        ud_put_u32(data + 12, (uint32_t)rand() % 200);
        const struct feed whole = feed_whole(data, length);
        const struct feed pieces =
            feed_split(data, length, (uint32_t)rand() % length, 1 + (uint32_t)rand() % 64);
        assert_int_equal(pieces.error, whole.error);
        assert_memory_equal(&pieces.report, &whole.report, sizeof whole.report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_single_image_vector_is_read),
        cmocka_unit_test(the_two_image_vector_is_built_to_the_byte),
        cmocka_unit_test(the_two_image_vector_is_read),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flipped_bit_of_the_application_is_refused),
        cmocka_unit_test(every_wrong_byte_of_the_application_is_refused),
        cmocka_unit_test(a_wrong_byte_before_the_application_is_refused),
        cmocka_unit_test(rewritten_header_bytes_are_told_from_damage),
        cmocka_unit_test(damage_does_not_hide_behind_rewritten_bytes),
        cmocka_unit_test(damage_that_looks_like_rewriting_is_refused),
        cmocka_unit_test(an_image_that_ends_before_its_length_is_refused),
        cmocka_unit_test(a_wrong_crc_word_is_refused_and_reported),
        cmocka_unit_test(an_older_cores_file_without_words_passes),
        cmocka_unit_test(a_wrong_bootloader_checksum_is_refused),
        cmocka_unit_test(nothing_at_all_is_no_data),
        cmocka_unit_test(a_wrong_first_byte_is_seen_at_once_and_sticks),
        cmocka_unit_test(impossible_segment_counts_are_refused),
        cmocka_unit_test(impossible_segment_lengths_are_refused),
        cmocka_unit_test(segments_of_every_length_end_in_the_right_place),
        cmocka_unit_test(sixteen_segments_are_read),
        cmocka_unit_test(a_signature_behind_a_file_is_counted),
        cmocka_unit_test(a_signature_behind_a_single_image_is_counted),
        cmocka_unit_test(a_bootloader_that_fills_its_sector_needs_no_padding),
        cmocka_unit_test(no_second_image_follows_a_larger_first_one),
        cmocka_unit_test(streams_beyond_4_gib_are_refused),
        cmocka_unit_test(the_applications_description_is_found),
        cmocka_unit_test(a_single_image_has_one_too),
        cmocka_unit_test(a_bootloaders_description_is_not_the_applications),
        cmocka_unit_test(a_segment_too_short_for_it_has_no_description),
        cmocka_unit_test(any_wrong_bit_of_the_magic_means_no_description),
        cmocka_unit_test(random_bytes_in_random_pieces_never_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
