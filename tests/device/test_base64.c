/* Base64: RFC 4648's vectors, every byte value, and what follows an end. */
#include "updraft/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void encode(const void *data, uint32_t length, char *text)
{
    const uint8_t *bytes = data;
    struct ud_base64 base64 = {0};

    for (uint32_t i = 0; i < length; i++)
        text += ud_base64_add(&base64, bytes[i], text);
    text += ud_base64_end(&base64, text);
    *text = '\0';
}

static void vectors_of_the_rfc(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];

        encode(rows[i][0], (uint32_t)strlen(rows[i][0]), text);
        assert_string_equal(text, rows[i][1]);
    }
}

/* Three bytes whose four digits are the ones at `index` and after it. */
static void every_digit_is_used(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    (void)state;
    for (uint32_t index = 0; index < 64; index += 4) {
        const uint32_t bits = index << 18 | (index + 1) << 12 | (index + 2) << 6 | (index + 3);
        const uint8_t bytes[] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
        char text[8];

        encode(bytes, sizeof bytes, text);
        assert_memory_equal(text, alphabet + index, 4);
    }
}

static void an_end_leaves_a_new_beginning(void **state)
{
    struct ud_base64 base64 = {0};
    char digits[UD_BASE64_GROUP];

    (void)state;
    assert_int_equal(ud_base64_add(&base64, 0xff, digits), 0);
    assert_int_equal(ud_base64_end(&base64, digits), UD_BASE64_GROUP);
    assert_memory_equal(digits, "/w==", 4);
    assert_int_equal(ud_base64_end(&base64, digits), 0);
    assert_int_equal(ud_base64_add(&base64, 'f', digits), 0);
    assert_int_equal(ud_base64_end(&base64, digits), UD_BASE64_GROUP);
    assert_memory_equal(digits, "Zg==", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc),
        cmocka_unit_test(every_digit_is_used),
        cmocka_unit_test(an_end_leaves_a_new_beginning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
