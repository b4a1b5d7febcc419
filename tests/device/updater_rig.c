#include "updater_rig.h"

#include "device/port/bearssl/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const uint32_t rig_steps[] = {0, 1, 3, 7, 256, 1000, 4096, 4097};
const size_t rig_step_count = sizeof rig_steps / sizeof rig_steps[0];

/* ---- Ports ---- */

static int rtc_read(void *ctx, uint32_t offset, void *data, uint32_t length)
{
    struct updater_rig *rig = ctx;

    memcpy(data, (const uint8_t *)rig->rtc_words + offset, length);
    return rig->rtc_fails ? -1 : 0;
}

static int rtc_write(void *ctx, uint32_t offset, const void *data, uint32_t length)
{
    struct updater_rig *rig = ctx;

    if (++rig->rtc_writes == rig->fail_rtc_write || rig->rtc_fails)
        return -1;
    memcpy((uint8_t *)rig->rtc_words + offset, data, length);
    return 0;
}

static uint32_t read_straps(void *ctx)
{
    return ((struct updater_rig *)ctx)->straps;
}

/* ---- Events ---- */

static void started(void *ctx)
{
    struct updater_rig *rig = ctx;

    assert_int_equal(rig->starts, rig->ends + rig->errors);
    rig->starts++;
    rig->done = 0;
    rig->progress_calls = 0;
}

static void progressed(void *ctx, uint32_t done, uint32_t total)
{
    struct updater_rig *rig = ctx;

    assert_int_equal(rig->starts, rig->ends + rig->errors + 1);
    if (rig->progress_calls++ == 0)
        assert_int_equal(done, 0);
    else /* forward, or a session that was cut to what arrived */
        assert_true(done > rig->done || (done == rig->done && total < rig->total));
    assert_true(total > 0); /* who shows a percentage divides by it */
    assert_true(done <= total);
    rig->done = done;
    rig->total = total;
}

static void ended(void *ctx)
{
    struct updater_rig *rig = ctx;

    assert_int_equal(rig->done, rig->total);
    rig->ends++;
}

/* A begin that fails has no start before it. */
static void failed(void *ctx, int error)
{
    struct updater_rig *rig = ctx;

    if (rig->starts == rig->ends + rig->errors)
        rig->starts++;
    rig->errors++;
    rig->last_error = error;
}

/* ---- Life ---- */

/* The header's code for a flash size. */
static uint8_t size_code(uint32_t flash_size)
{
    static const uint8_t codes[] = {0, 2, 3, 4, 8, 9}; /* 512 KB, 1 MB, … 16 MB */
    uint32_t doublings = 0;

    while (512u * 1024 << doublings < flash_size)
        doublings++;
    return codes[doublings];
}

static void load_running(struct updater_rig *rig, const struct rig_setup *setup,
                         const struct ud_layout *layout)
{
    const struct image_firmware firmware = {
        .version = "1.0.0",
        .project = "demo",
        .size = 20000,
        .seed = 7,
        .flash_mode = UD_MODE_DIO,
        .flash_size_code =
            setup->running_size_code ? setup->running_size_code : size_code(layout->flash_size),
    };
    const uint32_t chip_size = rig->flash.port.size;

    rig->running = image_build_firmware(&firmware);
    memset(rig->flash.bytes, RIG_OLD_BYTE, chip_size);
    memcpy(rig->flash.bytes, rig->running.data, rig->running.length);
    rig->before = malloc(chip_size);
    assert_non_null(rig->before);
    memcpy(rig->before, rig->flash.bytes, chip_size);
}

static void init_staging(struct updater_rig *rig, const struct rig_setup *setup,
                         const struct ud_layout *layout)
{
    const struct ud_staging_config config = {
        .flash = &rig->flash.port,
        .rtc = &rig->rtc,
        .layout = *layout,
        .filesystem_in_place = !setup->is_atomic,
        .orders = setup->has_journal ? &ud_staging_journal : NULL,
        .straps = read_straps,
        .straps_ctx = rig,
    };

    assert_int_equal(ud_staging_init(&rig->staging, &config), UD_OK);
}

static void init_updater(struct updater_rig *rig, const struct rig_setup *setup)
{
    const struct ud_updater_config config = {
        .flash = &rig->flash.port,
        .target = ud_staging_target(&rig->staging),
        .md5 = &ud_md5,
        .verifier = setup->verifier,
        .terms = setup->terms,
        .look = setup->gunzip != NULL ? &ud_updater_gunzip : NULL,
        .gunzip = setup->gunzip,
        .takes_any_flash_mode = setup->takes_any_flash_mode,
        .buffer = rig->buffer,
        .buffer_size = setup->has_no_buffer ? 0
                       : setup->buffer_size ? setup->buffer_size
                                            : sizeof rig->buffer,
        .events = {rig, started, progressed, ended, failed},
    };

    memset(&rig->updater, 0xa5, sizeof rig->updater); /* as memory is before init */
    assert_int_equal(ud_updater_init(&rig->updater, &config), UD_OK);
}

static struct ud_layout layout_of(const struct rig_setup *setup)
{
    struct ud_layout layout;

    assert_int_equal(ud_layout_parse(setup->layout ? setup->layout : "1M64K", &layout), UD_OK);
    return layout;
}

/* All but the flash, which is there with its program. */
static void init_rest(struct updater_rig *rig, const struct rig_setup *setup,
                      const struct ud_layout *layout)
{
    rig->rtc = (struct ud_rtc){rig, rtc_read, rtc_write};
    image_fill((uint8_t *)rig->rtc_words, sizeof rig->rtc_words, 11);
    memcpy(rig->rtc_before, rig->rtc_words, sizeof rig->rtc_before);
    rig->straps = setup->straps;
    init_staging(rig, setup, layout);
    init_updater(rig, setup);
}

void rig_init(struct updater_rig *rig, const struct rig_setup *setup)
{
    const struct ud_layout layout = layout_of(setup);

    memset(rig, 0, sizeof *rig);
    assert_int_equal(
        ram_flash_init(&rig->flash, setup->chip_size ? setup->chip_size : layout.flash_size), 0);
    load_running(rig, setup, &layout);
    init_rest(rig, setup, &layout);
}

void rig_renew(struct updater_rig *rig, const struct rig_setup *setup)
{
    const struct ud_layout layout = layout_of(setup);
    const struct updater_rig kept = {
        .flash = rig->flash, .before = rig->before, .running = rig->running};

    *rig = kept;
    ram_flash_renew(&rig->flash, rig->before);
    init_rest(rig, setup, &layout);
}

void rig_free(struct updater_rig *rig)
{
    image_free(&rig->running);
    free(rig->before);
    ram_flash_free(&rig->flash);
}

/* ---- Doing ---- */

int rig_feed(struct updater_rig *rig, const uint8_t *data, uint32_t length, uint32_t step)
{
    int error = UD_OK;

    if (step == 0)
        step = length;
    while (length > 0 && error == UD_OK) {
        const uint32_t part = length < step ? length : step;
        error = ud_updater_write(&rig->updater, data, part);
        data += part;
        length -= part;
    }
    return error;
}

int rig_install(struct updater_rig *rig, enum ud_command command, const struct image_bytes *image,
                uint32_t step)
{
    int error = ud_updater_begin(&rig->updater, command, image->length);

    if (error == UD_OK)
        error = rig_feed(rig, image->data, image->length, step);
    return error != UD_OK ? error : ud_updater_end(&rig->updater);
}

/* ---- Looking ---- */

/* The last session stayed in its place. */
static void assert_contained(const struct updater_rig *rig)
{
    const struct ud_placement *placement = &rig->updater.placement;
    const uint32_t end = placement->start + placement->capacity;

    assert_memory_equal(rig->flash.bytes, rig->before, placement->start);
    assert_memory_equal(rig->flash.bytes + end, rig->before + end, rig->flash.port.size - end);
    assert_int_equal(rig->flash.violations, 0);
}

void rig_assert_untouched(const struct updater_rig *rig)
{
    assert_contained(rig);
    assert_memory_equal(rig->rtc_words, rig->rtc_before, sizeof rig->rtc_before);
}

static uint32_t staged_at(const struct updater_rig *rig, uint32_t placed)
{
    return rig->staging.config.layout.fs_start - ud_flash_round_up(placed);
}

const uint8_t *rig_staged(const struct updater_rig *rig, uint32_t placed)
{
    return rig->flash.bytes + staged_at(rig, placed);
}

void rig_assert_commanded(const struct updater_rig *rig, uint32_t placed, uint32_t size,
                          uint32_t destination)
{
    struct ud_eboot_command command;

    assert_int_equal(ud_eboot_load(&rig->rtc, &command), UD_OK);
    assert_int_equal(command.action, UD_EBOOT_COPY_RAW);
    assert_int_equal(command.source, staged_at(rig, placed));
    assert_int_equal(command.destination, destination);
    assert_int_equal(command.size, size);
    assert_contained(rig);
}
