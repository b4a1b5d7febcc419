/* What staging leaves for the bootloader, to the byte, and when it takes that back. */
#include "updater_rig.h"

#include "updraft/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct rig_setup with_journal = {.has_journal = true};

static int commit(const struct updater_rig *rig, enum ud_command command, uint32_t size)
{
    const struct ud_target *target = &rig->updater.config.target;
    struct ud_placement placement;

    assert_int_equal(target->methods->place(target->ctx, command, size, &placement), UD_OK);
    return target->methods->commit(target->ctx, command, &placement, size);
}

static int open_place(const struct updater_rig *rig, uint32_t start, uint32_t capacity)
{
    const struct ud_target *target = &rig->updater.config.target;
    const struct ud_placement placement = {.start = start, .capacity = capacity};

    return target->methods->open(target->ctx, &placement, NULL, 0);
}

/* ---- Commands in RTC memory ---- */

/* Blocks of the original for the same updates; bytes it leaves to chance are zero. */
static void commands_have_the_originals_bytes(void **state)
{
    static const struct {
        const char *layout;
        enum ud_command command;
        uint32_t size;
        uint8_t head[20];
        uint8_t crc[4];
    } cases[] = {
        {"1M",
         UD_COMMAND_FIRMWARE,
         0x47f30,
         {0x00, 0x10, 0x00, 0xeb, 1, 0, 0, 0, 0x00, 0x30, 0x0b, 0, 0, 0, 0, 0, 0x30, 0x7f, 0x04, 0},
         {0x78, 0xf0, 0x49, 0x86}},
        {"4M2M",
         UD_COMMAND_FILESYSTEM,
         0x10000,
         {0x00, 0x10, 0x00, 0xeb, 1, 0, 0, 0, 0, 0, 0x1f, 0, 0, 0, 0x20, 0, 0, 0, 0x01, 0},
         {0x5d, 0xb0, 0xba, 0xd7}},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        const struct rig_setup setup = {.layout = cases[i].layout, .is_atomic = true};
        uint8_t expected[UD_EBOOT_BLOCK_SIZE] = {0};
        struct updater_rig rig;

        memcpy(expected, cases[i].head, sizeof cases[i].head);
        memcpy(expected + UD_EBOOT_BLOCK_SIZE - 4, cases[i].crc, sizeof cases[i].crc);
        rig_init(&rig, &setup);
        assert_int_equal(commit(&rig, cases[i].command, cases[i].size), UD_OK);
        assert_memory_equal(rig.rtc_words, expected, sizeof expected);
        assert_memory_equal(rig.flash.bytes, rig.before, rig.flash.port.size);
        rig_free(&rig);
    }
}

static void files_in_place_leave_no_command(void **state)
{
    const struct rig_setup setup = {0};
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    rig.rtc_fails = true;
    assert_int_equal(commit(&rig, UD_COMMAND_FILESYSTEM, 65536), UD_OK);
    assert_memory_equal(rig.rtc_words, rig.rtc_before, sizeof rig.rtc_before);
    assert_memory_equal(rig.flash.bytes, rig.before, rig.flash.port.size);
    rig_free(&rig);
}

/* ---- Orders in the journal ---- */

static void orders_say_where_to(void **state)
{
    static const struct {
        enum ud_command command;
        uint32_t size, source, destination;
    } cases[] = {
        {UD_COMMAND_FIRMWARE, 9001, 0xe8000, 0},
        {UD_COMMAND_FILESYSTEM, 65536, 0xdb000, 0xeb000},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        const struct rig_setup setup = {.has_journal = true, .is_atomic = true};
        struct ud_journal_order order;
        struct updater_rig rig;

        rig_init(&rig, &setup);
        assert_int_equal(commit(&rig, cases[i].command, cases[i].size), UD_OK);
        assert_int_equal(ud_journal_load(&rig.flash.port, &order), UD_OK);
        assert_int_equal(order.source, cases[i].source);
        assert_int_equal(order.destination, cases[i].destination);
        assert_int_equal(order.size, cases[i].size);
        assert_memory_equal(rig.rtc_words, rig.rtc_before, sizeof rig.rtc_before);
        rig_free(&rig);
    }
}

static void only_orders_that_copy_from_the_place_are_withdrawn(void **state)
{
    static const struct {
        uint32_t source, size;
        bool stays;
    } cases[] = {
        {0x1f000, 0x1000, true},  {0x1f000, 0x1001, false}, {0x20000, 1, false},
        {0x23000, 0x8000, false}, {0x24000, 0x8000, true},  {0x10000, 0x80000, false},
    };
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &with_journal);
    for (size_t i = 0; i < SIZE(cases); i++) {
        const struct ud_journal_order order = {cases[i].source, 0, cases[i].size};
        struct ud_journal_order found;

        print_message("source %x\n", order.source);
        assert_int_equal(ud_journal_order(&rig.flash.port, &order), UD_OK);
        assert_int_equal(open_place(&rig, 0x20000, 0x4000), UD_OK);
        assert_int_equal(ud_journal_load(&rig.flash.port, &found),
                         cases[i].stays ? UD_OK : UD_ERR_STATE);
    }
    rig_free(&rig);
}

/* What is no order is not read as one, and is left to whom it belongs. */
static void other_things_in_the_journals_sector_are_left(void **state)
{
    static const uint8_t fills[] = {RIG_OLD_BYTE, 0xff, 0};
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &with_journal);
    for (size_t i = 0; i < SIZE(fills); i++) {
        memset(rig.flash.bytes + rig.flash.port.size - UD_JOURNAL_OFFSET, fills[i],
               UD_FLASH_SECTOR);
        memcpy(rig.before, rig.flash.bytes, rig.flash.port.size);
        assert_int_equal(open_place(&rig, 0, rig.flash.port.size), UD_OK);
        assert_memory_equal(rig.flash.bytes, rig.before, rig.flash.port.size);
    }
    rig_free(&rig);
}

/* An earlier program may have left a command where the journal is used now. */
static void a_command_is_withdrawn_beside_the_journal(void **state)
{
    const struct ud_eboot_command command = {UD_EBOOT_COPY_RAW, 0x20000, 0, 9000};
    const struct ud_journal_order order = {0x20000, 0, 9000};
    struct ud_eboot_command found;
    struct ud_journal_order left;
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &with_journal);
    assert_int_equal(ud_eboot_store(&rig.rtc, &command), UD_OK);
    assert_int_equal(ud_journal_order(&rig.flash.port, &order), UD_OK);
    rig.rtc_fails = true;
    assert_int_equal(open_place(&rig, 0x20000, 0x4000), UD_ERR_COMMIT);
    rig.rtc_fails = false;
    assert_int_equal(open_place(&rig, 0x20000, 0x4000), UD_OK);
    assert_int_equal(ud_eboot_load(&rig.rtc, &found), UD_ERR_STATE);
    assert_int_equal(ud_journal_load(&rig.flash.port, &left), UD_ERR_STATE);
    rig_free(&rig);
}

enum fault { FIRST_READ_FAILS, SECOND_READ_FAILS, PROGRAM_FAILS, ERASE_FAILS, FAULTS };

static void an_order_that_cannot_be_withdrawn_is_told(void **state)
{
    const struct ud_journal_order order = {0x20000, 0, 9000};

    (void)state;
    for (int fault = 0; fault < FAULTS; fault++) {
        struct updater_rig rig;

        rig_init(&rig, &with_journal);
        assert_int_equal(ud_journal_order(&rig.flash.port, &order), UD_OK);
        if (fault <= SECOND_READ_FAILS)
            rig.flash.fail_read = rig.flash.reads + 1 + (uint32_t)fault;
        rig.flash.fail_program = fault == PROGRAM_FAILS ? rig.flash.programs + 1 : 0;
        rig.flash.fail_erase = fault == ERASE_FAILS ? rig.flash.erases + 1 : 0;
        assert_int_equal(open_place(&rig, 0x20000, 0x4000), UD_ERR_COMMIT);
        rig_free(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_have_the_originals_bytes),
        cmocka_unit_test(files_in_place_leave_no_command),
        cmocka_unit_test(orders_say_where_to),
        cmocka_unit_test(only_orders_that_copy_from_the_place_are_withdrawn),
        cmocka_unit_test(other_things_in_the_journals_sector_are_left),
        cmocka_unit_test(a_command_is_withdrawn_beside_the_journal),
        cmocka_unit_test(an_order_that_cannot_be_withdrawn_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
