/* Every call in every state, and which of several errors is told. */
#include "updater_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct rig_setup plain;
static const char zeros_md5[] = "00000000000000000000000000000000";

/* In the running program's mode, so that it is staged as it is. */
static struct image_bytes build(uint32_t size)
{
    const struct image_firmware firmware = {
        .version = "1.1.0", .project = "demo", .size = size, .flash_mode = UD_MODE_DIO};

    return image_build_firmware(&firmware);
}

/* ---- States, and the way into each ---- */

static void new (struct updater_rig *rig, const struct image_bytes *image)
{
    (void)rig;
    (void)image;
}

static void begun(struct updater_rig *rig, const struct image_bytes *image)
{
    assert_int_equal(ud_updater_begin(&rig->updater, UD_COMMAND_FIRMWARE, image->length), UD_OK);
}

static void half_received(struct updater_rig *rig, const struct image_bytes *image)
{
    begun(rig, image);
    assert_int_equal(rig_feed(rig, image->data, 5000, 0), UD_OK);
}

static void received(struct updater_rig *rig, const struct image_bytes *image)
{
    begun(rig, image);
    assert_int_equal(rig_feed(rig, image->data, image->length, 0), UD_OK);
}

static void succeeded(struct updater_rig *rig, const struct image_bytes *image)
{
    assert_int_equal(rig_install(rig, UD_COMMAND_FIRMWARE, image, 0), UD_OK);
}

static void refused(struct updater_rig *rig, const struct image_bytes *image)
{
    (void)image;
    assert_int_equal(ud_updater_begin(&rig->updater, UD_COMMAND_FIRMWARE, 0), UD_ERR_SIZE);
}

static void failed(struct updater_rig *rig, const struct image_bytes *image)
{
    begun(rig, image);
    assert_int_equal(ud_updater_write(&rig->updater, "<html>", 6), UD_ERR_MAGIC);
}

static void aborted(struct updater_rig *rig, const struct image_bytes *image)
{
    half_received(rig, image);
    ud_updater_abort(&rig->updater, UD_ERR_TIMEOUT);
}

/* ---- Calls ---- */

static int call_begin(struct ud_updater *updater)
{
    return ud_updater_begin(updater, UD_COMMAND_FIRMWARE, 60000);
}

static int call_expect(struct ud_updater *updater)
{
    return ud_updater_expect_md5(updater, zeros_md5);
}

static int call_write(struct ud_updater *updater)
{
    return ud_updater_write(updater, "\xff", 1);
}

static int call_truncate(struct ud_updater *updater)
{
    return ud_updater_truncate(updater);
}

static int call_end(struct ud_updater *updater)
{
    return ud_updater_end(updater);
}

static int call_abort(struct ud_updater *updater)
{
    ud_updater_abort(updater, UD_ERR_ABORTED);
    return updater->error;
}

static int (*const calls[])(struct ud_updater *updater) = {call_begin,    call_expect, call_write,
                                                           call_truncate, call_end,    call_abort};

/* By state, what each of the calls returns, and whether a session runs then. */
static const struct {
    const char *name;
    void (*enter)(struct updater_rig *rig, const struct image_bytes *image);
    struct {
        int result;
        bool runs;
    } after[SIZE(calls)];
} states[] = {
    {"new",
     new,
     {{UD_OK, true},
      {UD_ERR_STATE, false},
      {UD_ERR_STATE, false},
      {UD_ERR_STATE, false},
      {UD_ERR_STATE, false},
      {UD_OK, false}}},
    {"begun",
     begun,
     {{UD_ERR_BUSY, true},
      {UD_OK, true},
      {UD_ERR_MAGIC, false},
      {UD_OK, true},
      {UD_ERR_NO_DATA, false},
      {UD_ERR_ABORTED, false}}},
    {"half received",
     half_received,
     {{UD_ERR_BUSY, true},
      {UD_OK, true},
      {UD_OK, true},
      {UD_OK, true},
      {UD_ERR_UNFINISHED, false},
      {UD_ERR_ABORTED, false}}},
    {"received",
     received,
     {{UD_ERR_BUSY, true},
      {UD_OK, true},
      {UD_ERR_SPACE, false},
      {UD_OK, true},
      {UD_OK, false},
      {UD_ERR_ABORTED, false}}},
    {"succeeded",
     succeeded,
     {{UD_OK, true},
      {UD_ERR_STATE, false},
      {UD_ERR_STATE, false},
      {UD_ERR_STATE, false},
      {UD_ERR_STATE, false},
      {UD_OK, false}}},
    {"refused",
     refused,
     {{UD_OK, true},
      {UD_ERR_STATE, false},
      {UD_ERR_SIZE, false},
      {UD_ERR_SIZE, false},
      {UD_ERR_SIZE, false},
      {UD_ERR_SIZE, false}}},
    {"failed",
     failed,
     {{UD_OK, true},
      {UD_ERR_STATE, false},
      {UD_ERR_MAGIC, false},
      {UD_ERR_MAGIC, false},
      {UD_ERR_MAGIC, false},
      {UD_ERR_MAGIC, false}}},
    {"aborted",
     aborted,
     {{UD_OK, true},
      {UD_ERR_STATE, false},
      {UD_ERR_TIMEOUT, false},
      {UD_ERR_TIMEOUT, false},
      {UD_ERR_TIMEOUT, false},
      {UD_ERR_TIMEOUT, false}}},
};

/* One event at most, and only where a session began or ended. */
static void assert_events(const struct updater_rig *rig, const struct updater_rig *earlier)
{
    const bool did_run = ud_updater_is_running(&earlier->updater);
    const bool runs = ud_updater_is_running(&rig->updater);
    const bool ends = did_run && !runs;
    const bool is_success = ends && rig->updater.error == UD_OK;

    assert_int_equal(rig->starts - earlier->starts, runs && !did_run);
    assert_int_equal(rig->ends - earlier->ends, is_success);
    assert_int_equal(rig->errors - earlier->errors, ends && !is_success);
    if (ends && !is_success)
        assert_int_equal(rig->last_error, rig->updater.error);
}

static void every_call_in_every_state(void **state)
{
    struct image_bytes image = build(9000);

    (void)state;
    for (size_t s = 0; s < SIZE(states); s++)
        for (size_t c = 0; c < SIZE(calls); c++) {
            struct updater_rig rig;

            print_message("%s, call %zu\n", states[s].name, c);
            rig_init(&rig, &plain);
            states[s].enter(&rig, &image);
            const struct updater_rig earlier = rig;
            assert_int_equal(calls[c](&rig.updater), states[s].after[c].result);
            assert_int_equal(ud_updater_is_running(&rig.updater), states[s].after[c].runs);
            assert_events(&rig, &earlier);
            if (rig.ends == 0)
                rig_assert_untouched(&rig);
            rig_free(&rig);
        }
    image_free(&image);
}

/* From every state, abandoning what runs. */
static void every_state_is_left_by_a_whole_update(void **state)
{
    struct image_bytes image = build(9000);

    (void)state;
    for (size_t s = 0; s < SIZE(states); s++) {
        struct updater_rig rig;

        print_message("%s\n", states[s].name);
        rig_init(&rig, &plain);
        states[s].enter(&rig, &image);
        ud_updater_abort(&rig.updater, UD_ERR_ABORTED);
        assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 1000), UD_OK);
        assert_int_equal(rig.updater.error, UD_OK);
        assert_memory_equal(rig_staged(&rig, image.length), image.data, image.length);
        rig_assert_commanded(&rig, image.length, image.length, 0);
        rig_free(&rig);
    }
    image_free(&image);
}

/* A begin that is refused for the other session's sake does not touch it, and a
 * session goes on to its end after one. */
static void a_session_outlives_calls_that_do_not_change_it(void **state)
{
    struct image_bytes image = build(9000);
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    begun(&rig, &image);
    for (uint32_t position = 0; position < image.length; position += 16) {
        assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FILESYSTEM, 0), UD_ERR_BUSY);
        assert_int_equal(ud_updater_write(&rig.updater, image.data, 0), UD_OK);
        assert_int_equal(ud_updater_progress(&rig.updater), position);
        assert_int_equal(ud_updater_remaining(&rig.updater), image.length - position);
        assert_int_equal(ud_updater_write(&rig.updater, image.data + position, 16), UD_OK);
    }
    assert_int_equal(ud_updater_write(&rig.updater, image.data, 0), UD_OK);
    assert_int_equal(ud_updater_end(&rig.updater), UD_OK);
    assert_int_equal(rig.errors, 0);
    rig_assert_commanded(&rig, image.length, image.length, 0);
    rig_free(&rig);
    image_free(&image);
}

static void the_first_error_stays(void **state)
{
    struct image_bytes image = build(9000);
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, 5000), UD_OK);
    assert_int_equal(rig_feed(&rig, image.data, image.length, 0), UD_ERR_SPACE);
    ud_updater_abort(&rig.updater, UD_ERR_TIMEOUT);
    assert_int_equal(ud_updater_end(&rig.updater), UD_ERR_SPACE);
    assert_int_equal(rig.updater.error, UD_ERR_SPACE);
    assert_int_equal(rig.errors, 1);
    rig_free(&rig);
    image_free(&image);
}

/* ---- Of several errors, the first ---- */

static void begin_looks_at_things_in_order(void **state)
{
    enum { CODE_4M = 4, UNKNOWN = 7, FIRMWARE = UD_COMMAND_FIRMWARE };
    static const struct {
        struct rig_setup setup;
        uint32_t command, size;
        int error;
    } cases[] = {
        {{.straps = 1, .running_size_code = CODE_4M, .has_no_buffer = true},
         UNKNOWN,
         0,
         UD_ERR_BOOT_MODE},
        {{.running_size_code = CODE_4M, .has_no_buffer = true}, UNKNOWN, 0, UD_ERR_SIZE},
        {{.running_size_code = CODE_4M, .has_no_buffer = true},
         UNKNOWN,
         2u << 20,
         UD_ERR_FLASH_CONFIG},
        {{.has_no_buffer = true}, UNKNOWN, 2u << 20, UD_ERR_COMMAND},
        {{.has_no_buffer = true}, FIRMWARE, 2u << 20, UD_ERR_SPACE},
        {{.has_no_buffer = true}, FIRMWARE, 5000, UD_ERR_MEMORY},
        {{.straps = 0}, FIRMWARE, 5000, UD_OK},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct updater_rig rig;

        print_message("case %zu\n", i);
        rig_init(&rig, &cases[i].setup);
        assert_int_equal(
            ud_updater_begin(&rig.updater, (enum ud_command)cases[i].command, cases[i].size),
            cases[i].error);
        rig_assert_untouched(&rig);
        rig_free(&rig);
    }
}

static void end_looks_at_things_in_order(void **state)
{
    static const struct {
        uint32_t missing; /* bytes not sent */
        bool is_digest_wrong, is_image_wrong, is_flash_wrong;
        int error;
    } cases[] = {
        {UINT32_MAX, true, true, true, UD_ERR_NO_DATA},
        {1, true, true, true, UD_ERR_UNFINISHED},
        {0, true, true, true, UD_ERR_MD5},
        {0, false, true, true, UD_ERR_IMAGE},
        {0, false, false, true, UD_ERR_FLASH_WRITE},
        {0, false, false, false, UD_ERR_COMMIT},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        const struct image_firmware firmware = {
            .project = "demo",
            .words = cases[i].is_image_wrong ? IMAGE_WORDS_WRONG : IMAGE_WORDS_RIGHT};
        struct image_bytes image = image_build_firmware(&firmware);
        struct updater_rig rig;

        print_message("case %zu\n", i);
        rig_init(&rig, &plain);
        begun(&rig, &image);
        if (cases[i].is_digest_wrong)
            assert_int_equal(ud_updater_expect_md5(&rig.updater, zeros_md5), UD_OK);
        if (cases[i].missing < image.length)
            assert_int_equal(rig_feed(&rig, image.data, image.length - cases[i].missing, 0), UD_OK);
        rig.rtc_fails = true;
        if (cases[i].is_flash_wrong)
            rig.flash.bytes[rig.updater.placement.start + 5000] ^= 1;
        assert_int_equal(ud_updater_end(&rig.updater), cases[i].error);
        rig_assert_untouched(&rig);
        rig_free(&rig);
        image_free(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_in_every_state),
        cmocka_unit_test(every_state_is_left_by_a_whole_update),
        cmocka_unit_test(a_session_outlives_calls_that_do_not_change_it),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(begin_looks_at_things_in_order),
        cmocka_unit_test(end_looks_at_things_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
