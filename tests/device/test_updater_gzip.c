/* The updater and compressed files: what is in them is looked at before anything is
 * ordered, and where nobody decompresses they are refused. */
#include "updater_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(list) (sizeof(list) / sizeof(list)[0])
#define FS_SIZE    20000u

struct looker {
    struct ud_gunzip gunzip;
    uint8_t window[UD_GUNZIP_WINDOW];
};

static struct ud_gunzip *look(struct looker *looker, uint32_t window_size)
{
    assert_int_equal(ud_gunzip_init(&looker->gunzip, looker->window, window_size), UD_OK);
    return &looker->gunzip;
}

static struct image_bytes pack(struct image_bytes plain)
{
    struct image_bytes member = image_compress(plain.data, plain.length);

    image_free(&plain);
    return member;
}

/* The rig's running program is DIO on 1 MB. */
static struct image_firmware fitting(void)
{
    return (struct image_firmware){
        .version = "1.1.0", .project = "demo", .size = 30000, .flash_mode = UD_MODE_DIO};
}

static struct image_bytes files(uint32_t length)
{
    struct image_bytes plain = {malloc(length), length};

    assert_non_null(plain.data);
    image_fill(plain.data, length / 2, 9);
    memset(plain.data + length / 2, 0xff, length - length / 2);
    return plain;
}

/* One session with a file; nothing is left behind on error. */
static void assert_ends(const struct rig_setup *setup, enum ud_command command,
                        const struct image_bytes *file, int expected)
{
    for (size_t i = 0; i < rig_step_count; i++) {
        struct updater_rig rig;

        rig_init(&rig, setup);
        assert_int_equal(rig_install(&rig, command, file, rig_steps[i]), expected);
        if (expected != UD_OK)
            rig_assert_untouched(&rig);
        else
            rig_assert_commanded(
                &rig, file->length, file->length,
                command == UD_COMMAND_FIRMWARE ? 0 : rig.staging.config.layout.fs_start);
        rig_free(&rig);
    }
}

/* With a decoder of every size of window, and buffers of both. */
static void assert_ends_with_all(const struct image_bytes *file, int expected)
{
    static struct looker looker;
    static const uint32_t buffers[] = {256, 4096};

    for (uint32_t window = UD_GUNZIP_WINDOW_MIN; window <= UD_GUNZIP_WINDOW; window *= 2)
        for (size_t i = 0; i < SIZE(buffers); i++) {
            const struct rig_setup setup = {.gunzip = look(&looker, window),
                                            .buffer_size = buffers[i]};
            assert_ends(&setup, UD_COMMAND_FIRMWARE, file, expected);
        }
}

static void a_fitting_program_is_taken(void **state)
{
    const struct image_firmware firmware = fitting();
    struct image_bytes file = pack(image_build_firmware(&firmware));

    (void)state;
    assert_ends_with_all(&file, UD_OK);
    image_free(&file);
}

static void its_header_is_judged(void **state)
{
    struct {
        struct image_firmware firmware;
        int error;
    } cases[] = {
        {fitting(), UD_ERR_NEW_FLASH_CONFIG},
        {fitting(), UD_ERR_FLASH_MODE},
        {fitting(), UD_ERR_CHIP},
    };

    (void)state;
    cases[0].firmware.flash_size_code = 4;
    cases[1].firmware.flash_mode = UD_MODE_QIO;
    cases[2].firmware.chip = UD_CHIP_ESP32;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct image_bytes file = pack(image_build_firmware(&cases[i].firmware));
        const struct rig_setup blind = {0};
        assert_ends_with_all(&file, cases[i].error);
        assert_ends(&blind, UD_COMMAND_FIRMWARE, &file, UD_OK); /* nobody looked */
        image_free(&file);
    }
}

static void another_flash_mode_is_taken_when_asked_for(void **state)
{
    static struct looker looker;
    struct image_firmware firmware = fitting();

    (void)state;
    firmware.flash_mode = UD_MODE_QOUT;
    struct image_bytes file = pack(image_build_firmware(&firmware));
    const struct rig_setup setup = {.gunzip = look(&looker, UD_GUNZIP_WINDOW),
                                    .takes_any_flash_mode = true};
    assert_ends(&setup, UD_COMMAND_FIRMWARE, &file, UD_OK);
    image_free(&file);
}

static void what_is_no_program_is_refused(void **state)
{
    static struct looker looker;
    const struct rig_setup setup = {.gunzip = look(&looker, UD_GUNZIP_WINDOW)};
    struct image_firmware firmware = fitting();
    struct image_bytes file = pack(files(5000));

    (void)state;
    assert_ends(&setup, UD_COMMAND_FIRMWARE, &file, UD_ERR_MAGIC);
    image_free(&file);

    struct image_bytes plain = image_build_firmware(&firmware);
    plain.length -= 17;
    file = pack(plain);
    assert_ends(&setup, UD_COMMAND_FIRMWARE, &file, UD_ERR_IMAGE);
    image_free(&file);

    firmware.words = IMAGE_WORDS_WRONG;
    file = pack(image_build_firmware(&firmware));
    assert_ends(&setup, UD_COMMAND_FIRMWARE, &file, UD_ERR_IMAGE);
    image_free(&file);

    firmware.is_single = true;
    file = pack(image_build_firmware(&firmware));
    assert_ends(&setup, UD_COMMAND_FIRMWARE, &file, UD_ERR_IMAGE);
    image_free(&file);
}

/* Wherever it is damaged behind the header. */
static void damage_is_found(void **state)
{
    static struct looker looker;
    const struct rig_setup setup = {.gunzip = look(&looker, UD_GUNZIP_WINDOW)};
    const struct image_firmware firmware = fitting();
    struct image_bytes file = pack(image_build_firmware(&firmware));
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    for (uint32_t byte = 10; byte < file.length; byte += 97) {
        file.data[byte] ^= (uint8_t)(1u << byte % 8);
        assert_int_not_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, 1000), UD_OK);
        rig_assert_untouched(&rig);
        file.data[byte] ^= (uint8_t)(1u << byte % 8);
    }
    file.length--;
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, 0), UD_ERR_GZIP);
    file.length++;
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, 0), UD_OK);
    rig_free(&rig);
    image_free(&file);
}

static struct image_bytes followed_by_zeros(uint32_t length)
{
    const struct image_firmware firmware = fitting();
    struct image_bytes image = image_build_firmware(&firmware);

    image.data = realloc(image.data, length);
    assert_non_null(image.data);
    memset(image.data + image.length, 0, length - image.length);
    image.length = length;
    return image;
}

/* The bootloader could not put it in place: it would come out over itself, or over what
 * lies behind the file system. Told by the length in its last bytes, decoder or not. */
static void what_comes_out_must_have_room(void **state)
{
    static struct looker looker;
    const struct rig_setup setups[] = {
        {.is_atomic = true}, {.is_atomic = true, .gunzip = look(&looker, UD_GUNZIP_WINDOW)}};
    struct image_bytes large = pack(followed_by_zeros(970000));

    (void)state;
    struct image_bytes fits = pack(files(65536));
    struct image_bytes one_more = pack(files(65537));
    for (size_t i = 0; i < SIZE(setups); i++) {
        assert_ends(&setups[i], UD_COMMAND_FIRMWARE, &large, UD_ERR_SPACE);
        assert_ends(&setups[i], UD_COMMAND_FILESYSTEM, &fits, UD_OK);
        assert_ends(&setups[i], UD_COMMAND_FILESYSTEM, &one_more, UD_ERR_SPACE);
    }
    image_free(&large);
    image_free(&fits);
    image_free(&one_more);
}

static void compressed_files_are_staged_only(void **state)
{
    static struct looker looker;
    const struct rig_setup atomic = {.is_atomic = true, .gunzip = look(&looker, UD_GUNZIP_WINDOW)};
    const struct rig_setup in_place = {.is_atomic = false};
    struct image_bytes file = pack(files(FS_SIZE));
    struct updater_rig rig;

    (void)state;
    assert_ends(&atomic, UD_COMMAND_FILESYSTEM, &file, UD_OK);
    assert_ends(&in_place, UD_COMMAND_FILESYSTEM, &file, UD_ERR_GZIP_PLACE);
    file.data[file.length / 2] ^= 1;
    rig_init(&rig, &atomic);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FILESYSTEM, &file, 100), UD_ERR_GZIP);
    rig_assert_untouched(&rig);
    rig_free(&rig);
    image_free(&file);
}

/* Files that begin with half of gzip's magic are files. */
static void other_files_may_begin_as_they_like(void **state)
{
    const struct rig_setup setup = {.is_atomic = true};
    struct image_bytes file = files(FS_SIZE);

    (void)state;
    file.data[0] = UD_IMAGE_GZIP_MAGIC0;
    file.data[1] = UD_IMAGE_GZIP_MAGIC1 + 1;
    assert_ends(&setup, UD_COMMAND_FILESYSTEM, &file, UD_OK);
    image_free(&file);
}

static void who_looks_needs_a_decoder(void **state)
{
    const struct rig_setup setup = {0};
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    struct ud_updater_config config = rig.updater.config;
    config.look = &ud_updater_gunzip;
    assert_int_equal(ud_updater_init(&rig.updater, &config), UD_ERR_ARGUMENT);
    rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fitting_program_is_taken),
        cmocka_unit_test(its_header_is_judged),
        cmocka_unit_test(another_flash_mode_is_taken_when_asked_for),
        cmocka_unit_test(what_is_no_program_is_refused),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(what_comes_out_must_have_room),
        cmocka_unit_test(compressed_files_are_staged_only),
        cmocka_unit_test(who_looks_needs_a_decoder),
        cmocka_unit_test(other_files_may_begin_as_they_like),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
