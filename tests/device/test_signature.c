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
    FILE *file = signing_open(name);

    fixture->size = (uint32_t)fread(fixture->flash.bytes + START, 1, FLASH_SIZE - START, file);
    fclose(file);
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
        assert_int_equal(fixture->key.verifier.signature_length, rows[i].length);
        assert_int_equal(fixture->size, FW_SIZE + rows[i].length + 4);
        assert_int_equal(check(fixture, &image_size), UD_OK);
        assert_int_equal(image_size, FW_SIZE);
    }
}

static void another_key_is_refused(void **state)
{
    struct fixture *fixture = *state;

    load_key(fixture, "rsa3072.pub");
    load_image(fixture, "fw.bin.rsa2048.signed");
    assert_refused(fixture);

    load_key(fixture, "rsa2048.pub");
    fixture->key.modulus[17] ^= 4;
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

static void every_flipped_bit_is_refused(void **state)
{
    struct fixture *fixture = *state;

    load_key(fixture, "rsa1024.pub");
    load_image(fixture, "fw.bin.rsa1024.signed");
    for (uint32_t bit = 0; bit < 8 * fixture->size; bit++) {
        uint8_t *byte = fixture->flash.bytes + START + bit / 8;

        *byte ^= (uint8_t)(1u << bit % 8);
        assert_refused(fixture);
        *byte ^= (uint8_t)(1u << bit % 8);
    }
    uint32_t image_size;
    assert_int_equal(check(fixture, &image_size), UD_OK);
}

static void wrong_length_words_are_refused(void **state)
{
    static const uint32_t words[] = {0, 1, 127, 129, 132, 137, 256, 0x80000080, 0xffffffff};
    struct fixture *fixture = *state;

    load_key(fixture, "rsa1024.pub");
    load_image(fixture, "fw.bin.rsa1024.signed");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        uint8_t *word = fixture->flash.bytes + START + fixture->size - 4;

        for (int byte = 0; byte < 4; byte++)
            word[byte] = (uint8_t)(words[i] >> 8 * byte);
        assert_refused(fixture);
    }
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

static void keys_that_cannot_be_are_refused(void **state)
{
    struct ud_verifier verifier;
    uint8_t modulus[UD_RSA_MAX_MODULUS + 2];
    uint8_t exponent[4] = {0, 1, 0, 1};
    const struct {
        uint32_t modulus_length, exponent_length;
        uint8_t first, last;
        int expected;
    } rows[] = {
        {256, 4, 0xff, 0xff, UD_OK},
        {64, 4, 0x80, 0x01, UD_OK},
        {64, 4, 0x7f, 0x01, UD_ERR_ARGUMENT}, /* 511 bits */
        {65, 4, 0x00, 0x01, UD_OK},           /* a leading zero, then 512 bits */
        {64, 4, 0x00, 0x01, UD_ERR_ARGUMENT}, /* 504 bits */
        {63, 4, 0xff, 0x01, UD_ERR_ARGUMENT},
        {0, 4, 0xff, 0x01, UD_ERR_ARGUMENT},
        {512, 4, 0xff, 0x01, UD_OK},
        {513, 4, 0x00, 0x01, UD_OK},
        {513, 4, 0x01, 0x01, UD_ERR_ARGUMENT},
        {256, 4, 0xff, 0xfe, UD_ERR_ARGUMENT}, /* even */
        {256, 1, 0xff, 0xff, UD_ERR_ARGUMENT}, /* exponent zero */
        {256, 0, 0xff, 0xff, UD_ERR_ARGUMENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ud_rsa_key key = {modulus, rows[i].modulus_length, exponent,
                                 rows[i].exponent_length};

        print_message("row %zu\n", i);
        memset(modulus, 0xff, sizeof modulus);
        modulus[0] = rows[i].first;
        modulus[rows[i].modulus_length == 0 ? 0 : rows[i].modulus_length - 1] = rows[i].last;
        assert_int_equal(ud_rsa_verifier_init(&verifier, &key), rows[i].expected);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_key_length_is_verified),
        TEST(another_key_is_refused),
        TEST(the_legacy_padding_is_refused),
        TEST(every_truncation_is_refused),
        TEST(a_trailer_without_an_image_is_refused),
        TEST(every_flipped_bit_is_refused),
        TEST(wrong_length_words_are_refused),
        TEST(a_chip_that_cannot_be_read_is_no_bad_signature),
        TEST(an_image_outside_the_chip_is_refused),
        TEST(keys_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
