/* Hardware that fails during an update, aloud or silently, and updates after
 * updates: whatever happens, the bootloader is never sent to a broken image. */
#include "updater_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct rig_setup plain;

/* For QIO, so that the mode byte is patched: the running program's is DIO. */
static struct image_bytes build(uint32_t size)
{
    const struct image_firmware firmware = {.version = "1.1.0", .project = "demo", .size = size};

    return image_build_firmware(&firmware);
}

static struct image_bytes build_files(uint32_t length)
{
    struct image_bytes files = {malloc(length), length};

    assert_non_null(files.data);
    image_fill(files.data, length, 3);
    return files;
}

/* Everything but the end. */
static void receive(struct updater_rig *rig, enum ud_command command,
                    const struct image_bytes *image)
{
    assert_int_equal(ud_updater_begin(&rig->updater, command, image->length), UD_OK);
    assert_int_equal(rig_feed(rig, image->data, image->length, 0), UD_OK);
}

/* ---- Flash that says so ---- */

enum operation { READ, PROGRAM, ERASE, OPERATIONS };

static void let_fail(struct updater_rig *rig, enum operation operation, uint32_t number)
{
    *(operation == READ      ? &rig->flash.fail_read
      : operation == PROGRAM ? &rig->flash.fail_program
                             : &rig->flash.fail_erase) = number;
}

static uint32_t count(const struct updater_rig *rig, enum operation operation)
{
    return operation == READ      ? rig->flash.reads
           : operation == PROGRAM ? rig->flash.programs
                                  : rig->flash.erases;
}

/* Lets one operation after the other fail, each in an update of its own, and then
 * repeats the update without a fault. Returns how many there were. */
static uint32_t fail_each(const struct rig_setup *setup, enum ud_command command,
                          const struct image_bytes *image, enum operation operation)
{
    static const int errors[OPERATIONS] = {UD_ERR_FLASH_READ, UD_ERR_FLASH_WRITE,
                                           UD_ERR_FLASH_ERASE};
    struct updater_rig rig;
    uint32_t number;
    int error = errors[operation];

    for (number = 1; error != UD_OK; number++) {
        rig_init(&rig, setup);
        let_fail(&rig, operation, number);
        error = rig_install(&rig, command, image, 1000);
        if (error != UD_OK) {
            assert_int_equal(error, errors[operation]);
            assert_int_equal(rig.errors, 1);
            rig_assert_untouched(&rig);
            assert_int_equal(rig_install(&rig, command, image, 0), UD_OK);
        } else {
            assert_int_equal(count(&rig, operation), number - 1);
        }
        rig_free(&rig);
    }
    return number - 2;
}

static void every_flash_operation_may_fail(void **state)
{
    static const struct {
        struct rig_setup setup;
        enum ud_command command;
    } cases[] = {
        {{.buffer_size = 256}, UD_COMMAND_FIRMWARE},
        {{.buffer_size = 4096}, UD_COMMAND_FIRMWARE},
        {{.buffer_size = 256}, UD_COMMAND_FILESYSTEM},
        {{.buffer_size = 4096, .is_atomic = true}, UD_COMMAND_FILESYSTEM},
    };
    struct image_bytes image = build(9000);

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        const uint32_t buffers =
            (image.length + cases[i].setup.buffer_size - 1) / cases[i].setup.buffer_size;
        const uint32_t sectors = ud_flash_round_up(image.length) / UD_FLASH_SECTOR;

        print_message("case %zu\n", i);
        assert_int_equal(fail_each(&cases[i].setup, cases[i].command, &image, PROGRAM), buffers);
        assert_int_equal(fail_each(&cases[i].setup, cases[i].command, &image, ERASE), sectors);
        assert_true(fail_each(&cases[i].setup, cases[i].command, &image, READ) > buffers);
    }
    image_free(&image);
}

/* ---- Flash that does not ---- */

/* Flips each bit of a byte in turn, in an update of its own. */
static void corrupt(const struct rig_setup *setup, enum ud_command command,
                    const struct image_bytes *image, uint32_t offset)
{
    for (uint32_t bit = 0; bit < 8; bit++) {
        struct updater_rig rig;

        rig_init(&rig, setup);
        receive(&rig, command, image);
        rig.flash.bytes[rig.updater.placement.start + offset] ^= (uint8_t)(1u << bit);
        assert_int_equal(ud_updater_end(&rig.updater), UD_ERR_FLASH_WRITE);
        rig_assert_untouched(&rig);
        rig_free(&rig);
    }
}

/* The mode byte, 2, is the one that flash holds otherwise than it was received. */
static void a_bit_lost_anywhere_is_noticed(void **state)
{
    const struct rig_setup atomic = {.is_atomic = true, .buffer_size = 256};
    struct image_bytes image = build(9000);
    const uint32_t places[] = {0, 1, 2, 3, 4, 255, 256, 4095, 4096, 9000, image.length - 1};

    (void)state;
    for (size_t i = 0; i < SIZE(places); i++) {
        print_message("byte %u\n", places[i]);
        corrupt(&plain, UD_COMMAND_FIRMWARE, &image, places[i]);
        corrupt(&plain, UD_COMMAND_FILESYSTEM, &image, places[i]);
        corrupt(&atomic, UD_COMMAND_FILESYSTEM, &image, places[i]);
    }
    image_free(&image);
}

/* A mode byte that could not be programmed would read as it was received. */
static void a_mode_that_was_not_patched_is_noticed(void **state)
{
    struct image_bytes image = build(9000);
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    receive(&rig, UD_COMMAND_FIRMWARE, &image);
    rig.flash.bytes[rig.updater.placement.start + 2] = image.data[2];
    assert_int_equal(ud_updater_end(&rig.updater), UD_ERR_FLASH_WRITE);
    rig_assert_untouched(&rig);
    rig_free(&rig);
    image_free(&image);
}

/* ---- A place that is smaller than the image ---- */

/* No target should give one; nothing beyond it is touched all the same. */
static void the_end_of_the_place_is_kept_to(void **state)
{
    static const uint32_t capacities[] = {0, 4, 4096, 8192, 12288};
    struct image_bytes image = build(9000);

    (void)state;
    assert_true(image.length > 12288);
    for (size_t i = 0; i < SIZE(capacities); i++) {
        struct updater_rig rig;

        rig_init(&rig, &plain);
        assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
        rig.updater.placement.capacity = capacities[i];
        assert_int_equal(rig_feed(&rig, image.data, image.length, 1000), UD_ERR_SPACE);
        assert_int_equal(rig.flash.erases, capacities[i] / UD_FLASH_SECTOR);
        rig_assert_untouched(&rig);
        rig_free(&rig);
    }
    image_free(&image);
}

/* ---- RTC memory ---- */

/* A command is written in steps, and is none until the last. */
static void every_write_of_the_command_may_fail(void **state)
{
    struct image_bytes image = build(9000);
    struct ud_eboot_command command;
    struct updater_rig rig;
    uint32_t number = 0;
    int error;

    (void)state;
    do {
        rig_init(&rig, &plain);
        rig.fail_rtc_write = ++number;
        error = rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 0);
        if (error != UD_OK) {
            assert_int_equal(error, UD_ERR_COMMIT);
            assert_int_equal(ud_eboot_load(&rig.rtc, &command), UD_ERR_STATE);
            assert_int_equal(rig.errors, 1);
            assert_int_equal(rig.ends, 0);
        }
        rig_free(&rig);
    } while (error != UD_OK);
    assert_true(number > 2);
    image_free(&image);
}

/* ---- An update that waits for its restart, and then another one ---- */

static void a_second_update_replaces_the_first(void **state)
{
    struct image_bytes first = build(9000);
    struct image_bytes second = build(30000);
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &first, 0), UD_OK);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &second, 0), UD_OK);
    assert_memory_equal(rig_staged(&rig, second.length) + 3, second.data + 3, second.length - 3);
    rig_assert_commanded(&rig, second.length, second.length, 0);
    rig_free(&rig);
    image_free(&first);
    image_free(&second);
}

/* What the first left waiting is overwritten from the first erase on: a command to
 * copy it over the running program must not survive that. Both end at one place,
 * so either may begin within the other. */
static void assert_withdrawn(uint32_t first_size, uint32_t second_size)
{
    struct image_bytes first = build(first_size);
    struct image_bytes second = build(second_size);
    struct ud_eboot_command command;
    struct updater_rig rig;

    rig_init(&rig, &plain);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &first, 0), UD_OK);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, second.length), UD_OK);
    assert_int_equal(rig_feed(&rig, second.data, 4095, 0), UD_OK);
    assert_int_equal(ud_eboot_load(&rig.rtc, &command), UD_OK);
    assert_int_equal(rig_feed(&rig, second.data + 4095, 1, 0), UD_OK);
    assert_int_equal(ud_eboot_load(&rig.rtc, &command), UD_ERR_STATE);
    ud_updater_abort(&rig.updater, UD_ERR_ABORTED);
    assert_int_equal(ud_eboot_load(&rig.rtc, &command), UD_ERR_STATE);
    rig_free(&rig);
    image_free(&first);
    image_free(&second);
}

static void a_second_update_that_fails_leaves_no_command_to_copy_the_wreck(void **state)
{
    (void)state;
    assert_withdrawn(9000, 30000);
    assert_withdrawn(9000, 9000);
    assert_withdrawn(30000, 9000);
}

/* Commands that copy from next to the place, up to its last byte, are left alone. */
static void only_commands_that_copy_from_the_place_are_withdrawn(void **state)
{
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    const struct ud_target *target = &rig.updater.config.target;
    const struct ud_placement placement = {.start = 0x20000, .capacity = 0x4000};
    const struct {
        struct ud_eboot_command command;
        int left;
    } cases[] = {
        {{UD_EBOOT_COPY_RAW, 0x1f000, 0, 0x1000}, UD_OK},
        {{UD_EBOOT_COPY_RAW, 0x1f000, 0, 0x1001}, UD_ERR_STATE},
        {{UD_EBOOT_COPY_RAW, 0x20000, 0, 1}, UD_ERR_STATE},
        {{UD_EBOOT_COPY_RAW, 0x23000, 0, 0x8000}, UD_ERR_STATE},
        {{UD_EBOOT_COPY_RAW, 0x24000, 0, 0x8000}, UD_OK},
        {{UD_EBOOT_COPY_RAW, 0x10000, 0, 0x80000}, UD_ERR_STATE},
        {{UD_EBOOT_LOAD_APP, 0, 0, 0}, UD_OK},
        {{UD_EBOOT_LOAD_APP, 0, 0x20000, 0}, UD_OK},
    };
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct ud_eboot_command found;

        print_message("case %zu\n", i);
        assert_int_equal(ud_eboot_store(&rig.rtc, &cases[i].command), UD_OK);
        assert_int_equal(target->methods->open(target->ctx, &placement, NULL, 0), UD_OK);
        assert_int_equal(ud_eboot_load(&rig.rtc, &found), cases[i].left);
    }
    rig_free(&rig);
}

static void a_second_update_that_overwrites_nothing_leaves_the_first_waiting(void **state)
{
    struct image_bytes first = build(9000);
    struct image_bytes page = {malloc(100), 100};
    struct ud_eboot_command command;
    struct updater_rig rig;

    (void)state;
    assert_non_null(page.data);
    memset(page.data, '<', page.length);
    rig_init(&rig, &plain);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &first, 0), UD_OK);
    const uint32_t erases = rig.flash.erases;
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, 1u << 20), UD_ERR_SPACE);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &page, 0), UD_ERR_MAGIC);
    assert_int_equal(rig.flash.erases, erases);
    assert_int_equal(ud_eboot_load(&rig.rtc, &command), UD_OK);
    assert_memory_equal(rig.flash.bytes + command.source + 3, first.data + 3, first.length - 3);
    rig_free(&rig);
    image_free(&page);
    image_free(&first);
}

/* Both are wanted: new files in their place, a new program at the restart. */
static void files_written_in_place_leave_a_program_waiting(void **state)
{
    struct image_bytes program = build(9000);
    struct image_bytes files = build_files(65536);
    struct ud_eboot_command command;
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &program, 0), UD_OK);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FILESYSTEM, &files, 0), UD_OK);
    assert_int_equal(ud_eboot_load(&rig.rtc, &command), UD_OK);
    assert_int_equal(command.size, program.length);
    assert_memory_equal(rig.flash.bytes + command.source + 3, program.data + 3, program.length - 3);
    rig_free(&rig);
    image_free(&files);
    image_free(&program);
}

/* Staged files take the place of a staged program, and its command. */
static void staged_files_replace_a_program_waiting(void **state)
{
    const struct rig_setup atomic = {.is_atomic = true};
    struct image_bytes program = build(9000);
    struct image_bytes files = build_files(20480);
    struct ud_eboot_command command;
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &atomic);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &program, 0), UD_OK);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FILESYSTEM, files.length), UD_OK);
    assert_int_equal(rig_feed(&rig, files.data, files.length, 0), UD_OK);
    assert_int_equal(ud_eboot_load(&rig.rtc, &command), UD_ERR_STATE);
    assert_int_equal(ud_updater_end(&rig.updater), UD_OK);
    rig_assert_commanded(&rig, files.length, files.length, rig.staging.config.layout.fs_start);
    rig_free(&rig);
    image_free(&files);
    image_free(&program);
}

/* RTC memory that cannot be cleared ends the update before the first erase. */
static void a_command_that_cannot_be_withdrawn_keeps_its_image(void **state)
{
    struct image_bytes first = build(9000);
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &first, 0), UD_OK);
    const uint32_t erases = rig.flash.erases;
    const uint32_t programs = rig.flash.programs;
    rig.fail_rtc_write = rig.rtc_writes + 1;
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &first, 0), UD_ERR_COMMIT);
    assert_int_equal(rig.flash.erases, erases);
    assert_int_equal(rig.flash.programs, programs);
    rig_assert_commanded(&rig, first.length, first.length, 0);

    rig.rtc_fails = true;
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &first, 0), UD_ERR_COMMIT);
    assert_int_equal(rig.flash.erases, erases);
    rig_free(&rig);
    image_free(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flash_operation_may_fail),
        cmocka_unit_test(a_bit_lost_anywhere_is_noticed),
        cmocka_unit_test(a_mode_that_was_not_patched_is_noticed),
        cmocka_unit_test(the_end_of_the_place_is_kept_to),
        cmocka_unit_test(every_write_of_the_command_may_fail),
        cmocka_unit_test(a_second_update_replaces_the_first),
        cmocka_unit_test(a_second_update_that_fails_leaves_no_command_to_copy_the_wreck),
        cmocka_unit_test(only_commands_that_copy_from_the_place_are_withdrawn),
        cmocka_unit_test(a_second_update_that_overwrites_nothing_leaves_the_first_waiting),
        cmocka_unit_test(files_written_in_place_leave_a_program_waiting),
        cmocka_unit_test(staged_files_replace_a_program_waiting),
        cmocka_unit_test(a_command_that_cannot_be_withdrawn_keeps_its_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
