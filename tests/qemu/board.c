/* The board under QEMU: that it starts what a chip starts, that the ROM's functions do
 * what the chip's do, and that power and resets come and go as on a chip. Prints TAP.
 *
 *   board ROM.ELF PROBE.FLASH DEMO.FLASH
 */
#include "sim/qemu_board.h"

#include "probe/probe.h"
#include "sim/nor.h"
#include "updraft/endian.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FLASH_SIZE     0x400000u
#define TIMEOUT_MS     60000u
#define HANG_MS        400u /* many times what a start takes */
#define APP_OFFSET     0x1000u
#define CHECKSUM_BYTES 4096u

static struct {
    const char *rom;
    const char *probe;
    const char *demo;
} paths;

static struct qemu_board *open_board(const char *flash, uint32_t seed)
{
    const struct qemu_board_config config = {
        .rom = paths.rom,
        .flash_path = flash,
        .is_scratch = true,
        .flash_size = FLASH_SIZE,
        .seed = seed,
    };
    struct qemu_board *board;

    assert_int_equal(qemu_board_open(&board, &config), 0);
    return board;
}

static struct qemu_board *open_probe(enum probe_order order)
{
    struct qemu_board *board = open_board(paths.probe, 1);

    qemu_board_rtc_memory(board)[PROBE_ORDER_WORD] = order;
    qemu_board_rtc_memory(board)[PROBE_COUNT_WORD] = 0;
    return board;
}

static struct qemu_board_result run(struct qemu_board *board, struct qemu_board_run how)
{
    struct qemu_board_result result;

    if (how.timeout_ms == 0)
        how.timeout_ms = TIMEOUT_MS;
    const int error = qemu_board_run(board, &how, &result);
    if (error != 0)
        fail_msg("the board did not run: %s; it said:\n%s", strerror(-error), result.console);
    return result;
}

static void assert_says(const struct qemu_board_result *result, const char *text)
{
    if (strstr(result->console, text) == NULL)
        fail_msg("it does not say \"%s\" but:\n%s", text, result->console);
}

static void assert_ended(const struct qemu_board_result *result, enum qemu_board_end end)
{
    if (result->end != end)
        fail_msg("it ended with %d, not %d, and said:\n%s", result->end, end, result->console);
}

/* ---- Starting ---- */

static void the_demo_starts_from_reset(void **state)
{
    struct qemu_board *board = open_board(paths.demo, 1);
    const struct qemu_board_result result =
        run(board, (struct qemu_board_run){.until = "free for an update "});

    (void)state;
    assert_ended(&result, QEMU_BOARD_SAID);
    assert_says(&result, " ets Jan  8 2013,rst cause:1, boot mode:(3,6)\r\n");
    assert_says(&result, "load 0x4010f000, len ");
    assert_says(&result, ", room 16 \r\ntail ");
    assert_says(&result, "\r\ndemo 1.0.0, built ");
    assert_says(&result, "flash 4194304 bytes, files from 2097152, sketch ");
    qemu_board_close(board);
}

static void a_run_can_be_counted_and_repeated(void **state)
{
    struct qemu_board_result result[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct qemu_board *board = open_board(paths.demo, 7);
        result[i] = run(board, (struct qemu_board_run){.stops_at_application = true,
                                                       .counts_instructions = true});
        assert_ended(&result[i], QEMU_BOARD_APPLICATION);
        qemu_board_close(board);
    }
    assert_memory_equal(&result[0].counts, &result[1].counts, sizeof result[0].counts);
    const struct qemu_board_counts *counts = &result[0].counts;
    assert_true(qemu_board_instructions(counts) > 100);
    assert_true(counts->reads >= 3);
    assert_true(counts->read_bytes > 100);
    assert_int_equal(counts->sector_erases, 0);
    /* From the top of RAM to where the ROM's variables end. */
    assert_in_range(counts->stack_bytes, 64, 0x40000000 - 0x3fffeb30);
}

/* Of the two-image file: where the checksum of the first image is. */
static uint32_t checksum_place(const uint8_t *flash)
{
    uint32_t position = 8;

    for (uint8_t i = 0; i < flash[1]; i++)
        position += 8 + ud_get_u32(flash + position + 4);
    return position | 15;
}

static void what_is_damaged_does_not_start(void **state)
{
    struct qemu_board *board = open_board(paths.demo, 1);
    uint8_t *flash = qemu_board_flash(board);
    const uint32_t place = checksum_place(flash);

    (void)state;
    flash[place] ^= 1;
    struct qemu_board_result result = run(board, (struct qemu_board_run){0});
    assert_ended(&result, QEMU_BOARD_NO_BOOT);
    assert_says(&result, "csum err\r\nets_main.c");
    flash[place] ^= 1;
    flash[16 + 40] ^= 0x10;
    result = run(board, (struct qemu_board_run){0});
    assert_ended(&result, QEMU_BOARD_NO_BOOT);
    flash[0] = 0xea;
    result = run(board, (struct qemu_board_run){0});
    assert_ended(&result, QEMU_BOARD_NO_BOOT);
    assert_null(strstr(result.console, "load"));
    qemu_board_close(board);
}

static void an_empty_chip_does_not_start(void **state)
{
    struct qemu_board *board = open_board(NULL, 1);
    const struct qemu_board_result result = run(board, (struct qemu_board_run){0});

    (void)state;
    assert_ended(&result, QEMU_BOARD_NO_BOOT);
    qemu_board_close(board);
}

static void put_image(uint8_t *flash, const uint32_t *lengths, uint8_t count)
{
    uint8_t sum = 0xef;
    uint32_t at = 8;

    memset(flash, 0, CHECKSUM_BYTES);
    flash[0] = 0xe9;
    flash[1] = count;
    ud_put_u32(flash + 4, 0x40100000);
    for (uint8_t i = 0; i < count; i++) {
        ud_put_u32(flash + at, 0x3ffe8000 + 0x1000u * i);
        ud_put_u32(flash + at + 4, lengths[i]);
        at += 8;
        for (uint32_t j = 0; j < lengths[i]; j++, at++)
            sum ^= flash[at] = (uint8_t)(j * 7 + i);
    }
    flash[at | 15] = sum;
}

/* Nothing is at its entry, so a sound one ends in an exception there; a wrong
 * checksum would be seen first. */
static void segments_of_any_length_are_summed_up_right(void **state)
{
    static const uint32_t rows[][3] = {
        {4, 4, 4}, {16, 16, 16}, {8, 12, 20}, {64, 0, 4}, {1000, 36, 3}, {12, 28, 8}, {0, 0, 0},
    };
    struct qemu_board *board = open_board(NULL, 1);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put_image(qemu_board_flash(board), rows[i], 3);
        const struct qemu_board_result result = run(board, (struct qemu_board_run){0});
        assert_null(strstr(result.console, "csum err"));
        assert_says(&result, "\r\ncsum 0x");
        assert_ended(&result, QEMU_BOARD_FAULT);
    }
    qemu_board_close(board);
}

/* ---- The ROM's functions ---- */

static void assert_all_ok(enum probe_order order, int least)
{
    struct qemu_board *board = open_probe(order);
    const struct qemu_board_result result =
        run(board, (struct qemu_board_run){.until = PROBE_DONE});
    int count = 0;

    assert_ended(&result, QEMU_BOARD_SAID);
    assert_null(strstr(result.console, "not ok"));
    for (const char *at = result.console; (at = strstr(at, "\nok ")) != NULL; at++)
        count++;
    assert_in_range(count, least, 1000);
    qemu_board_close(board);
}

static void arithmetic_is_right(void **state)
{
    (void)state;
    assert_all_ok(PROBE_ARITHMETIC, 10);
}

static void memory_and_texts_are_right(void **state)
{
    (void)state;
    assert_all_ok(PROBE_TEXT, 10);
}

static void flash_keeps_to_the_roms_rules(void **state)
{
    (void)state;
    assert_all_ok(PROBE_FLASH, 12);
}

static void printing_is_right(void **state)
{
    struct qemu_board *board = open_probe(PROBE_PRINT);
    const struct qemu_board_result result =
        run(board, (struct qemu_board_run){.until = PROBE_DONE});

    (void)state;
    assert_says(&result, "|-5|4000000000|beef|text|z|\r\n");
    assert_says(&result, "|000012ab|  -7|-007|   ab|123|\r\n");
    assert_says(&result, "|-2147483648|ffffffff|0|\r\n\rq\n0[0]\r\n");
    qemu_board_close(board);
}

static void what_the_chip_would_not_survive_is_told(void **state)
{
    static const struct {
        enum probe_order order;
        enum qemu_board_end end;
        const char *says;
    } rows[] = {
        {PROBE_UNKNOWN, QEMU_BOARD_FAULT, "this ROM has no function at 40009818"},
        {PROBE_UNALIGNED, QEMU_BOARD_WATCHDOG, "Fatal exception (9): \r\nepc1=0x4001"},
        {PROBE_LONG, QEMU_BOARD_FAULT, "SPIWrite never ends on the chip for a length of 00010000"},
        {PROBE_FROM_FLASH, QEMU_BOARD_FAULT, "SPIWrite reads from mapped flash at 40201010"},
        {PROBE_PARKED, QEMU_BOARD_WATCHDOG, "Fatal exception (0): \r\nepc1=0x4020"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qemu_board *board = open_probe(rows[i].order);
        const struct qemu_board_result result =
            run(board, (struct qemu_board_run){.stops_at_reset = true});
        assert_ended(&result, rows[i].end);
        assert_says(&result, rows[i].says);
        qemu_board_close(board);
    }
}

/* ---- Resets ---- */

static void assert_restarts(enum probe_order order, const char *banner, const char *reason)
{
    struct qemu_board *board = open_probe(order);
    const struct qemu_board_result result =
        run(board, (struct qemu_board_run){.until = PROBE_DONE, .counts_instructions = true});

    assert_ended(&result, QEMU_BOARD_SAID);
    assert_says(&result, "rst cause:1, ");
    assert_says(&result, banner);
    assert_says(&result, reason);
    char started[40];
    snprintf(started, sizeof started, "probe %x 1\r\n", (unsigned)order);
    assert_says(&result, started);
    assert_null(strstr(result.console, "not ok"));
    qemu_board_close(board);
}

static void a_software_reset_keeps_rtc_memory(void **state)
{
    (void)state;
    assert_restarts(PROBE_RESET, "rst cause:3, ", "reason 3\r\n");
    assert_restarts(PROBE_RESET_BIT, "rst cause:3, ", "reason 3\r\n");
}

static void the_watchdog_ends_what_does_not_feed_it(void **state)
{
    (void)state;
    assert_restarts(PROBE_STARVE, "rst cause:4, boot mode:(3,6)\r\n\r\nwdt reset\r\n",
                    "reason 4\r\n");
}

static void the_watchdog_leaves_alone_what_feeds_it(void **state)
{
    struct qemu_board *board = open_probe(PROBE_FEED);
    const struct qemu_board_result result =
        run(board, (struct qemu_board_run){.until = PROBE_DONE, .counts_instructions = true});

    (void)state;
    assert_ended(&result, QEMU_BOARD_SAID);
    assert_null(strstr(result.console, "rst cause:4"));
    qemu_board_close(board);
}

static void runs_can_end_with_a_reset(void **state)
{
    struct qemu_board *board = open_probe(PROBE_RESET);
    struct qemu_board_result result = run(board, (struct qemu_board_run){.stops_at_reset = true});

    (void)state;
    assert_ended(&result, QEMU_BOARD_RESET);
    assert_int_equal(qemu_board_rtc_memory(board)[PROBE_COUNT_WORD], 1);
    result = run(board,
                 (struct qemu_board_run){.cause = QEMU_BOARD_SOFTWARE_RESET, .until = PROBE_DONE});
    assert_says(&result, "rst cause:3, ");
    assert_says(&result, "reason 3\r\n");
    qemu_board_rtc_memory(board)[PROBE_ORDER_WORD] = PROBE_STARVE;
    qemu_board_rtc_memory(board)[PROBE_COUNT_WORD] = 0;
    result =
        run(board, (struct qemu_board_run){.stops_at_reset = true, .counts_instructions = true});
    assert_ended(&result, QEMU_BOARD_WATCHDOG);
    qemu_board_close(board);
}

static void what_hangs_without_a_watchdog_hangs(void **state)
{
    struct qemu_board *board = open_probe(PROBE_HANG);
    const struct qemu_board_result result =
        run(board, (struct qemu_board_run){.timeout_ms = HANG_MS});

    (void)state;
    assert_ended(&result, QEMU_BOARD_HUNG);
    qemu_board_close(board);
}

/* ---- Ends from outside ---- */

static void a_run_ends_when_it_is_told_to(void **state)
{
    struct qemu_board *board = open_probe(PROBE_HANG);
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "", 1), 1);
    const struct qemu_board_result result = run(board, (struct qemu_board_run){.stop_fd = ends[0]});
    assert_ended(&result, QEMU_BOARD_STOPPED);
    close(ends[0]);
    close(ends[1]);
    qemu_board_close(board);
}

static void of_very_much_talk_the_end_is_kept(void **state)
{
    static const char script[] = "#!/bin/sh\necho first\nyes | head -c 3000000\necho last\n";
    const struct qemu_board_config config = {
        .emulator = "./chatty", .rom = paths.rom, .flash_size = FLASH_SIZE};
    struct qemu_board *board;
    FILE *file = fopen(config.emulator, "w");

    (void)state;
    assert_non_null(file);
    fputs(script, file);
    assert_int_equal(fchmod(fileno(file), 0700), 0);
    fclose(file);
    assert_int_equal(qemu_board_open(&board, &config), 0);
    const struct qemu_board_result result = run(board, (struct qemu_board_run){0});
    assert_null(strstr(result.console, "first"));
    assert_in_range(strlen(result.console), 500000, 1048576);
    assert_says(&result, "y\ny\nlast\n");
    qemu_board_close(board);
    unlink(config.emulator);
}

/* ---- Power ---- */

/* The same operations, cut by the same plan, on the host's model of the chip. */
static void operate_model(const struct cut_plan *plan, struct nor **nor)
{
    struct power *power = test_malloc(sizeof *power);
    const struct nor_config config = {
        .path = paths.probe,
        .is_scratch = true,
        .size = FLASH_SIZE,
        .has_block_erase = true,
        .rules = NOR_AND,
        .power = power,
    };
    uint8_t bytes[4096] __attribute__((aligned(4)));

    power_on(power, plan, NULL);
    assert_int_equal(nor_open(nor, &config), 0);
    const struct ud_flash *flash = nor_flash(*nor);
    for (uint32_t row = 0; row < PROBE_OPERATION_COUNT && !power->is_off; row++) {
        const struct probe_operation *operation = &probe_operations[row];
        for (uint32_t i = 0; i < operation->length && i < sizeof bytes; i++)
            bytes[i] = probe_byte(row, i);
        if (operation->kind == PROBE_ERASE)
            (void)flash->erase(flash->ctx, operation->address, operation->length);
        else
            (void)flash->program(flash->ctx, operation->address, bytes, operation->length);
    }
    test_free(power);
}

static void assert_cut_as_modelled(const struct cut_plan *plan)
{
    struct qemu_board *board = open_probe(PROBE_OPERATE);
    const struct qemu_board_result result =
        run(board, (struct qemu_board_run){.cut = plan, .until = PROBE_DONE});
    char id[CUT_ID_MAX];
    struct nor *nor;

    assert_ended(&result, plan->operation != 0 ? QEMU_BOARD_CUT : QEMU_BOARD_SAID);
    operate_model(plan, &nor);
    if (memcmp(nor_bytes(nor), qemu_board_flash(board), FLASH_SIZE) != 0)
        fail_msg("cut %s leaves other bytes than in the model", cut_print(plan, id));
    if (plan->operation != 0) {
        assert_int_equal(result.counts.operations, plan->operation);
        assert_int_equal(qemu_board_rtc_memory(board)[PROBE_ORDER_WORD] == PROBE_OPERATE,
                         plan->keeps_rtc);
    }
    nor_close(nor);
    qemu_board_close(board);
}

static void power_goes_as_in_the_hosts_model(void **state)
{
    static const enum cut_phase phases[] = {CUT_BEFORE, CUT_TORN, CUT_AFTER};
    struct cut_plan plan = {0};

    (void)state;
    assert_cut_as_modelled(&plan);
    for (plan.operation = 1; plan.operation <= PROBE_OPERATION_COUNT; plan.operation++)
        for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
            plan.phase = phases[i];
            plan.seed = phases[i] == CUT_TORN ? (uint32_t)plan.operation * 31 + 5 : 0;
            plan.keeps_rtc = plan.operation % 2 == 0;
            assert_cut_as_modelled(&plan);
        }
}

static void what_was_written_outlives_the_kill(void **state)
{
    const struct cut_plan never = {0};
    struct qemu_board *board = open_probe(PROBE_OPERATE);
    const struct qemu_board_result result =
        run(board, (struct qemu_board_run){.until = PROBE_DONE});
    struct nor *nor;

    (void)state;
    assert_ended(&result, QEMU_BOARD_SAID);
    operate_model(&never, &nor);
    assert_memory_equal(nor_bytes(nor), qemu_board_flash(board), FLASH_SIZE);
    nor_close(nor);
    qemu_board_close(board);
}

static void rtc_memory_wakes_up_by_the_seed(void **state)
{
    struct qemu_board *board[2] = {open_board(NULL, 3), open_board(NULL, 4)};

    (void)state;
    assert_memory_not_equal(qemu_board_rtc_memory(board[0]), qemu_board_rtc_memory(board[1]), 128);
    qemu_board_close(board[0]);
    qemu_board_close(board[1]);
}

/* ---- Files and programs that are not there ---- */

static void files_are_checked(void **state)
{
    char path[] = "board-flash-XXXXXX";
    const int fd = mkstemp(path);
    struct qemu_board_config config = {
        .rom = paths.rom, .flash_path = path, .flash_size = FLASH_SIZE};
    struct qemu_board *board = NULL, *second = NULL;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(qemu_board_open(&board, &config), -ERANGE);
    close(fd);
    unlink(path);
    assert_int_equal(qemu_board_open(&board, &config), 0);
    assert_int_equal(qemu_board_open(&second, &config), -EBUSY);
    qemu_board_close(board);
    config.flash_size = 12345;
    assert_int_equal(qemu_board_open(&board, &config), -EINVAL);
    unlink(path);
}

static void programs_that_are_missing_are_told(void **state)
{
    struct qemu_board_config config = {
        .emulator = "./no-such-emulator", .rom = paths.rom, .flash_size = FLASH_SIZE};
    const struct qemu_board_run how = {.timeout_ms = TIMEOUT_MS};
    struct qemu_board_result result;
    struct qemu_board *board;

    (void)state;
    assert_int_equal(qemu_board_open(&board, &config), 0);
    assert_int_equal(qemu_board_run(board, &how, &result), -ENOENT);
    qemu_board_close(board);
    config.emulator = NULL;
    config.rom = "no-such-rom.elf";
    assert_int_equal(qemu_board_open(&board, &config), 0);
    assert_int_equal(qemu_board_run(board, &how, &result), -EPROTO);
    assert_says(&result, "no-such-rom.elf");
    qemu_board_close(board);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demo_starts_from_reset),
        cmocka_unit_test(a_run_can_be_counted_and_repeated),
        cmocka_unit_test(what_is_damaged_does_not_start),
        cmocka_unit_test(an_empty_chip_does_not_start),
        cmocka_unit_test(segments_of_any_length_are_summed_up_right),
        cmocka_unit_test(arithmetic_is_right),
        cmocka_unit_test(memory_and_texts_are_right),
        cmocka_unit_test(flash_keeps_to_the_roms_rules),
        cmocka_unit_test(printing_is_right),
        cmocka_unit_test(what_the_chip_would_not_survive_is_told),
        cmocka_unit_test(a_software_reset_keeps_rtc_memory),
        cmocka_unit_test(the_watchdog_ends_what_does_not_feed_it),
        cmocka_unit_test(the_watchdog_leaves_alone_what_feeds_it),
        cmocka_unit_test(runs_can_end_with_a_reset),
        cmocka_unit_test(what_hangs_without_a_watchdog_hangs),
        cmocka_unit_test(a_run_ends_when_it_is_told_to),
        cmocka_unit_test(of_very_much_talk_the_end_is_kept),
        cmocka_unit_test(power_goes_as_in_the_hosts_model),
        cmocka_unit_test(what_was_written_outlives_the_kill),
        cmocka_unit_test(rtc_memory_wakes_up_by_the_seed),
        cmocka_unit_test(files_are_checked),
        cmocka_unit_test(programs_that_are_missing_are_told),
    };

    if (argc != 4) {
        fputs("usage: board ROM.ELF PROBE.FLASH DEMO.FLASH\n", stderr);
        return 2;
    }
    paths.rom = argv[1];
    paths.probe = argv[2];
    paths.demo = argv[3];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
