/* Text for people: cleaning, sizes, widths and near misses. */
#include "host/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void control_characters_are_replaced(void **state)
{
    char text[] = "a\tb\nc\x1b[0m\x7f d\xc3\xa9";
    (void)state;
    text_clean(text);
    assert_string_equal(text, "a?b?c?[0m? d\xc3\xa9");
}

static void width_counts_characters_of_utf8(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("\xc3\xa9t\xc3\xa9"), 3);
}

static void sizes_are_exact(void **state)
{
    static const struct {
        uint64_t size;
        const char *text;
    } cases[] = {
        {0, "0 bytes"},
        {1, "1 byte"},
        {1023, "1023 bytes"},
        {1024, "1 KB"},
        {1025, "1025 bytes"},
        {512 << 10, "512 KB"},
        {1 << 20, "1 MB"},
        {16 << 20, "16 MB"},
        {(1 << 20) + 1024, "1025 KB"},
        {UINT32_MAX, "4294967295 bytes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TEXT_SIZE_MAX];
        text_size(cases[i].size, text);
        assert_string_equal(text, cases[i].text);
    }
}

static const char *nearest(const char *word, const char *const *candidates)
{
    struct text_nearest nearest;
    text_nearest_begin(&nearest, word);
    for (; *candidates; candidates++)
        text_nearest_offer(&nearest, *candidates);
    return nearest.best;
}

static void slips_of_the_finger_find_their_word(void **state)
{
    static const char *const commands[] = {"serve", "publish", "devices", "device", "image", NULL};
    static const struct {
        const char *word;
        const char *meant; /* null: nothing near */
    } cases[] = {
        {"publsh", "publish"},
        {"devcies", "devices"},
        {"devic", "device"},
        {"imgae", "image"},
        {"images", "image"},
        {"srve", "serve"},
        {"x", NULL},
        {"", NULL},
        {"completely", NULL},
        {"serve", "serve"},
        {"a-word-much-longer-than-any-command-there-could-ever-be", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = nearest(cases[i].word, commands);
        if (cases[i].meant) {
            assert_non_null(found);
            assert_string_equal(found, cases[i].meant);
        } else {
            assert_null(found);
        }
    }
}

static void overlong_candidates_are_passed_over(void **state)
{
    static const char *const long_ones[] = {"abcdefghijklmnopqrstuvwxyz0123456789", NULL};
    (void)state;
    assert_null(nearest("abcdefghijklmnopqrstuvwxyz0123456789", long_ones));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_are_replaced),
        cmocka_unit_test(width_counts_characters_of_utf8),
        cmocka_unit_test(sizes_are_exact),
        cmocka_unit_test(slips_of_the_finger_find_their_word),
        cmocka_unit_test(overlong_candidates_are_passed_over),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
