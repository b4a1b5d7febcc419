/* Updates from end to end on the chip's own instruction set: our bootloader, the
 * demonstration firmware, and what an Updater leaves behind: an image in flash and a
 * command in RTC memory, or an order in the journal. Prints TAP.
 *
 *   update ROM.ELF FOLDER LAYOUT…
 *
 * FOLDER holds, for every layout, LAYOUT.flash as `updraft flash` makes it with 1.0.0,
 * and LAYOUT-VERSION.bin, the firmware files made for it.
 */
#include "host/file.h"
#include "image_builder.h"
#include "sim/qemu_board.h"
#include "updraft/eboot.h"
#include "updraft/journal.h"
#include "updraft/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_MS    60000u
#define COMMAND_WORD  64u /* of RTC memory, from 60001100 on */
#define ERASED        0xff
#define MORE_RESTARTS 4u /* than a trial has boots */

static struct {
    const char *rom;
    const char *folder;
    const char *const *layouts;
    int count;
} world;

/* A board with its firmware files. */
struct scene {
    const char *name;
    struct ud_layout layout;
    struct qemu_board *board;
    struct qemu_board_result result;
};

/* ---- The board ---- */

static struct image_bytes load_firmware(const struct scene *scene, const char *version)
{
    char path[4096];
    struct file_bytes file;

    snprintf(path, sizeof path, "%s/%s-%s.bin", world.folder, scene->name, version);
    if (file_read(path, scene->layout.flash_size, &file) != 0)
        fail_msg("%s cannot be read", path);
    return (struct image_bytes){file.data, (uint32_t)file.length};
}

static void open_scene(struct scene *scene, const char *layout)
{
    char path[4096];

    *scene = (struct scene){.name = layout};
    assert_int_equal(ud_layout_parse(layout, &scene->layout), UD_OK);
    snprintf(path, sizeof path, "%s/%s.flash", world.folder, layout);
    const struct qemu_board_config config = {
        .rom = world.rom,
        .flash_path = path,
        .is_scratch = true,
        .flash_size = scene->layout.flash_size,
        .seed = 1,
    };
    assert_int_equal(qemu_board_open(&scene->board, &config), 0);
}

static void close_scene(struct scene *scene)
{
    qemu_board_close(scene->board);
}

/* Runs from `cause` on until the console shows `text`. */
static void run_until(struct scene *scene, enum qemu_board_cause cause, const char *text)
{
    const struct qemu_board_run run = {
        .cause = cause,
        .until = text,
        .timeout_ms = TIMEOUT_MS,
        .counts_instructions = true,
    };

    assert_int_equal(qemu_board_run(scene->board, &run, &scene->result), 0);
    if (scene->result.end != QEMU_BOARD_SAID)
        fail_msg("%s: it ended with %d and never said \"%s\" but:\n%s", scene->name,
                 scene->result.end, text, scene->result.console);
}

/* RTC memory is empty afterwards, as after a power cut. */
static void power_cycle(struct scene *scene, const char *text)
{
    memset(qemu_board_rtc_memory(scene->board), 0x5a, QEMU_BOARD_RTC_WORDS * sizeof(uint32_t));
    run_until(scene, QEMU_BOARD_POWER_ON, text);
}

/* ---- Its flash as the library's port ---- */

static uint8_t *flash_at(void *ctx, uint32_t address)
{
    return qemu_board_flash(ctx) + address;
}

static int read_flash(void *ctx, uint32_t address, void *data, uint32_t length)
{
    memcpy(data, flash_at(ctx, address), length);
    return 0;
}

static int program_flash(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    const uint8_t *bytes = data;

    for (uint32_t i = 0; i < length; i++)
        flash_at(ctx, address)[i] &= bytes[i];
    return 0;
}

static int erase_flash(void *ctx, uint32_t address, uint32_t length)
{
    memset(flash_at(ctx, address), ERASED, length);
    return 0;
}

/* Between runs. */
static struct ud_flash flash_of(struct scene *scene)
{
    return (struct ud_flash){
        .ctx = scene->board,
        .size = scene->layout.flash_size,
        .read = read_flash,
        .program = program_flash,
        .erase = erase_flash,
    };
}

/* ---- What an Updater leaves ---- */

static uint32_t stage(struct scene *scene, const struct image_bytes *sent)
{
    const uint32_t place = scene->layout.fs_start - ud_flash_round_up(sent->length);

    memcpy(qemu_board_flash(scene->board) + place, sent->data, sent->length);
    return place;
}

static void command(struct scene *scene, uint32_t source, uint32_t size)
{
    const struct ud_eboot_command copy = {
        .action = UD_EBOOT_COPY_RAW, .source = source, .destination = 0, .size = size};
    uint8_t block[UD_EBOOT_BLOCK_SIZE];

    ud_eboot_encode(&copy, block);
    memcpy(qemu_board_rtc_memory(scene->board) + COMMAND_WORD, block, sizeof block);
}

/* The stock way: staged, ordered in RTC memory, and a software reset. */
static void update(struct scene *scene, const struct image_bytes *sent, const char *until)
{
    command(scene, stage(scene, sent), sent->length);
    run_until(scene, QEMU_BOARD_SOFTWARE_RESET, until);
}

/* ---- What there must be ---- */

static void assert_says(const struct scene *scene, const char *text)
{
    if (strstr(scene->result.console, text) == NULL)
        fail_msg("%s: it does not say \"%s\" but:\n%s", scene->name, text, scene->result.console);
}

static void assert_silent_about(const struct scene *scene, const char *text)
{
    if (strstr(scene->result.console, text) != NULL)
        fail_msg("%s: it says \"%s\":\n%s", scene->name, text, scene->result.console);
}

static void assert_says_times(const struct scene *scene, const char *text, int times)
{
    int count = 0;

    for (const char *at = scene->result.console; (at = strstr(at, text)) != NULL; at++)
        count++;
    if (count != times)
        fail_msg("%s: it says \"%s\" %d times, not %d:\n%s", scene->name, text, count, times,
                 scene->result.console);
}

/* The program from 0x1000 on; sector 0 is that of 1.0.0 as it was. */
static void assert_holds(struct scene *scene, const struct image_bytes *image)
{
    struct image_bytes first = load_firmware(scene, "1.0.0");
    const uint8_t *flash = qemu_board_flash(scene->board);
    const uint32_t from = UD_FLASH_SECTOR;

    assert_memory_equal(flash, first.data, from);
    assert_memory_equal(flash + from, image->data + from, image->length - from);
    image_free(&first);
}

static void assert_journal_is_blank(struct scene *scene)
{
    const uint32_t at = scene->layout.flash_size - UD_JOURNAL_OFFSET;
    const uint8_t *sector = qemu_board_flash(scene->board) + at;

    for (uint32_t i = 0; i < UD_FLASH_SECTOR; i++)
        assert_int_equal(sector[i], ERASED);
}

/* ---- Updates ---- */

static void starts_from_reset(struct scene *scene)
{
    power_cycle(scene, "works\r\n");
    assert_says(scene, "rst cause:1, boot mode:(3,6)");
    assert_says(scene, "\r\ndemo 1.0.0, built ");
}

static void takes_a_raw_update(struct scene *scene)
{
    struct image_bytes image = load_firmware(scene, "1.1.0");

    update(scene, &image, "works\r\n");
    assert_says(scene, "@?cp:0");
    assert_says(scene, "\r\ndemo 1.1.0, built ");
    assert_silent_about(scene, "on trial");
    assert_holds(scene, &image);
    assert_journal_is_blank(scene);
    /* It is not done twice. */
    power_cycle(scene, "works\r\n");
    assert_says(scene, "\r\ndemo 1.1.0, built ");
    assert_silent_about(scene, "cp:");
    image_free(&image);
}

static void takes_a_compressed_update(struct scene *scene)
{
    struct image_bytes image = load_firmware(scene, "1.1.0");
    struct image_bytes sent = image_compress(image.data, image.length);

    update(scene, &sent, "works\r\n");
    assert_says(scene, "\r\ndemo 1.1.0, built ");
    assert_holds(scene, &image);
    assert_journal_is_blank(scene);
    image_free(&sent);
    image_free(&image);
}

/* The order is in flash, so power may go before the reset. */
static void takes_an_order_from_the_journal(struct scene *scene)
{
    struct image_bytes image = load_firmware(scene, "1.1.0");
    const uint32_t source = stage(scene, &image);
    const struct ud_flash flash = flash_of(scene);
    const struct ud_journal_order order = {source, 0, image.length};

    assert_int_equal(ud_journal_order(&flash, &order), UD_OK);
    power_cycle(scene, "works\r\n");
    assert_says(scene, "\r\ndemo 1.1.0, built ");
    assert_holds(scene, &image);
    assert_journal_is_blank(scene);
    image_free(&image);
}

/* The sum of what a gzip file holds is part of it; a stock file has a CRC word. */
static void refuses_what_is_damaged(struct scene *scene)
{
    struct image_bytes old = load_firmware(scene, "1.0.0");
    struct image_bytes image = load_firmware(scene, "1.1.0");
    struct image_bytes sent[] = {image_compress(image.data, image.length), image};
    static const char *const refusals[] = {"@?6", "@?9"};

    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        /* gzip's own CRC: damage further up may show as an image that is none. */
        sent[i].data[i == 0 ? sent[i].length - 8 : sent[i].length / 2] ^= 0x10;
        update(scene, &sent[i], "works\r\n");
        assert_says(scene, refusals[i]);
        assert_says(scene, "\r\ndemo 1.0.0, built ");
        assert_holds(scene, &old);
        assert_journal_is_blank(scene);
        image_free(&sent[i]);
    }
    image_free(&old);
}

/* ---- Trials ---- */

static void keeps_what_confirms_itself(struct scene *scene)
{
    struct image_bytes image = load_firmware(scene, "2.0.0");

    update(scene, &image, "works\r\n");
    assert_says(scene, "\r\ndemo 2.0.0, built ");
    assert_says(scene, "\r\non trial, boot 1 of 3\r\n");
    for (unsigned i = 0; i < MORE_RESTARTS; i++) {
        power_cycle(scene, "works\r\n");
        assert_says(scene, "\r\ndemo 2.0.0, built ");
        assert_silent_about(scene, "on trial");
    }
    assert_holds(scene, &image);
    image_free(&image);
}

/* Three starts, each ended by the watchdog, and the old program is back for good. */
static void goes_back_from(struct scene *scene, const char *version, const char *last_words)
{
    struct image_bytes old = load_firmware(scene, "1.0.0");
    struct image_bytes image = load_firmware(scene, version);

    update(scene, &image, "works\r\n");
    assert_says_times(scene, last_words, 3);
    assert_says_times(scene, "rst cause:4, ", 3);
    assert_says(scene, "\r\non trial, boot 1 of 3\r\n");
    assert_says(scene, "\r\non trial, boot 3 of 3\r\n");
    assert_says_times(scene, "\r\ndemo 1.0.0, built ", 1);
    assert_holds(scene, &old);
    assert_journal_is_blank(scene);
    power_cycle(scene, "works\r\n");
    assert_says(scene, "\r\ndemo 1.0.0, built ");
    assert_silent_about(scene, "on trial");
    image_free(&image);
    image_free(&old);
}

static void goes_back_from_what_hangs(struct scene *scene)
{
    goes_back_from(scene, "2.1.0-hangs", "\r\nhangs\r\n");
}

static void goes_back_from_what_crashes(struct scene *scene)
{
    goes_back_from(scene, "2.1.0-crashes", "\r\nFatal exception (0): \r\n");
}

/* ---- Every one in every layout ---- */

static const struct act {
    const char *name;
    void (*play)(struct scene *scene);
} acts[] = {
    {"starts_from_reset", starts_from_reset},
    {"takes_a_raw_update", takes_a_raw_update},
    {"takes_a_compressed_update", takes_a_compressed_update},
    {"takes_an_order_from_the_journal", takes_an_order_from_the_journal},
    {"refuses_what_is_damaged", refuses_what_is_damaged},
    {"keeps_what_confirms_itself", keeps_what_confirms_itself},
    {"goes_back_from_what_hangs", goes_back_from_what_hangs},
    {"goes_back_from_what_crashes", goes_back_from_what_crashes},
};

#define ACTS (sizeof acts / sizeof acts[0])

static void in_every_layout(void **state)
{
    const struct act *act = *state;

    for (int i = 0; i < world.count; i++) {
        struct scene scene;
        open_scene(&scene, world.layouts[i]);
        act->play(&scene);
        close_scene(&scene);
    }
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ACTS];

    if (argc < 4) {
        fputs("usage: update ROM.ELF FOLDER LAYOUT…\n", stderr);
        return 2;
    }
    world.rom = argv[1];
    world.folder = argv[2];
    world.layouts = (const char *const *)(argv + 3);
    world.count = argc - 3;
    for (size_t i = 0; i < ACTS; i++)
        tests[i] = (struct CMUnitTest){
            .name = acts[i].name,
            .test_func = in_every_layout,
            .initial_state = (void *)(uintptr_t)&acts[i],
        };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
