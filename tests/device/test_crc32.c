/* Both CRC-32s against check values and bit-by-bit arithmetic, and the jumps
 * over zeros against zeros really fed. */
#include "updraft/crc32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#define SEED 20260101u

static uint32_t bitwise_forward(uint32_t crc, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        for (int bit = 7; bit >= 0; bit--) {
            const uint32_t out = crc >> 31 ^ (data[i] >> bit & 1u);
            crc = crc << 1 ^ (out ? 0x04c11db7u : 0);
        }
    return crc;
}

static void fill(uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        data[i] = (uint8_t)rand();
}

static void check_values_are_the_published_ones(void **state)
{
    (void)state;
    assert_int_equal(ud_crc32_forward(UD_CRC32_FORWARD_START, "123456789", 9), 0x0376e6e7);
    assert_int_equal(ud_crc32_reflected(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(ud_crc32_forward(UD_CRC32_FORWARD_START, "", 0), UD_CRC32_FORWARD_START);
    assert_int_equal(ud_crc32_reflected(0, "", 0), 0);
}

/* otadata's use: zlib's CRC continued from FFFFFFFF. */
static void reflected_continues_from_any_value(void **state)
{
    static const uint8_t one[4] = {1, 0, 0, 0}, two[4] = {2, 0, 0, 0};

    (void)state;
    assert_int_equal(ud_crc32_reflected(0xffffffff, one, 4), 0x4743989a);
    assert_int_equal(ud_crc32_reflected(0xffffffff, two, 4), 0x55f63774);
}

static void any_bytes_in_any_pieces_agree_with_plain_arithmetic(void **state)
{
    uint8_t data[600];

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    for (int round = 0; round < 200; round++) {
        const uint32_t length = (uint32_t)rand() % sizeof data;
        const uint32_t split = length == 0 ? 0 : (uint32_t)rand() % length;
        uint32_t crc;

        fill(data, length);
        crc = ud_crc32_forward(UD_CRC32_FORWARD_START, data, split);
        crc = ud_crc32_forward(crc, data + split, length - split);
        assert_int_equal(crc, bitwise_forward(UD_CRC32_FORWARD_START, data, length));
        crc = ud_crc32_reflected(0, data, split);
        crc = ud_crc32_reflected(crc, data + split, length - split);
        assert_int_equal(crc, crc32(0, data, length));
    }
}

static void jumps_equal_zeros_fed_one_by_one(void **state)
{
    uint32_t crc = 0x12345678;

    (void)state;
    for (uint32_t length = 0; length < 1000; length++) {
        assert_int_equal(ud_crc32_forward_zeros(0x12345678, length), crc);
        assert_int_equal(ud_crc32_forward_unzeros(crc, length), 0x12345678);
        crc = ud_crc32_forward(crc, "", 1);
    }
}

static void long_jumps_add_up_and_can_be_undone(void **state)
{
    static const uint32_t lengths[] = {
        1, 0x1000, 0x1018, 0x47f30, 0xffffff, 0x1fffffff, 0x20000000, 0x7fffffff, 0xfffffffe,
    };

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const uint32_t once = ud_crc32_forward_zeros(0xdeadbeef, lengths[i]);
        const uint32_t half = lengths[i] / 2;
        uint32_t twice = ud_crc32_forward_zeros(0xdeadbeef, half);

        twice = ud_crc32_forward_zeros(twice, lengths[i] - half);
        assert_int_equal(once, twice);
        assert_int_equal(ud_crc32_forward_unzeros(once, lengths[i]), 0xdeadbeef);
        assert_int_equal(ud_crc32_forward_zeros(0, lengths[i]), 0);
    }
}

/* 4 GiB - 1 zero bytes are 8 times the order of x: back where it started. */
static void the_longest_jump_goes_round(void **state)
{
    (void)state;
    assert_int_equal(ud_crc32_forward_zeros(0xcafe, 0xffffffff), 0xcafe);
    assert_int_equal(ud_crc32_forward_unzeros(0xcafe, 0xffffffff), 0xcafe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values_are_the_published_ones),
        cmocka_unit_test(reflected_continues_from_any_value),
        cmocka_unit_test(any_bytes_in_any_pieces_agree_with_plain_arithmetic),
        cmocka_unit_test(jumps_equal_zeros_fed_one_by_one),
        cmocka_unit_test(long_jumps_add_up_and_can_be_undone),
        cmocka_unit_test(the_longest_jump_goes_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
