/* Signed images made with OpenSSL, in flash: accepted as they are, refused after
 * any change. */
#include "updraft/signature.h"

#include "ram_flash.h"
#include "signing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FLASH_SIZE (16 * UD_FLASH_SECTOR)
#define START      0x3000u /* where the image lies in flash */
#define FW_SIZE    9u      /* bytes of fw.bin */
#define MODULUS    33u     /* offset in the DER form of an RSA-2048 key */

/* A key and a chip, both for one test. */
struct fixture {
    struct signing_key key;
    struct ram_flash flash;
    uint32_t size; /* bytes of the signed image */
};

static void load_key(struct fixture *fixture, const char *name)
{
    signing_load(&fixture->key, name);
}

static void load_image(struct fixture *fixture, const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "signing/%s", name);
    fixture->size = signing_vector(path, fixture->flash.bytes + START, FLASH_SIZE - START);
}

/* Signs fw.bin here and now; a P-256 signature is another one each time. */
static void sign_image(struct fixture *fixture, const char *key)
{
    uint8_t *image = fixture->flash.bytes + START;

    load_image(fixture, "fw.bin");
    fixture->size += signing_trailer(key, image, fixture->size, image + fixture->size);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    if (fixture == NULL || ram_flash_init(&fixture->flash, FLASH_SIZE) != 0)
        return -1;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    ram_flash_free(&fixture->flash);
    free(fixture);
    return 0;
}

static int check(struct fixture *fixture, uint32_t *image_size)
{
    return ud_signature_check(&fixture->key.verifier, &fixture->flash.port, START, fixture->size,
                              image_size);
}

static void assert_refused(struct fixture *fixture)
{
    uint32_t image_size = 0x5a5a;

    assert_int_equal(check(fixture, &image_size), UD_ERR_SIGNATURE);
    assert_int_equal(image_size, 0x5a5a);
}

static void every_key_length_is_verified(void **state)
{
    static const struct {
        const char *key, *image;
        uint32_t length;
    } rows[] = {
        {"rsa512.pub", "fw.bin.rsa512.signed", 64},
        {"rsa1024.pub", "fw.bin.rsa1024.signed", 128},
        {"rsa2048.pub", "fw.bin.rsa2048.signed", 256},
        {"rsa3072.pub", "fw.bin.rsa3072.signed", 384},
        {"rsa4096.pub", "fw.bin.rsa4096.signed", 512},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t image_size = 0;

        load_key(fixture, rows[i].key);
        load_image(fixture, rows[i].image);
        assert_int_equal(fixture->size, FW_SIZE + rows[i].length + 4);
        assert_int_equal(check(fixture, &image_size), UD_OK);
        assert_int_equal(image_size, FW_SIZE);
    }
}

static void p256_signatures_are_verified(void **state)
{
    struct fixture *fixture = *state;

    load_key(fixture, "p256.pub");
    for (int i = 0; i < 20; i++) {
        uint32_t image_size = 0;

        sign_image(fixture, "p256.key");
        assert_int_equal(fixture->size, FW_SIZE + UD_KEY_P256_SIGNATURE + 4);
        assert_int_equal(check(fixture, &image_size), UD_OK);
        assert_int_equal(image_size, FW_SIZE);
    }
    sign_image(fixture, "p256-other.key");
    assert_refused(fixture);
}

/* As plain openssl writes them: of another length, whatever their numbers are. */
static void der_signatures_are_refused(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *trailer = fixture->flash.bytes + START + FW_SIZE;

    load_key(fixture, "p256.pub");
    load_image(fixture, "fw.bin");
    for (uint8_t length = 8; length <= 72; length++) {
        if (length == UD_KEY_P256_SIGNATURE)
            continue;
        sign_image(fixture, "p256.key");
        memset(trailer + length, 0, 4);
        trailer[length] = length;
        fixture->size = FW_SIZE + length + 4u;
        assert_refused(fixture);
    }
}

/* Numbers that any message would verify with, were they not out of range. */
static void p256_numbers_out_of_range_are_refused(void **state)
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                      0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    static const uint8_t zero[32] = {0};
    const uint8_t *const numbers[] = {zero, order};
    struct fixture *fixture = *state;
    uint8_t *trailer = fixture->flash.bytes + START + FW_SIZE;

    load_key(fixture, "p256.pub");
    for (int r = 0; r < 2; r++)
        for (int s = 0; s < 2; s++) {
            sign_image(fixture, "p256.key");
            memcpy(trailer, numbers[r], 32);
            memcpy(trailer + 32, numbers[s], 32);
            assert_refused(fixture);
        }
}

static void another_key_is_refused(void **state)
{
    struct fixture *fixture = *state;

    load_key(fixture, "rsa3072.pub");
    load_image(fixture, "fw.bin.rsa2048.signed");
    assert_refused(fixture);

    load_key(fixture, "rsa2048.pub");
    fixture->key.bytes[MODULUS + 17] ^= 4;
    assert_refused(fixture);
}

static void the_legacy_padding_is_refused(void **state)
{
    struct fixture *fixture = *state;

    load_key(fixture, "rsa2048.pub");
    load_image(fixture, "fw.bin.rsa2048.legacy");
    assert_refused(fixture);
}

static void every_truncation_is_refused(void **state)
{
    struct fixture *fixture = *state;

    load_key(fixture, "rsa1024.pub");
    load_image(fixture, "fw.bin.rsa1024.signed");
    while (fixture->size-- > 0)
        assert_refused(fixture);

    load_key(fixture, "p256.pub");
    sign_image(fixture, "p256.key");
    while (fixture->size-- > 0)
        assert_refused(fixture);
}

/* Even where the signature is right: of no bytes. */
static void a_trailer_without_an_image_is_refused(void **state)
{
    struct fixture *fixture = *state;

    load_key(fixture, "rsa1024.pub");
    load_image(fixture, "empty.rsa1024.signed");
    assert_int_equal(fixture->size, 128 + 4);
    assert_refused(fixture);
}

static void assert_flips_refused(struct fixture *fixture)
{
    uint32_t image_size;

    for (uint32_t bit = 0; bit < 8 * fixture->size; bit++) {
        uint8_t *byte = fixture->flash.bytes + START + bit / 8;

        *byte ^= (uint8_t)(1u << bit % 8);
        assert_refused(fixture);
        *byte ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(check(fixture, &image_size), UD_OK);
}

static void every_flipped_bit_is_refused(void **state)
{
    struct fixture *fixture = *state;

    load_key(fixture, "rsa1024.pub");
    load_image(fixture, "fw.bin.rsa1024.signed");
    assert_flips_refused(fixture);

    load_key(fixture, "p256.pub");
    sign_image(fixture, "p256.key");
    assert_flips_refused(fixture);
}

static void write_word(struct fixture *fixture, uint32_t value)
{
    uint8_t *word = fixture->flash.bytes + START + fixture->size - 4;

    for (int byte = 0; byte < 4; byte++)
        word[byte] = (uint8_t)(value >> 8 * byte);
}

/* Every one a file of this size could have, with some beyond, and every single bit. */
static void every_wrong_length_word_is_refused(void **state)
{
    struct fixture *fixture = *state;

    load_key(fixture, "rsa1024.pub");
    load_image(fixture, "fw.bin.rsa1024.signed");
    for (uint32_t word = 0; word <= 2 * UD_SIGNATURE_MAX; word++) {
        if (word == 128)
            continue;
        write_word(fixture, word);
        assert_refused(fixture);
    }
    for (uint32_t bit = 0; bit < 32; bit++) {
        write_word(fixture, 128 ^ (1u << bit));
        assert_refused(fixture);
        write_word(fixture, 0u - (1u << bit));
        assert_refused(fixture);
    }
}

/* What is skipped without being verified: lengths of signatures, with content before. */
static void a_trailer_is_skipped_by_its_length(void **state)
{
    static const struct {
        uint32_t word, size, content;
    } rows[] = {
        {64, 69, 1},       {64, 68, 68},      {128, 1000, 868},   {256, 1000, 740},
        {384, 1000, 612},  {512, 1000, 484},  {512, 516, 516},    {0, 1000, 1000},
        {63, 1000, 1000},  {65, 1000, 1000},  {255, 1000, 1000},  {192, 1000, 1000},
        {320, 1000, 1000}, {640, 1000, 1000}, {4160, 5000, 5000}, {UINT32_MAX, 1000, 1000},
        {64, 4, 4},
    };
    struct fixture *fixture = *state;
    uint32_t content;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture->size = rows[i].size;
        write_word(fixture, rows[i].word);
        assert_int_equal(ud_signature_skip(&fixture->flash.port, START, fixture->size, &content),
                         UD_OK);
        assert_int_equal(content, rows[i].content);
    }
    for (uint32_t size = 0; size < 4; size++) {
        assert_int_equal(ud_signature_skip(&fixture->flash.port, START, size, &content), UD_OK);
        assert_int_equal(content, size);
    }
    fixture->flash.reads = 0;
    fixture->flash.fail_read = 1;
    assert_int_equal(ud_signature_skip(&fixture->flash.port, START, 1000, &content),
                     UD_ERR_FLASH_READ);
}

static void a_chip_that_cannot_be_read_is_no_bad_signature(void **state)
{
    struct fixture *fixture = *state;
    uint32_t image_size, reads;

    load_key(fixture, "rsa1024.pub");
    load_image(fixture, "fw.bin.rsa1024.signed");
    fixture->flash.reads = 0;
    assert_int_equal(check(fixture, &image_size), UD_OK);
    reads = fixture->flash.reads;
    assert_true(reads > 0);
    for (uint32_t fault = 1; fault <= reads; fault++) {
        fixture->flash.reads = 0;
        fixture->flash.fail_read = fault;
        assert_int_equal(check(fixture, &image_size), UD_ERR_FLASH_READ);
    }
    fixture->flash.fail_read = 0;
    assert_int_equal(fixture->flash.violations, 0);
}

static void an_image_outside_the_chip_is_refused(void **state)
{
    struct fixture *fixture = *state;
    uint32_t image_size;

    load_key(fixture, "rsa1024.pub");
    assert_int_equal(ud_signature_check(&fixture->key.verifier, &fixture->flash.port,
                                        FLASH_SIZE - 64, 1000, &image_size),
                     UD_ERR_FLASH_RANGE);
    assert_int_equal(ud_signature_check(&fixture->key.verifier, &fixture->flash.port, 0xffffff00,
                                        1000, &image_size),
                     UD_ERR_FLASH_RANGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_key_length_is_verified),
        TEST(p256_signatures_are_verified),
        TEST(der_signatures_are_refused),
        TEST(p256_numbers_out_of_range_are_refused),
        TEST(another_key_is_refused),
        TEST(the_legacy_padding_is_refused),
        TEST(every_truncation_is_refused),
        TEST(a_trailer_without_an_image_is_refused),
        TEST(every_flipped_bit_is_refused),
        TEST(every_wrong_length_word_is_refused),
        TEST(a_trailer_is_skipped_by_its_length),
        TEST(a_chip_that_cannot_be_read_is_no_bad_signature),
        TEST(an_image_outside_the_chip_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
