#include "updraft/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void every_byte_is_written_in_lower_case(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        const uint8_t byte = (uint8_t)value;
        char text[3], expected[3];

        expected[0] = "0123456789abcdef"[value / 16];
        expected[1] = "0123456789abcdef"[value % 16];
        expected[2] = '\0';
        ud_hex_encode(&byte, 1, text);
        assert_string_equal(text, expected);
    }
}

static void nothing_gives_an_empty_text(void **state)
{
    char text[1] = {'x'};

    (void)state;
    ud_hex_encode((const uint8_t *)"", 0, text);
    assert_string_equal(text, "");
    assert_int_equal(ud_hex_decode("", NULL, 0), UD_OK);
}

static void both_cases_are_read(void **state)
{
    static const uint8_t expected[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    uint8_t data[8];

    (void)state;
    assert_int_equal(ud_hex_decode("0123456789abcdef", data, 8), UD_OK);
    assert_memory_equal(data, expected, 8);
    memset(data, 0, sizeof data);
    assert_int_equal(ud_hex_decode("0123456789ABCDEF and more", data, 8), UD_OK);
    assert_memory_equal(data, expected, 8);
}

static void any_other_character_is_refused_in_either_place(void **state)
{
    (void)state;
    for (int character = 0; character < 256; character++) {
        const bool is_digit = character != 0 && strchr("0123456789abcdefABCDEF", character) != NULL;
        const char high[2] = {(char)character, '0'};
        const char low[2] = {'0', (char)character};
        uint8_t byte;

        assert_int_equal(ud_hex_decode(high, &byte, 1), is_digit ? UD_OK : UD_ERR_ARGUMENT);
        assert_int_equal(ud_hex_decode(low, &byte, 1), is_digit ? UD_OK : UD_ERR_ARGUMENT);
    }
}

/* A text that ends early is on the heap without room to spare: the sanitizer
 * sees a read past it. */
static void a_text_that_ends_early_is_not_read_past_its_end(void **state)
{
    (void)state;
    for (size_t length = 0; length < 8; length++) {
        char *text = malloc(length + 1);
        uint8_t data[4];

        assert_non_null(text);
        memset(text, 'a', length);
        text[length] = '\0';
        assert_int_equal(ud_hex_decode(text, data, 4), UD_ERR_ARGUMENT);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_written_in_lower_case),
        cmocka_unit_test(nothing_gives_an_empty_text),
        cmocka_unit_test(both_cases_are_read),
        cmocka_unit_test(any_other_character_is_refused_in_either_place),
        cmocka_unit_test(a_text_that_ends_early_is_not_read_past_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
