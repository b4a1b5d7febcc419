/* When a board is missed. */
#include "sim/qemu_pulse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 1000u

struct board {
    struct qemu_pulse pulse;
    uint64_t now_ms;
};

static void switch_on(struct board *board)
{
    assert_int_equal(qemu_pulse_open(&board->pulse), 0);
    board->now_ms = 1000000;
    qemu_pulse_start(&board->pulse, board->now_ms);
}

static void beat(const struct board *board, uint8_t beats, uint32_t limit_ms)
{
    const uint8_t told[] = {beats, 0, 0, 0, (uint8_t)limit_ms, (uint8_t)(limit_ms >> 8), 0, 0};

    assert_int_equal(pwrite(board->pulse.fd, told, sizeof told, 0), sizeof told);
}

static bool is_gone_after(struct board *board, uint32_t ms)
{
    board->now_ms += ms;
    return qemu_pulse_is_gone(&board->pulse, board->now_ms);
}

/* So many looks until it is missed; 1000: it is not. */
static unsigned looks_until_gone(struct board *board, uint32_t apart_ms)
{
    for (unsigned looks = 1; looks < 1000; looks++)
        if (is_gone_after(board, apart_ms))
            return looks;
    return 1000;
}

static void one_that_falls_silent_is_missed(void **state)
{
    struct board board;

    (void)state;
    switch_on(&board);
    beat(&board, 1, LIMIT_MS);
    assert_false(is_gone_after(&board, 1)); /* this one is heard */
    assert_int_equal(looks_until_gone(&board, 250), 2 * LIMIT_MS / 250);
    qemu_pulse_close(&board.pulse);
}

static void one_that_goes_on_is_not(void **state)
{
    struct board board;

    (void)state;
    switch_on(&board);
    for (unsigned i = 0; i < 300; i++) {
        beat(&board, (uint8_t)i, LIMIT_MS);
        for (unsigned looks = 0; looks < 7; looks++)
            assert_false(is_gone_after(&board, 250));
    }
    qemu_pulse_close(&board.pulse);
}

static void nor_is_one_whose_watchdog_is_off(void **state)
{
    struct board board;

    (void)state;
    switch_on(&board);
    assert_int_equal(looks_until_gone(&board, 250), 1000); /* it has not told anything yet */
    beat(&board, 1, 0);
    assert_int_equal(looks_until_gone(&board, 250), 1000);
    qemu_pulse_close(&board.pulse);
}

/* The emulator may have stood still as well. */
static void time_without_a_processor_counts_little(void **state)
{
    struct board board;

    (void)state;
    switch_on(&board);
    beat(&board, 1, LIMIT_MS);
    assert_false(is_gone_after(&board, 3600000));
    assert_int_equal(looks_until_gone(&board, 3600000), 2 * LIMIT_MS / 250);
    qemu_pulse_close(&board.pulse);
}

static void the_next_run_begins_anew(void **state)
{
    struct board board;

    (void)state;
    switch_on(&board);
    beat(&board, 1, LIMIT_MS);
    assert_int_not_equal(looks_until_gone(&board, 250), 1000);
    qemu_pulse_start(&board.pulse, board.now_ms);
    assert_int_equal(looks_until_gone(&board, 250), 1000);
    qemu_pulse_close(&board.pulse);
    qemu_pulse_close(&board.pulse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_falls_silent_is_missed),
        cmocka_unit_test(one_that_goes_on_is_not),
        cmocka_unit_test(nor_is_one_whose_watchdog_is_off),
        cmocka_unit_test(time_without_a_processor_counts_little),
        cmocka_unit_test(the_next_run_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
