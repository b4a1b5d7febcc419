/* The updater with slots as its target: pull, espota and form know of no other way.
 * esp_https_ota's cases, by name, as far as they are about what arrives. */
#include "device/port/bearssl/digest.h"
#include "slots_rig.h"
#include "updraft/updater.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define OTA0       UD_APP_OTA_0
#define OTA1       (UD_APP_OTA_0 + 1)
#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

struct rig {
    struct slots_rig chip;
    struct ud_updater updater;
    uint32_t buffer[UD_FLASH_SECTOR / sizeof(uint32_t)];
};

static const struct slots_setup setup = {.count = 2, .has_rollback = true};

static void boot(struct rig *rig, uint8_t expected)
{
    assert_int_equal(slots_rig_boot(&rig->chip), expected);
    const struct ud_updater_config config = {
        .flash = rig->chip.flash,
        .target = ud_slots_target(&rig->chip.slots),
        .md5 = &ud_md5,
        .buffer = rig->buffer,
        .buffer_size = sizeof rig->buffer,
    };
    assert_int_equal(ud_updater_init(&rig->updater, &config), UD_OK);
}

static int set_up(void **state)
{
    static struct rig rig;

    slots_rig_open(&rig.chip, &setup);
    slots_rig_flash(&rig.chip, OTA0, "1");
    boot(&rig, OTA0);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    slots_rig_close(&((struct rig *)*state)->chip);
    return 0;
}

static int install(struct rig *rig, enum ud_command command, const struct image_bytes *image,
                   uint32_t step)
{
    int error = ud_updater_begin(&rig->updater, command, image->length);

    for (uint32_t at = 0; at < image->length && error == UD_OK; at += step) {
        const uint32_t left = image->length - at;
        error = ud_updater_write(&rig->updater, image->data + at, left < step ? left : step);
    }
    return error != UD_OK ? error : ud_updater_end(&rig->updater);
}

static void base(void **state)
{
    static const uint32_t steps[] = {1, 17, 1460, 4096, 100000};
    struct rig *rig = *state;

    for (size_t i = 0; i < SIZE(steps); i++) {
        const uint8_t slot = i % 2 == 0 ? OTA1 : OTA0;
        const char version[2] = {(char)('2' + i), '\0'};
        struct image_bytes image = slots_rig_build(version, 0);
        char found[33];
        assert_int_equal(install(rig, UD_COMMAND_FIRMWARE, &image, steps[i]), UD_OK);
        boot(rig, slot);
        assert_string_equal(slots_rig_version(&rig->chip, slot, found), version);
        /* Not before it has confirmed itself is there another one. */
        assert_int_equal(ud_updater_begin(&rig->updater, UD_COMMAND_FIRMWARE, image.length),
                         UD_ERR_UNCONFIRMED);
        assert_int_equal(ud_slots_confirm(&rig->chip.slots), UD_OK);
        image_free(&image);
    }
}

/* Refused with that error, slot 1 as it was if nothing of it was for this chip, and
 * slot 0 starts. */
static void refuse(struct rig *rig, struct image_bytes *image, int expected, bool at_once)
{
    char version[33];

    slots_rig_flash(&rig->chip, OTA1, "0");
    assert_int_equal(install(rig, UD_COMMAND_FIRMWARE, image, 1000), expected);
    if (at_once)
        assert_string_equal(slots_rig_version(&rig->chip, OTA1, version), "0");
    boot(rig, OTA0);
    assert_false(rig->chip.result.has_fallen_back);
    image_free(image);
}

static void truncated_bin(void **state)
{
    struct image_bytes image = slots_rig_build("2", 0);

    image.length -= 100;
    refuse(*state, &image, UD_ERR_IMAGE, false);
}

static void truncated_header(void **state)
{
    struct image_bytes image = slots_rig_build("2", 0);

    image.length = 180;
    refuse(*state, &image, UD_ERR_IMAGE, false);
}

static void random_bytes(void **state)
{
    struct image_bytes image = slots_rig_build("2", 0);

    image_fill(image.data, image.length, 1);
    refuse(*state, &image, UD_ERR_MAGIC, true);
}

static void invalid_chip_id(void **state)
{
    struct image_bytes image = slots_rig_build("2", 0);

    image.data[13] = 0xfe;
    refuse(*state, &image, UD_ERR_CHIP, true);
}

static void another_chip(void **state)
{
    const struct image_firmware firmware = {.chip = UD_CHIP_ESP32, .chip_id = 9, .version = "2"};
    struct image_bytes image = image_build_firmware(&firmware);

    refuse(*state, &image, UD_ERR_CHIP, true);
}

static void verify_min_chip_revision(void **state)
{
    const struct image_firmware firmware = {
        .chip = UD_CHIP_ESP32, .chip_id = RIG_CHIP, .min_revision = RIG_REVISION + 1};
    struct image_bytes image = image_build_firmware(&firmware);

    refuse(*state, &image, UD_ERR_REVISION, true);
}

static void verify_max_chip_revision(void **state)
{
    const struct image_firmware firmware = {
        .chip = UD_CHIP_ESP32, .chip_id = RIG_CHIP, .max_revision = RIG_REVISION - 1};
    struct image_bytes image = image_build_firmware(&firmware);

    refuse(*state, &image, UD_ERR_REVISION, true);
}

static void anti_rollback(void **state)
{
    struct rig *rig = *state;
    struct image_bytes image = slots_rig_build("2", 4);

    rig->chip.setup.has_security = true;
    boot(rig, OTA0);
    rig->chip.fuse = 5; /* raised by the program that runs */
    slots_rig_flash(&rig->chip, OTA1, "0");
    assert_int_equal(install(rig, UD_COMMAND_FIRMWARE, &image, 1000), UD_ERR_SECURITY);
    char version[33];
    assert_string_equal(slots_rig_version(&rig->chip, OTA1, version), "0");
    image_free(&image);
    image = slots_rig_build("2", 5);
    assert_int_equal(install(rig, UD_COMMAND_FIRMWARE, &image, 1000), UD_OK);
    image_free(&image);
}

static void a_gzip_file_is_refused(void **state)
{
    struct image_bytes image = slots_rig_build("2", 0);
    struct image_bytes file = image_compress(image.data, image.length);

    refuse(*state, &file, UD_ERR_GZIP_PLACE, true);
    image_free(&image);
}

/* Whole, with a right hash, and yet not what the sender meant. */
static void a_wrong_md5_is_never_started(void **state)
{
    struct rig *rig = *state;
    struct image_bytes image = slots_rig_build("2", 0);

    assert_int_equal(ud_updater_begin(&rig->updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
    assert_int_equal(ud_updater_expect_md5(&rig->updater, "00000000000000000000000000000000"),
                     UD_OK);
    assert_int_equal(ud_updater_write(&rig->updater, image.data, image.length), UD_OK);
    assert_int_equal(ud_updater_end(&rig->updater), UD_ERR_MD5);
    boot(rig, OTA0);
    assert_false(rig->chip.result.has_fallen_back);
    image_free(&image);
}

static void files_go_to_their_partition(void **state)
{
    struct rig *rig = *state;
    struct image_bytes files = {NULL, 0x4000};
    uint8_t content[0x4001];

    image_fill(content, sizeof content, 9);
    files.data = content;
    assert_int_equal(install(rig, UD_COMMAND_FILESYSTEM, &files, 1000), UD_OK);
    assert_memory_equal(nor_bytes(rig->chip.nor) + RIG_FILES, content, files.length);
    files.length++;
    assert_int_equal(install(rig, UD_COMMAND_FILESYSTEM, &files, 1000), UD_ERR_SPACE);
    boot(rig, OTA0);
}

static void a_withdrawn_update_does_not_start(void **state)
{
    struct rig *rig = *state;
    struct image_bytes image = slots_rig_build("2", 0);
    const struct ud_target *target = &rig->updater.config.target;

    assert_int_equal(install(rig, UD_COMMAND_FIRMWARE, &image, 1000), UD_OK);
    assert_int_equal(target->methods->open(target->ctx, &rig->updater.placement, NULL, 0), UD_OK);
    boot(rig, OTA0);
    image_free(&image);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(base),
        TEST(truncated_bin),
        TEST(truncated_header),
        TEST(random_bytes),
        TEST(invalid_chip_id),
        TEST(another_chip),
        TEST(verify_min_chip_revision),
        TEST(verify_max_chip_revision),
        TEST(anti_rollback),
        TEST(a_gzip_file_is_refused),
        TEST(a_wrong_md5_is_never_started),
        TEST(files_go_to_their_partition),
        TEST(a_withdrawn_update_does_not_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
