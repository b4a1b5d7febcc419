/* What may become a release, and by which digests devices will be known. */
#include "image_builder.h"
#include "server/release/content.h"
#include "server/release/inspect.h"
#include "updraft/endian.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

/* What the last inspection said. */
static char message[INSPECT_MESSAGE_SIZE];

static enum inspect_result inspect(const void *data, size_t length, struct release_image *image)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    fflush(file);
    message[0] = '\0';
    const enum inspect_result result = inspect_file(fileno(file), length, image, message);
    fclose(file);
    assert_null(strchr(message, '\n'));
    return result;
}

static void expect_refusal(const void *data, size_t length, const char *words)
{
    struct release_image image;

    assert_int_equal(inspect(data, length, &image), INSPECT_REFUSED);
    if (strstr(message, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", message, words);
}

static void digest(const char *name, const void *data, size_t length, uint8_t *out)
{
    assert_true(EVP_Digest(data, length, out, NULL, EVP_get_digestbyname(name), NULL));
}

/* The image with byte 2 replaced: what an updater leaves in flash. */
static void patched_md5(const struct image_bytes *image, uint8_t mode, uint8_t *out)
{
    uint8_t *copy = malloc(image->length);

    memcpy(copy, image->data, image->length);
    copy[2] = mode;
    digest("MD5", copy, image->length, out);
    free(copy);
}

static struct image_bytes firmware(void)
{
    const struct image_firmware plan = {.version = "1.1.0",
                                        .project = "demo",
                                        .size = 50000,
                                        .flash_mode = UD_MODE_DIO,
                                        .flash_size_code = 4};
    return image_build_firmware(&plan);
}

static struct image_bytes append(const struct image_bytes *image, const void *data, uint32_t length)
{
    struct image_bytes longer = {malloc(image->length + length), image->length + length};

    memcpy(longer.data, image->data, image->length);
    memcpy(longer.data + image->length, data, length);
    return longer;
}

/* The trailer signing tools append: so many bytes, then their number. */
static struct image_bytes sign(const struct image_bytes *image, uint32_t length, uint32_t word)
{
    uint8_t trailer[1024];

    memset(trailer, 0x5a, sizeof trailer);
    ud_put_u32(trailer + length, word);
    return append(image, trailer, length + 4);
}

static void a_plain_image(void **state)
{
    struct image_bytes file = firmware();
    struct release_image image;
    uint8_t expected[UD_SHA256_SIZE];

    (void)state;
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
    assert_int_equal(image.chip, UD_CHIP_ESP8266);
    assert_string_equal(image.chip_name, "ESP8266");
    assert_int_equal(image.flash_mode, UD_MODE_DIO);
    assert_int_equal(image.flash_size, 4u << 20);
    assert_int_equal(image.files[0].size, file.length);
    assert_int_equal(image.image_size, file.length);
    assert_false(image.files[0].compressed || image.files[0].is_signed);
    assert_true(image.has_description);
    assert_string_equal(image.project, "demo");
    assert_string_equal(image.version, "1.1.0");
    digest("MD5", file.data, file.length, expected);
    assert_memory_equal(image.files[0].md5, expected, UD_MD5_SIZE);
    digest("SHA256", file.data, file.length, expected);
    assert_memory_equal(image.files[0].sha256, expected, UD_SHA256_SIZE);
    image_free(&file);
}

static void a_plain_image_is_known_in_every_flash_mode(void **state)
{
    struct image_bytes file = firmware();
    struct release_image image;
    uint8_t expected[UD_MD5_SIZE];

    (void)state;
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
    assert_int_equal(image.digests.md5_count, 4);
    assert_int_equal(image.digests.sha256_count, 0);
    for (uint8_t mode = 0; mode < 4; mode++) {
        patched_md5(&file, mode, expected);
        assert_memory_equal(image.digests.md5[mode], expected, UD_MD5_SIZE);
    }
    image_free(&file);
}

static void a_compressed_image_is_known_by_what_is_inside(void **state)
{
    struct image_bytes inside = firmware(), file = image_compress(inside.data, inside.length);
    struct release_image image;
    uint8_t expected[UD_SHA256_SIZE];

    (void)state;
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
    assert_true(image.files[0].compressed);
    assert_int_equal(image.files[0].size, file.length);
    assert_int_equal(image.image_size, inside.length);
    assert_int_equal(image.digests.md5_count, 1);
    digest("MD5", inside.data, inside.length, expected);
    assert_memory_equal(image.digests.md5[0], expected, UD_MD5_SIZE);
    digest("SHA256", file.data, file.length, expected);
    assert_memory_equal(image.files[0].sha256, expected, UD_SHA256_SIZE);
    image_free(&inside);
    image_free(&file);
}

static void a_signature_is_no_part_of_the_sketch(void **state)
{
    static const uint32_t lengths[] = {256, 384, 512, 70, 144};
    struct image_bytes plain = firmware(), packed = image_compress(plain.data, plain.length);
    struct release_image unsigned_image, image;

    (void)state;
    assert_int_equal(inspect(plain.data, plain.length, &unsigned_image), INSPECT_SOUND);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct image_bytes file = sign(&plain, lengths[i], lengths[i]);
        assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
        assert_true(image.files[0].is_signed);
        assert_int_equal(image.files[0].size, file.length);
        assert_int_equal(image.image_size, plain.length);
        assert_memory_equal(&image.digests, &unsigned_image.digests, sizeof image.digests);
        image_free(&file);
        file = sign(&packed, lengths[i], lengths[i]);
        assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
        assert_true(image.files[0].is_signed && image.files[0].compressed);
        assert_int_equal(image.image_size, plain.length);
        image_free(&file);
    }
    image_free(&plain);
    image_free(&packed);
}

static void what_only_looks_like_a_signature_is_refused(void **state)
{
    struct image_bytes plain = firmware(), packed = image_compress(plain.data, plain.length), file;

    (void)state;
    file = sign(&plain, 256, 255);
    expect_refusal(file.data, file.length, "260 bytes follow the image");
    image_free(&file);
    file = sign(&plain, 200, 200); /* no key has that length */
    expect_refusal(file.data, file.length, "204 bytes follow");
    image_free(&file);
    file = append(&plain, "\0\0\0", 3);
    expect_refusal(file.data, file.length, "3 bytes follow");
    image_free(&file);
    file = append(&packed, packed.data, packed.length); /* a second member */
    expect_refusal(file.data, file.length, "bytes follow the image");
    image_free(&file);
    struct image_bytes inside = sign(&plain, 256, 256);
    file = image_compress(inside.data,
                          inside.length); /* signed first: the updater would not find it */
    expect_refusal(file.data, file.length, "sign after compressing");
    image_free(&file);
    image_free(&inside);
    image_free(&plain);
    image_free(&packed);
}

static void stock_images_pass(void **state)
{
    struct image_firmware plan = {.size = 20000};
    struct release_image image;
    struct image_bytes file;

    (void)state;
    plan.words = IMAGE_WORDS_RIGHT; /* the builder leaves the XOR byte stale, as stock does */
    file = image_build_firmware(&plan);
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
    assert_false(image.has_description);
    file.data[2] = UD_MODE_DOUT; /* as flashing tools rewrite it */
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
    image_free(&file);
    plan.words = IMAGE_WORDS_ABSENT; /* of an older core */
    file = image_build_firmware(&plan);
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
    image_free(&file);
    plan.words = IMAGE_WORDS_WRONG;
    file = image_build_firmware(&plan);
    expect_refusal(file.data, file.length, "CRC");
    image_free(&file);
}

static void an_esp32_image(void **state)
{
    const struct image_firmware plan = {.chip = UD_CHIP_ESP32, .chip_id = 9, .version = "2.0"};
    struct image_bytes file = image_build_firmware(&plan);
    struct release_image image;
    uint8_t expected[UD_SHA256_SIZE];

    (void)state;
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
    assert_int_equal(image.chip, UD_CHIP_ESP32);
    assert_string_equal(image.chip_name, "ESP32-S3");
    assert_int_equal(image.digests.md5_count, 1);
    digest("MD5", file.data, file.length, expected);
    assert_memory_equal(image.digests.md5[0], expected, UD_MD5_SIZE);
    assert_int_equal(image.digests.sha256_count, 2);
    assert_memory_equal(image.digests.sha256[0], file.data + file.length - UD_SHA256_SIZE,
                        UD_SHA256_SIZE);
    digest("SHA256", file.data, file.length, expected);
    assert_memory_equal(image.digests.sha256[1], expected, UD_SHA256_SIZE);
    struct image_bytes packed = image_compress(file.data, file.length);
    expect_refusal(packed.data, packed.length, "publish the .bin");
    image_free(&packed);
    file.data[100] ^= 1;
    expect_refusal(file.data, file.length, "damaged");
    image_free(&file);
}

static void an_esp32_signature(void **state)
{
    const struct image_firmware plan = {.chip = UD_CHIP_ESP32, .size = 3000};
    struct image_bytes image_bytes = image_build_firmware(&plan), file;
    struct release_image image;
    uint8_t *trailer = calloc(1, 3 * 4096);

    (void)state;
    file = append(&image_bytes, trailer, 512); /* the Arduino core's */
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
    assert_true(image.files[0].is_signed);
    assert_int_equal(image.image_size, image_bytes.length);
    image_free(&file);
    const uint32_t fill = 4096 - image_bytes.length % 4096; /* Secure Boot v2 */
    trailer[fill] = 0xe7;
    trailer[fill + 1] = 0x02;
    file = append(&image_bytes, trailer, fill + 4096);
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
    assert_true(image.files[0].is_signed);
    file.data[image_bytes.length + fill] = 0;
    expect_refusal(file.data, file.length, "no signature");
    image_free(&file);
    free(trailer);
    image_free(&image_bytes);
}

static void what_is_plainly_something_else_is_named(void **state)
{
    static const struct {
        const char *start;
        size_t length;
        const char *words;
    } rows[] = {
        {"", 0, "empty"},
        {"<!DOCTYPE html><html>", 21, "web page"},
        {"<html><body>Sign in", 19, "web page"},
        {"\x7f"
         "ELF\1\1\1\0",
         8, "ELF file, the linker's output: take the .bin made from it"},
        {"PK\3\4aaaa", 8, "zip archive: take the .bin inside"},
        {"hello world\n", 12, "text: take the .bin that was built"},
        {"\xea\4\0\x40", 4, "(EA): take an Arduino .bin"},
        {"UDku\1\2\0\0", 8, "key update, no firmware: updraft key show reads it"},
        {":10000000FF", 11, "Intel HEX file: take the .bin"},
        {"\xff\xff\xff\xff\xff", 5, "blank flash: take the firmware's .bin"},
        {"\0\1\2\3", 4, "neither E9"},
        {"\xe9", 1, "cut off"},
        {"\xe9\1\2\x40\0\0\0\0", 8, "cut off"},
        {"\x1f", 1, "cut off"},
        {"\x1f\x8b", 2, "cut off"},
        {"\x1f\x8b\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, "damaged"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_refusal(rows[i].start, rows[i].length, rows[i].words);
}

static void every_cut_is_refused(void **state)
{
    const struct image_firmware plan = {.size = 2000, .version = "1"};
    struct image_bytes plain = image_build_firmware(&plan),
                       packed = image_compress(plain.data, plain.length);
    struct release_image image;

    (void)state;
    for (uint32_t length = 0; length < plain.length; length += length < 4096 ? 61 : 1)
        assert_int_equal(inspect(plain.data, length, &image), INSPECT_REFUSED);
    for (uint32_t length = 0; length < packed.length; length++)
        assert_int_equal(inspect(packed.data, length, &image), INSPECT_REFUSED);
    image_free(&plain);
    image_free(&packed);
}

/* But for the few bits that fill the last byte of the compressed data. */
static void damaged_bytes_never_give_another_image(void **state)
{
    const struct image_firmware plan = {.size = 600};
    struct image_bytes plain = image_build_firmware(&plan),
                       packed = image_compress(plain.data, plain.length);
    struct release_image whole, image;
    unsigned accepted = 0;

    (void)state;
    assert_int_equal(inspect(packed.data, packed.length, &whole), INSPECT_SOUND);
    for (uint32_t i = 10; i < packed.length; i++) { /* the header's own bytes are not protected */
        packed.data[i] ^= 0x10;
        if (inspect(packed.data, packed.length, &image) == INSPECT_SOUND) {
            assert_memory_equal(&image.digests, &whole.digests, sizeof whole.digests);
            accepted++;
        }
        packed.data[i] ^= 0x10;
    }
    assert_true(accepted <= 1);
    image_free(&plain);
    image_free(&packed);
}

static void a_description_may_hold_anything(void **state)
{
    const struct image_firmware plan = {.version = "1\xff\n\x1b[2J",
                                        .project = "K\xc3\xbc"
                                                   "che"};
    struct image_bytes file = image_build_firmware(&plan);
    struct release_image image;

    (void)state;
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_SOUND);
    assert_string_equal(image.version, "1???[2J");
    assert_string_equal(image.project, "K??che");
    image_free(&file);
}

static void an_application_without_bootloader_is_refused(void **state)
{
    const struct image_firmware plan = {.is_single = true};
    struct image_bytes file = image_build_firmware(&plan);

    (void)state;
    expect_refusal(file.data, file.length, "no bootloader part");
    image_free(&file);
}

static void a_gzip_bomb_is_not_inflated(void **state)
{
    struct image_bytes zeros = {calloc(1, CONTENT_MAX + 8192), CONTENT_MAX + 8192}, file;

    (void)state;
    file = image_compress(zeros.data, zeros.length);
    expect_refusal(file.data, file.length, "E9"); /* stopped at its first byte */
    image_free(&file);
    /* One that starts as an image whose only segment never ends. */
    static const uint8_t start[] = {0xe9, 1, 0, 0x40, 0, 0, 0, 0, 0, 0, 0x10, 0x40, 0, 0, 0, 1};
    memcpy(zeros.data, start, sizeof start);
    file = image_compress(zeros.data, zeros.length);
    struct release_image image;
    assert_int_equal(inspect(file.data, file.length, &image), INSPECT_REFUSED);
    image_free(&file);
    image_free(&zeros);
}

/* Replays in-place inflating, byte by byte: the file at `start`, the output from
 * 0, whole sectors erased before they are written. */
static bool overtakes(const struct image_bytes *packed, uint64_t start)
{
    z_stream stream = {.next_in = packed->data, .avail_in = packed->length};
    uint8_t sector[4096];
    bool has_overtaken = false;
    uint64_t written = 0;
    int status = Z_OK;

    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    while (status == Z_OK) {
        stream.next_out = sector;
        stream.avail_out = sizeof sector;
        while (status == Z_OK && stream.avail_out > 0)
            status = inflate(&stream, Z_NO_FLUSH);
        written += sizeof sector;
        has_overtaken = has_overtaken || written > start + stream.total_in;
    }
    inflateEnd(&stream);
    return has_overtaken;
}

static void the_lead_is_what_staging_needs(void **state)
{
    const struct image_firmware plan = {.size = 100000, .words = IMAGE_WORDS_ABSENT};
    struct image_bytes plain = image_build_firmware(&plan),
                       packed = image_compress(plain.data, plain.length);
    struct release_image image;

    (void)state;
    assert_int_equal(inspect(packed.data, packed.length, &image), INSPECT_SOUND);
    assert_true(image.files[0].inflate_lead > 0);
    assert_false(overtakes(&packed, image.files[0].inflate_lead));
    assert_true(overtakes(&packed, image.files[0].inflate_lead - 1));
    image_free(&plain);
    image_free(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_image),
        cmocka_unit_test(a_plain_image_is_known_in_every_flash_mode),
        cmocka_unit_test(a_compressed_image_is_known_by_what_is_inside),
        cmocka_unit_test(a_signature_is_no_part_of_the_sketch),
        cmocka_unit_test(what_only_looks_like_a_signature_is_refused),
        cmocka_unit_test(stock_images_pass),
        cmocka_unit_test(an_esp32_image),
        cmocka_unit_test(an_esp32_signature),
        cmocka_unit_test(what_is_plainly_something_else_is_named),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(damaged_bytes_never_give_another_image),
        cmocka_unit_test(a_description_may_hold_anything),
        cmocka_unit_test(an_application_without_bootloader_is_refused),
        cmocka_unit_test(a_gzip_bomb_is_not_inflated),
        cmocka_unit_test(the_lead_is_what_staging_needs),
    };
    return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
