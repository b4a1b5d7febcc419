/* RTC memory: what its port takes, and what outlives a reset and a loss of power. */
#include "sim/rtc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

static int read_words(const struct rtc *rtc, uint32_t offset, void *data, uint32_t length)
{
    return rtc->port.read(rtc->port.ctx, offset, data, length);
}

static int write_words(const struct rtc *rtc, uint32_t offset, const void *data, uint32_t length)
{
    return rtc->port.write(rtc->port.ctx, offset, data, length);
}

/* Every range of words: written, read back, and nothing beside it. */
static void words_are_kept_where_they_were_written(void **state)
{
    uint32_t written[UD_EBOOT_BLOCK_WORDS], found[UD_EBOOT_BLOCK_WORDS];
    struct rtc rtc;

    (void)state;
    for (uint32_t first = 0; first < UD_EBOOT_BLOCK_WORDS; first++)
        for (uint32_t count = 1; count <= UD_EBOOT_BLOCK_WORDS - first; count++) {
            rtc_init(&rtc, first);
            uint32_t expected[UD_EBOOT_BLOCK_WORDS];
            memcpy(expected, rtc.words, sizeof expected);
            for (uint32_t i = 0; i < count; i++)
                expected[first + i] = written[i] = ~expected[first + i];

            assert_int_equal(write_words(&rtc, first * 4, written, count * 4), 0);
            assert_memory_equal(rtc.words, expected, sizeof expected);
            assert_int_equal(read_words(&rtc, first * 4, found, count * 4), 0);
            assert_memory_equal(found, written, count * 4);
        }
}

static const struct {
    uint32_t offset, length, shift; /* of the buffer */
} wrong_ranges[] = {
    {1, 4, 0},
    {2, 4, 0},
    {0, 3, 0},
    {0, 6, 0},
    {0, 4, 1},
    {0, 4, 2},
    {UD_EBOOT_BLOCK_SIZE, 4, 0},
    {UD_EBOOT_BLOCK_SIZE - 4, 8, 0},
    {4, UD_EBOOT_BLOCK_SIZE, 0},
    {UINT32_MAX - 3, 4, 0},
    {4, UINT32_MAX - 3, 0},
};

static void other_ranges_are_refused_and_change_nothing(void **state)
{
    uint32_t buffer[UD_EBOOT_BLOCK_WORDS + 1], untouched[UD_EBOOT_BLOCK_WORDS + 1];
    struct rtc rtc, before;

    (void)state;
    memset(buffer, 0x5a, sizeof buffer);
    memcpy(untouched, buffer, sizeof untouched);
    rtc_init(&rtc, 1);
    before = rtc;
    for (size_t i = 0; i < SIZE(wrong_ranges); i++) {
        void *data = (uint8_t *)buffer + wrong_ranges[i].shift;
        const uint32_t offset = wrong_ranges[i].offset, length = wrong_ranges[i].length;

        if (write_words(&rtc, offset, data, length) >= 0)
            fail_msg("range %zu was written", i);
        if (read_words(&rtc, offset, data, length) >= 0)
            fail_msg("range %zu was read", i);
        assert_memory_equal(rtc.words, before.words, sizeof rtc.words);
        assert_memory_equal(buffer, untouched, sizeof buffer);
    }
}

/* No word may come through, or a program could take it for its own. */
static void power_loss_leaves_no_word_and_its_seed_settles_what_comes(void **state)
{
    struct rtc rtc, other;

    (void)state;
    for (uint32_t seed = 0; seed < 100; seed++) {
        rtc_init(&rtc, seed);
        const struct rtc before = rtc;
        rtc_power_loss(&rtc, seed + 1);
        for (uint32_t i = 0; i < UD_EBOOT_BLOCK_WORDS; i++)
            assert_int_not_equal(rtc.words[i], before.words[i]);
        rtc_init(&other, seed + 1);
        assert_memory_equal(rtc.words, other.words, sizeof rtc.words);
    }
}

static void a_command_outlives_everything_but_power_loss(void **state)
{
    const struct ud_eboot_command order = {
        .action = UD_EBOOT_COPY_RAW, .source = 0x101000, .destination = 0x1000, .size = 4711};
    struct ud_eboot_command found;
    struct rtc rtc;

    (void)state;
    for (uint32_t seed = 0; seed < 100; seed++) {
        rtc_init(&rtc, seed);
        assert_int_equal(ud_eboot_load(&rtc.port, &found), UD_ERR_STATE);
        assert_int_equal(ud_eboot_store(&rtc.port, &order), UD_OK);
        for (int reset = 0; reset < 2; reset++) {
            assert_int_equal(ud_eboot_load(&rtc.port, &found), UD_OK);
            assert_int_equal(found.action, order.action);
            assert_int_equal(found.source, order.source);
            assert_int_equal(found.destination, order.destination);
            assert_int_equal(found.size, order.size);
        }
        rtc_power_loss(&rtc, seed);
        assert_int_equal(ud_eboot_load(&rtc.port, &found), UD_ERR_STATE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_kept_where_they_were_written),
        cmocka_unit_test(other_ranges_are_refused_and_change_nothing),
        cmocka_unit_test(power_loss_leaves_no_word_and_its_seed_settles_what_comes),
        cmocka_unit_test(a_command_outlives_everything_but_power_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
