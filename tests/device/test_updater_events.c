/* What the events say, in which order, and how the updater looks when they do. */
#include "updater_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct rig_setup plain;

/* In the running program's mode, so that it is staged as it is. */
static struct image_bytes build(uint32_t size)
{
    const struct image_firmware firmware = {
        .version = "1.1.0", .project = "demo", .size = size, .flash_mode = UD_MODE_DIO};

    return image_build_firmware(&firmware);
}

/* What was told, as letters: S start, P progress, E end, X error; and what the
 * updater looked like when it told so. */
struct diary {
    const struct ud_updater *updater;
    char letters[64];
    size_t count;
    uint32_t done[64];
    uint32_t total[64];
    int error;
};

static void note(struct diary *diary, char letter)
{
    assert_true(diary->count < sizeof diary->letters - 1);
    assert_int_equal(ud_updater_is_running(diary->updater), letter == 'S' || letter == 'P');
    diary->letters[diary->count++] = letter;
}

static void note_start(void *ctx)
{
    note(ctx, 'S');
}

static void note_progress(void *ctx, uint32_t done, uint32_t total)
{
    struct diary *diary = ctx;

    diary->done[diary->count] = done;
    diary->total[diary->count] = total;
    note(diary, 'P');
}

static void note_end(void *ctx)
{
    note(ctx, 'E');
}

static void note_error(void *ctx, int error)
{
    struct diary *diary = ctx;

    assert_int_equal(diary->updater->error, error);
    diary->error = error;
    note(diary, 'X');
}

static void keep_diary(struct diary *diary, struct updater_rig *rig)
{
    memset(diary, 0, sizeof *diary);
    diary->updater = &rig->updater;
    rig->updater.config.events =
        (struct ud_updater_events){diary, note_start, note_progress, note_end, note_error};
}

static void a_success_is_told_buffer_by_buffer(void **state)
{
    struct image_bytes image = build(9000); /* three whole sectors and a part */
    struct updater_rig rig;
    struct diary diary;

    (void)state;
    for (size_t i = 0; i < rig_step_count; i++) {
        rig_init(&rig, &plain);
        keep_diary(&diary, &rig);
        assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, rig_steps[i]), UD_OK);
        assert_string_equal(diary.letters, "SPPPPPE");
        for (uint32_t n = 0; n <= 4; n++) {
            assert_int_equal(diary.done[n + 1], n < 4 ? n * UD_FLASH_SECTOR : image.length);
            assert_int_equal(diary.total[n + 1], image.length);
        }
        rig_free(&rig);
    }
    image_free(&image);
}

static void a_failure_is_told_once_where_it_happens(void **state)
{
    struct image_bytes image = build(9000);
    struct updater_rig rig;
    struct diary diary;

    (void)state;
    rig_init(&rig, &plain);
    keep_diary(&diary, &rig);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, 0), UD_ERR_SIZE);
    assert_string_equal(diary.letters, "X");
    assert_int_equal(diary.error, UD_ERR_SIZE);

    keep_diary(&diary, &rig);
    rig.flash.fail_program = 2;
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 1000), UD_ERR_FLASH_WRITE);
    assert_string_equal(diary.letters, "SPPX");

    keep_diary(&diary, &rig);
    rig.rtc_fails = true;
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 1000), UD_ERR_COMMIT);
    assert_int_equal(diary.error, UD_ERR_COMMIT);
    rig_free(&rig);
    image_free(&image);
}

/* A session of unknown size ends with progress at what turned out to be the size,
 * also where the last byte filled a buffer and nothing is left to write. */
static void a_cut_session_ends_with_progress_at_its_size(void **state)
{
    static const uint32_t lengths[] = {8192, 8193, 12287, 12288};
    struct updater_rig rig;
    struct diary diary;

    (void)state;
    for (size_t i = 0; i < SIZE(lengths); i++) {
        struct image_bytes files = {malloc(lengths[i]), lengths[i]};

        assert_non_null(files.data);
        image_fill(files.data, files.length, 3);
        rig_init(&rig, &plain);
        keep_diary(&diary, &rig);
        assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FILESYSTEM, 65536), UD_OK);
        assert_int_equal(rig_feed(&rig, files.data, files.length, 1460), UD_OK);
        assert_int_equal(ud_updater_truncate(&rig.updater), UD_OK);
        assert_int_equal(ud_updater_truncate(&rig.updater), UD_OK);
        assert_int_equal(ud_updater_remaining(&rig.updater), 0);
        assert_int_equal(ud_updater_end(&rig.updater), UD_OK);
        /* The beginning, two or three buffers, and the part or the cut. */
        assert_string_equal(diary.letters, lengths[i] == 12288 ? "SPPPPPE" : "SPPPPE");
        assert_int_equal(diary.done[diary.count - 2], lengths[i]);
        assert_int_equal(diary.total[diary.count - 2], lengths[i]);
        rig_free(&rig);
        image_free(&files);
    }
}

static void events_may_be_missing(void **state)
{
    struct image_bytes image = build(9000);
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    memset(&rig.updater.config.events, 0, sizeof rig.updater.config.events);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 100), UD_OK);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, 0), UD_ERR_SIZE);
    rig_free(&rig);
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_success_is_told_buffer_by_buffer),
        cmocka_unit_test(a_failure_is_told_once_where_it_happens),
        cmocka_unit_test(a_cut_session_ends_with_progress_at_its_size),
        cmocka_unit_test(events_may_be_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
