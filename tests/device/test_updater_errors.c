/* Every error of the updater, from an input that causes it: its number and text
 * as the originals have them, whatever pieces the bytes come in; and after each
 * the running program untouched and the updater ready for the next. */
#include "signing.h"
#include "updater_rig.h"
#include "updraft/messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

enum {
    WHOLE = 0, /* as many as the image has */
    SIZE_CODE_4M = 4,
    UNKNOWN_COMMAND = 7,
    SERIAL_LOADER_STRAPS = 1,
};

static struct image_bytes sound(void)
{
    const struct image_firmware firmware = {.version = "1.1.0", .project = "demo", .size = 9000};

    return image_build_firmware(&firmware);
}

static struct image_bytes esp32(void)
{
    const struct image_firmware firmware = {
        .chip = UD_CHIP_ESP32, .version = "1.1.0", .project = "demo", .size = 9000};

    return image_build_firmware(&firmware);
}

static struct image_bytes for_4m(void)
{
    const struct image_firmware firmware = {
        .version = "1.1.0", .project = "demo", .size = 9000, .flash_size_code = SIZE_CODE_4M};

    return image_build_firmware(&firmware);
}

static struct image_bytes single(void)
{
    const struct image_firmware firmware = {
        .version = "1.1.0", .project = "demo", .size = 9000, .is_single = true};

    return image_build_firmware(&firmware);
}

static struct image_bytes wrong_crc(void)
{
    const struct image_firmware firmware = {
        .version = "1.1.0", .project = "demo", .size = 9000, .words = IMAGE_WORDS_WRONG};

    return image_build_firmware(&firmware);
}

static struct image_bytes wrong_magic(void)
{
    struct image_bytes image = sound();

    image.data[0] = 0xea;
    return image;
}

static struct image_bytes web_page(void)
{
    static const char page[] = "<!DOCTYPE html><title>Sign in to this network</title>";
    struct image_bytes image = {malloc(sizeof page), sizeof page};

    assert_non_null(image.data);
    memcpy(image.data, page, sizeof page);
    return image;
}

/* Gzip's first byte, and not its second. */
static struct image_bytes half_a_magic(void)
{
    struct image_bytes image = sound();

    image.data[0] = UD_IMAGE_GZIP_MAGIC0;
    return image;
}

/* A segment that is longer than the file. */
static struct image_bytes endless_segment(void)
{
    struct image_bytes image = sound();

    image.data[UD_IMAGE_APP_OFFSET + 8 + 6] = 0x40;
    return image;
}

/* ---- What goes wrong besides ---- */

static void fail_first_erase(struct updater_rig *rig)
{
    rig->flash.fail_erase = rig->flash.erases + 1;
}

static void fail_second_program(struct updater_rig *rig)
{
    rig->flash.fail_program = rig->flash.programs + 2;
}

static void fail_next_read(struct updater_rig *rig)
{
    rig->flash.fail_read = rig->flash.reads + 1;
}

static void fail_rtc(struct updater_rig *rig)
{
    rig->rtc_fails = true;
}

static void lose_a_bit(struct updater_rig *rig)
{
    const uint32_t staged = rig->updater.placement.start;

    rig->flash.bytes[staged + 5000] ^= 0x10;
}

static void fall_silent(struct updater_rig *rig)
{
    ud_updater_abort(&rig->updater, UD_ERR_TIMEOUT);
}

static void give_up(struct updater_rig *rig)
{
    ud_updater_abort(&rig->updater, UD_ERR_ABORTED);
}

static void call_it_all(struct updater_rig *rig)
{
    assert_int_equal(ud_updater_truncate(&rig->updater), UD_OK);
}

/* ---- The table ---- */

static const char zeros_md5[] = "00000000000000000000000000000000";

struct row {
    const char *name;
    struct rig_setup setup;
    struct image_bytes (*image)(void);
    uint32_t command;
    uint32_t promised; /* at begin; WHOLE */
    uint32_t sent;     /* WHOLE; SENDS_NOTHING */
    const char *md5;   /* null: none expected */
    void (*before_write)(struct updater_rig *rig);
    void (*before_end)(struct updater_rig *rig);
    bool is_signed; /* a verifier is installed */
    int error;
    uint8_t number;
    const char *text; /* null: told by a test of its own */
};

#define SENDS_NOTHING UINT32_MAX
#define NO_SIZE       UINT32_MAX /* begin with 0 */

static const struct row rows[] = {
    {.name = "flash cannot be programmed",
     .image = sound,
     .before_write = fail_second_program,
     .error = UD_ERR_FLASH_WRITE,
     .number = 1,
     .text = "Flash Write Failed"},
    {.name = "flash silently loses a bit",
     .image = sound,
     .before_end = lose_a_bit,
     .error = UD_ERR_FLASH_WRITE,
     .number = 1,
     .text = "Flash Write Failed"},
    {.name = "flash cannot be erased",
     .image = sound,
     .before_write = fail_first_erase,
     .error = UD_ERR_FLASH_ERASE,
     .number = 2,
     .text = "Flash Erase Failed"},
    {.name = "flash cannot be read",
     .image = sound,
     .before_end = fail_next_read,
     .error = UD_ERR_FLASH_READ,
     .number = 3,
     .text = "Flash Read Failed"},
    {.name = "more is promised than fits",
     .image = sound,
     .promised = 1000000,
     .error = UD_ERR_SPACE,
     .number = 4,
     .text = "Not Enough Space"},
    {.name = "all there is is promised",
     .image = sound,
     .promised = UINT32_MAX - 1,
     .error = UD_ERR_SPACE,
     .number = 4,
     .text = "Not Enough Space"},
    {.name = "more comes than was promised",
     .image = sound,
     .promised = 5000,
     .error = UD_ERR_SPACE,
     .number = 4,
     .text = "Not Enough Space"},
    {.name = "a file system that does not fit",
     .image = sound,
     .command = UD_COMMAND_FILESYSTEM,
     .promised = 65537,
     .error = UD_ERR_SPACE,
     .number = 4,
     .text = "Not Enough Space"},
    {.name = "nothing is promised",
     .image = sound,
     .promised = NO_SIZE,
     .error = UD_ERR_SIZE,
     .number = 5,
     .text = "Bad Size Given"},
    {.name = "the sender falls silent",
     .image = sound,
     .sent = 6000,
     .before_end = fall_silent,
     .error = UD_ERR_TIMEOUT,
     .number = 6,
     .text = "Stream Read Timeout"},
    {.name = "another digest was meant",
     .image = sound,
     .md5 = zeros_md5,
     .error = UD_ERR_MD5,
     .number = 7},
    {.name = "the chip is smaller than its program says",
     .setup = {.running_size_code = SIZE_CODE_4M},
     .image = sound,
     .error = UD_ERR_FLASH_CONFIG,
     .number = 8,
     .text = "Flash config wrong: real: 1048576, SDK: 4194304"},
    {.name = "the new program is for a larger chip",
     .image = for_4m,
     .error = UD_ERR_NEW_FLASH_CONFIG,
     .number = 9,
     .text = "new Flash config wrong, real size: 1048576"},
    {.name = "the first byte is another",
     .image = wrong_magic,
     .error = UD_ERR_MAGIC,
     .number = 10,
     .text = "Magic byte is not 0xE9"},
    {.name = "a web page",
     .image = web_page,
     .error = UD_ERR_MAGIC,
     .number = 10,
     .text = "Magic byte is not 0xE9"},
    {.name = "half of gzip's magic",
     .image = half_a_magic,
     .error = UD_ERR_MAGIC,
     .number = 10,
     .text = "Magic byte is not 0xE9"},
    {.name = "a restart would enter the serial loader",
     .setup = {.straps = SERIAL_LOADER_STRAPS},
     .image = sound,
     .error = UD_ERR_BOOT_MODE,
     .number = 11,
     .text = "Invalid bootstrapping state, reset ESP8266 before updating"},
    {.name = "an unsigned image where signatures are asked for",
     .image = sound,
     .is_signed = true,
     .error = UD_ERR_SIGNATURE,
     .number = 12,
     .text = "Signature verification failed"},
    {.name = "nothing is sent",
     .image = sound,
     .sent = SENDS_NOTHING,
     .error = UD_ERR_NO_DATA,
     .number = 13,
     .text = "No data supplied"},
    {.name = "there is no memory",
     .setup = {.has_no_buffer = true},
     .image = sound,
     .error = UD_ERR_MEMORY,
     .number = 14,
     .text = "Out of memory"},
    {.name = "an unknown command",
     .image = sound,
     .command = UNKNOWN_COMMAND,
     .error = UD_ERR_COMMAND,
     .number = 16,
     .text = "Unknown update command"},
    {.name = "an ESP32's image",
     .image = esp32,
     .error = UD_ERR_CHIP,
     .number = 17,
     .text = "Image is for another chip"},
    {.name = "a CRC that is not the file's",
     .image = wrong_crc,
     .error = UD_ERR_IMAGE,
     .number = 18,
     .text = "Image is damaged or not a firmware image"},
    {.name = "a segment without end",
     .image = endless_segment,
     .error = UD_ERR_IMAGE,
     .number = 18,
     .text = "Image is damaged or not a firmware image"},
    {.name = "an application without its bootloader",
     .image = single,
     .error = UD_ERR_IMAGE,
     .number = 18,
     .text = "Image is damaged or not a firmware image"},
    {.name = "cut short, of unknown size",
     .image = sound,
     .sent = 8000,
     .before_end = call_it_all,
     .error = UD_ERR_IMAGE,
     .number = 18,
     .text = "Image is damaged or not a firmware image"},
    {.name = "cut short",
     .image = sound,
     .sent = 8000,
     .error = UD_ERR_UNFINISHED,
     .number = 19,
     .text = "Update is not finished"},
    {.name = "RTC memory cannot be written",
     .image = sound,
     .before_end = fail_rtc,
     .error = UD_ERR_COMMIT,
     .number = 20,
     .text = "Boot record could not be written"},
    {.name = "the caller gives up",
     .image = sound,
     .sent = 6000,
     .before_end = give_up,
     .error = UD_ERR_ABORTED,
     .number = 21,
     .text = "Update aborted"},
};

/* ---- Playing a row ---- */

static uint32_t promised_size(const struct row *row, const struct image_bytes *image)
{
    if (row->promised == NO_SIZE)
        return 0;
    return row->promised == WHOLE ? image->length : row->promised;
}

static uint32_t sent_size(const struct row *row, const struct image_bytes *image)
{
    if (row->sent == SENDS_NOTHING)
        return 0;
    return row->sent == WHOLE ? image->length : row->sent;
}

static int play(struct updater_rig *rig, const struct row *row, const struct image_bytes *image,
                uint32_t step)
{
    int error =
        ud_updater_begin(&rig->updater, (enum ud_command)row->command, promised_size(row, image));

    if (error == UD_OK && row->md5 != NULL)
        assert_int_equal(ud_updater_expect_md5(&rig->updater, row->md5), UD_OK);
    if (error == UD_OK && row->before_write != NULL)
        row->before_write(rig);
    if (error == UD_OK)
        error = rig_feed(rig, image->data, sent_size(row, image), step);
    if (error == UD_OK && row->before_end != NULL)
        row->before_end(rig);
    return error != UD_OK ? error : ud_updater_end(&rig->updater);
}

static void assert_told(const struct updater_rig *rig, const struct row *row)
{
    char text[UD_MESSAGE_MAX];
    char line[UD_MESSAGE_MAX];
    char expected[UD_MESSAGE_MAX + 16];

    assert_int_equal(rig->updater.error, row->error);
    assert_int_equal(ud_updater_error_number(rig->updater.error), row->number);
    ud_updater_error_text(&rig->updater, text, sizeof text);
    if (row->text != NULL)
        assert_string_equal(text, row->text);
    ud_updater_error_line(&rig->updater, row->error, line, sizeof line);
    snprintf(expected, sizeof expected, "ERROR[%u]: %s", row->number, text);
    assert_string_equal(line, expected);
}

/* The error is told once, sticks, and ends with the next begin. */
static void assert_ended(struct updater_rig *rig, const struct row *row)
{
    assert_false(ud_updater_is_running(&rig->updater));
    assert_int_equal(rig->errors, 1);
    assert_int_equal(rig->last_error, row->error);
    assert_int_equal(rig->ends, 0);
    assert_int_equal(ud_updater_write(&rig->updater, "x", 1), row->error);
    assert_int_equal(ud_updater_truncate(&rig->updater), row->error);
    assert_int_equal(ud_updater_end(&rig->updater), row->error);
    assert_int_equal(rig->errors, 1);
}

static void assert_usable(struct updater_rig *rig)
{
    struct image_bytes image = sound();

    rig->rtc_fails = false;
    rig->flash.fail_read = rig->flash.fail_program = rig->flash.fail_erase = 0;
    assert_int_equal(rig_install(rig, UD_COMMAND_FIRMWARE, &image, 0), UD_OK);
    rig_assert_commanded(rig, image.length, image.length, 0);
    image_free(&image);
}

/* What keeps begin from starting stays as it is. */
static bool is_about_the_device(const struct row *row)
{
    return row->setup.has_no_buffer || row->setup.straps != 0 ||
           row->setup.running_size_code != 0 || row->is_signed;
}

static void play_row(const struct row *row, uint32_t buffer_size, uint32_t step)
{
    struct image_bytes image = row->image();
    struct rig_setup setup = row->setup;
    struct updater_rig rig;
    struct signing_key key;

    signing_load(&key, "rsa2048.pub");
    setup.buffer_size = buffer_size;
    setup.verifier = row->is_signed ? &key.verifier : NULL;
    rig_init(&rig, &setup);
    assert_int_equal(play(&rig, row, &image, step), row->error);
    assert_told(&rig, row);
    assert_ended(&rig, row);
    rig_assert_untouched(&rig);
    if (!is_about_the_device(row))
        assert_usable(&rig);
    rig_free(&rig);
    image_free(&image);
}

static void every_error_is_reached_in_every_way(void **state)
{
    static const uint32_t buffer_sizes[] = {256, 4096};

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++)
        for (size_t b = 0; b < SIZE(buffer_sizes); b++)
            for (size_t s = 0; s < rig_step_count; s++) {
                print_message("%s, buffer %u, step %u\n", rows[i].name, buffer_sizes[b],
                              rig_steps[s]);
                play_row(&rows[i], buffer_sizes[b], rig_steps[s]);
            }
}

/* Every number of the originals' table but 0 and 15, which a test below reaches. */
static void the_table_is_complete(void **state)
{
    bool is_reached[22] = {[0] = true, [15] = true};

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++)
        is_reached[rows[i].number] = true;
    for (size_t number = 0; number < SIZE(is_reached); number++)
        if (!is_reached[number])
            fail_msg("no row reaches error %zu", number);
}

static void a_session_that_runs_is_left_alone(void **state)
{
    struct image_bytes image = sound();
    const struct rig_setup setup = {0};
    struct updater_rig rig;
    char text[UD_MESSAGE_MAX];

    (void)state;
    rig_init(&rig, &setup);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
    assert_int_equal(rig_feed(&rig, image.data, 5000, 0), UD_OK);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FILESYSTEM, 100), UD_ERR_BUSY);
    assert_int_equal(ud_updater_error_number(UD_ERR_BUSY), 15);
    ud_pull_error_text(UD_ERR_BUSY, &rig.updater, text, sizeof text);
    assert_string_equal(text, "Update error: ERROR[15]: Update already running");
    assert_int_equal(rig.errors, 0);
    assert_int_equal(rig.updater.error, UD_OK);
    assert_int_equal(rig_feed(&rig, image.data + 5000, image.length - 5000, 0), UD_OK);
    assert_int_equal(ud_updater_end(&rig.updater), UD_OK);
    rig_assert_commanded(&rig, image.length, image.length, 0);
    rig_free(&rig);
    image_free(&image);
}

static void a_success_has_number_0(void **state)
{
    struct image_bytes image = sound();
    const struct rig_setup setup = {0};
    struct updater_rig rig;
    char text[UD_MESSAGE_MAX];

    (void)state;
    rig_init(&rig, &setup);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 0), UD_OK);
    assert_int_equal(ud_updater_error_number(rig.updater.error), 0);
    ud_updater_error_text(&rig.updater, text, sizeof text);
    assert_string_equal(text, "No Error");
    rig_free(&rig);
    image_free(&image);
}

static void a_wrong_digest_is_told_with_both(void **state)
{
    struct image_bytes image = sound();
    const struct rig_setup setup = {0};
    struct updater_rig rig;
    uint8_t digest[16];
    char expected[UD_MESSAGE_MAX];
    char text[UD_MESSAGE_MAX];
    int length = snprintf(expected, sizeof expected,
                          "MD5 verification failed: expected: %s, calculated: ", zeros_md5);

    (void)state;
    assert_int_equal(EVP_Digest(image.data, image.length, digest, NULL, EVP_md5(), NULL), 1);
    for (size_t i = 0; i < sizeof digest; i++)
        length += snprintf(expected + length, sizeof expected - (size_t)length, "%02x", digest[i]);
    rig_init(&rig, &setup);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
    assert_int_equal(ud_updater_expect_md5(&rig.updater, zeros_md5), UD_OK);
    assert_int_equal(rig_feed(&rig, image.data, image.length, 0), UD_OK);
    assert_int_equal(ud_updater_end(&rig.updater), UD_ERR_MD5);
    ud_updater_error_text(&rig.updater, text, sizeof text);
    assert_string_equal(text, expected);
    rig_free(&rig);
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_complete),
        cmocka_unit_test(every_error_is_reached_in_every_way),
        cmocka_unit_test(a_session_that_runs_is_left_alone),
        cmocka_unit_test(a_success_has_number_0),
        cmocka_unit_test(a_wrong_digest_is_told_with_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
