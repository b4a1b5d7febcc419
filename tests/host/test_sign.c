/* Signed files: the vectors byte for byte, and nothing but them verifies. */
#include "host/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VECTOR(name) TEST_VECTORS "/signing/" name

static char error[KEY_ERROR_SIZE];

static struct file_bytes load(const char *path)
{
    struct file_bytes bytes;
    if (file_read(path, 1 << 20, &bytes) != 0)
        fail_msg("%s cannot be read", path);
    return bytes;
}

static struct key private_key(const char *path)
{
    struct key key;
    if (key_read_private(path, &key, error) != 0)
        fail_msg("%s", error);
    return key;
}

static struct key public_key(const char *path)
{
    struct key key;
    if (key_read_public(path, &key, error) != 0)
        fail_msg("%s", error);
    return key;
}

static struct key new_p256(void)
{
    const struct key_type type = {"p256", KEY_P256, 256};
    struct key key;
    assert_int_equal(key_generate(&type, &key, error), 0);
    return key;
}

static const struct vector {
    const char *private_key, *public_key, *image;
    enum sign_form form;
    enum sign_verdict verdict;
} vectors[] = {
    {VECTOR("rsa1024.key"), VECTOR("rsa1024.pub"), VECTOR("fw.bin.rsa1024.signed"), SIGN_STANDARD,
     SIGN_GOOD},
    {VECTOR("rsa2048.key"), VECTOR("rsa2048.pub"), VECTOR("fw.bin.rsa2048.signed"), SIGN_STANDARD,
     SIGN_GOOD},
    {VECTOR("rsa2048.key"), VECTOR("rsa2048.pub"), VECTOR("fw.bin.rsa2048.legacy"), SIGN_LEGACY,
     SIGN_GOOD_LEGACY},
    {VECTOR("rsa3072.key"), VECTOR("rsa3072.pub"), VECTOR("fw.bin.rsa3072.signed"), SIGN_STANDARD,
     SIGN_GOOD},
    {VECTOR("rsa4096.key"), VECTOR("rsa4096.pub"), VECTOR("fw.bin.rsa4096.signed"), SIGN_STANDARD,
     SIGN_GOOD},
};

static void vectors_come_out_byte_for_byte(void **state)
{
    struct file_bytes content = load(VECTOR("fw.bin"));
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct key key = private_key(vectors[i].private_key);
        struct file_bytes expected = load(vectors[i].image);
        struct file_bytes made;
        assert_int_equal(sign_content(&key, vectors[i].form, &content, &made, error), 0);
        assert_int_equal(made.length, expected.length);
        assert_memory_equal(made.data, expected.data, made.length);
        free(made.data);
        free(expected.data);
        key_free(&key);
    }
    free(content.data);
}

static void vectors_verify_with_the_public_key_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct key key = public_key(vectors[i].public_key);
        struct file_bytes image = load(vectors[i].image);
        size_t length = 0;
        assert_int_equal(sign_check(&key, &image, &length), vectors[i].verdict);
        assert_int_equal(length, 9);
        free(image.data);
        key_free(&key);
    }
}

static void p256_signatures_are_raw_and_verify(void **state)
{
    struct file_bytes content = load(VECTOR("fw.bin"));
    struct key key = new_p256();
    struct file_bytes image;
    size_t length;
    (void)state;
    assert_int_equal(sign_content(&key, SIGN_STANDARD, &content, &image, error), 0);
    assert_int_equal(image.length, content.length + 64 + 4);
    assert_memory_equal(image.data + content.length + 64, "\x40\0\0", 4);
    assert_int_equal(sign_check(&key, &image, &length), SIGN_GOOD);
    assert_int_equal(length, content.length);
    assert_int_equal(sign_content(&key, SIGN_LEGACY, &content, &image, error), -1);
    assert_string_equal(error, "the legacy form is for RSA keys only");
    free(image.data);
    free(content.data);
    key_free(&key);
}

/* What the original tool makes of an EC key: what openssl dgst -sign writes. */
static void a_der_signature_is_told_from_a_raw_one(void **state)
{
    uint8_t data[256] = {0xe9, 'f', 'w'};
    struct key key = new_p256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signature = 80, length;
    (void)state;
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key.pkey), 1);
    assert_int_equal(EVP_DigestSign(context, data + 3, &signature, data, 3), 1);
    EVP_MD_CTX_free(context);
    data[3 + signature] = (uint8_t)signature;
    const struct file_bytes image = {data, 3 + signature + 4};
    assert_int_equal(sign_check(&key, &image, &length), SIGN_GOOD_DER);
    assert_int_equal(length, 3);
    key_free(&key);
}

static void another_key_does_not_verify(void **state)
{
    struct key same_length = {0}, p256 = new_p256(), rsa3072 = public_key(VECTOR("rsa3072.pub"));
    const struct key_type type = {"rsa2048", KEY_RSA, 2048};
    struct file_bytes image = load(VECTOR("fw.bin.rsa2048.signed"));
    size_t length;
    (void)state;
    assert_int_equal(key_generate(&type, &same_length, error), 0);
    assert_int_equal(sign_check(&same_length, &image, &length), SIGN_WRONG);
    assert_int_equal(length, 9);
    assert_int_equal(sign_check(&p256, &image, &length), SIGN_ABSENT);
    assert_int_equal(sign_check(&rsa3072, &image, &length), SIGN_ABSENT);
    assert_int_equal(length, image.length);
    free(image.data);
    key_free(&same_length);
    key_free(&p256);
    key_free(&rsa3072);
}

static bool is_good(enum sign_verdict verdict)
{
    return verdict == SIGN_GOOD || verdict == SIGN_GOOD_LEGACY || verdict == SIGN_GOOD_DER;
}

static void check_every_flipped_bit(const struct key *key, struct file_bytes *image)
{
    size_t length;
    for (size_t bit = 0; bit < 8 * image->length; bit++) {
        image->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (is_good(sign_check(key, image, &length)))
            fail_msg("bit %zu makes no difference", bit);
        image->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(is_good(sign_check(key, image, &length)));
}

static void every_flipped_bit_is_noticed(void **state)
{
    struct file_bytes content = load(VECTOR("fw.bin"));
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct key key = public_key(vectors[i].public_key);
        struct file_bytes image = load(vectors[i].image);
        check_every_flipped_bit(&key, &image);
        free(image.data);
        key_free(&key);
    }
    struct key key = new_p256();
    struct file_bytes image;
    assert_int_equal(sign_content(&key, SIGN_STANDARD, &content, &image, error), 0);
    check_every_flipped_bit(&key, &image);
    free(image.data);
    free(content.data);
    key_free(&key);
}

/* Each in memory of its own length, so that sanitizers see a read past its end. */
static void every_truncation_is_noticed(void **state)
{
    struct key key = public_key(VECTOR("rsa1024.pub"));
    struct file_bytes image = load(VECTOR("fw.bin.rsa1024.signed"));
    size_t length;
    (void)state;
    for (size_t size = 0; size < image.length; size++) {
        struct file_bytes cut = {malloc(size + 1), size};
        memcpy(cut.data, image.data, size);
        assert_false(is_good(sign_check(&key, &cut, &length)));
        free(cut.data);
    }
    free(image.data);
    key_free(&key);
}

static void length_words_that_cannot_be_are_no_trailer(void **state)
{
    static const uint8_t words[][4] = {{0}, {7}, {1, 2}, {0, 0, 1}, {0, 0, 0, 0x80}, {13}, {9}};
    uint8_t data[13] = {0xe9};
    const struct file_bytes file = {data, sizeof data};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        memcpy(data + 9, words[i], 4);
        assert_int_equal(sign_announced_length(&file), 0);
    }
    data[9] = 8;
    assert_int_equal(sign_announced_length(&file), 8);
}

static void nothing_is_not_signed(void **state)
{
    struct key key = private_key(VECTOR("rsa1024.key"));
    uint8_t none[1];
    const struct file_bytes content = {none, 0};
    struct file_bytes image = load(VECTOR("empty.rsa1024.signed"));
    struct file_bytes made;
    size_t length;
    (void)state;
    assert_int_equal(sign_content(&key, SIGN_STANDARD, &content, &made, error), -1);
    assert_string_equal(error, "there is nothing to sign");
    assert_int_equal(sign_check(&key, &image, &length), SIGN_ABSENT);
    free(image.data);
    key_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_come_out_byte_for_byte),
        cmocka_unit_test(vectors_verify_with_the_public_key_alone),
        cmocka_unit_test(p256_signatures_are_raw_and_verify),
        cmocka_unit_test(a_der_signature_is_told_from_a_raw_one),
        cmocka_unit_test(another_key_does_not_verify),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(length_words_that_cannot_be_are_no_trailer),
        cmocka_unit_test(nothing_is_not_signed),
    };
    return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
