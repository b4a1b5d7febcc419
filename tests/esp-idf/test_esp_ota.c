/* esp_ota_* as a program for ESP-IDF calls them, over simulated flash and our boot: ESP-IDF's
 * own cases of app_update by their names, then arguments and error numbers.
 */
#include "device/port/esp-idf/updraft/system.h"
#include "slots_rig.h"
#include "tests/esp-idf/standin.h"

#include "esp_ota_ops.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FACTORY ESP_PARTITION_SUBTYPE_APP_FACTORY
#define OTA0    ESP_PARTITION_SUBTYPE_APP_OTA_0
#define OTA1    ESP_PARTITION_SUBTYPE_APP_OTA_1
#define TEST    ESP_PARTITION_SUBTYPE_APP_TEST

static const struct slots_setup trials = {
    .has_factory = true, .count = 2, .has_test = true, .has_rollback = true};
static const struct slots_setup two = {.count = 2, .has_rollback = true};

static struct slots_rig rig;
static struct standin_chip chip;

/* Boots; the subtype of what runs then, as the program itself finds out. */
static int boot(void)
{
    if (slots_rig_boot(&rig) < 0)
        return -1;
    chip.flash = rig.flash;
    chip.running_address = rig.result.partition.offset + 0x100;
    chip.revision = RIG_REVISION;
    standin_chip = &chip;
    updraft_forget();
    return (int)esp_ota_get_running_partition()->subtype;
}

static void start(const struct slots_setup *setup)
{
    const int first = setup->has_factory ? FACTORY : OTA0;

    chip = (struct standin_chip){0};
    slots_rig_open(&rig, setup);
    slots_rig_flash(&rig, (uint8_t)first, "1.0.0");
    assert_int_equal(boot(), first);
}

static const esp_partition_t *app(int subtype)
{
    return esp_partition_find_first(ESP_PARTITION_TYPE_APP, (esp_partition_subtype_t)subtype, NULL);
}

/* As examples do: in pieces, to the end. */
static esp_err_t write_app(const esp_partition_t *partition, const char *version)
{
    struct image_bytes image = slots_rig_build(version, 0);
    esp_ota_handle_t handle = 0;
    esp_err_t error = esp_ota_begin(partition, image.length, &handle);

    for (uint32_t at = 0; at < image.length && error == ESP_OK; at += 1000) {
        const uint32_t left = image.length - at;
        error = esp_ota_write(handle, image.data + at, left < 1000 ? left : 1000);
    }
    if (error == ESP_OK)
        error = esp_ota_end(handle);
    else if (handle != 0)
        assert_int_equal(esp_ota_abort(handle), ESP_OK);
    image_free(&image);
    return error;
}

static void update(int subtype, const char *version)
{
    assert_int_equal(write_app(app(subtype), version), ESP_OK);
    assert_int_equal(esp_ota_set_boot_partition(app(subtype)), ESP_OK);
    assert_ptr_equal(esp_ota_get_boot_partition(), app(subtype));
}

static int state_of(int subtype)
{
    esp_ota_img_states_t state;
    const esp_err_t error = esp_ota_get_state_partition(app(subtype), &state);

    return error == ESP_OK ? (int)state : error;
}

static void esp_ota_begin_verifies_arguments(void **state)
{
    const esp_partition_t elsewhere = {
        .type = ESP_PARTITION_TYPE_APP, .subtype = OTA0, .address = 0xf0000, .size = 0x10000};
    esp_ota_handle_t handle = 0;
    esp_ota_handle_t other = 0;
    (void)state;

    start(&trials);
    assert_int_equal(esp_ota_begin(app(FACTORY), OTA_SIZE_UNKNOWN, &handle),
                     ESP_ERR_OTA_PARTITION_CONFLICT);
    assert_int_equal(handle, 0);
    assert_int_equal(esp_ota_begin(NULL, 100, &handle), ESP_ERR_INVALID_ARG);
    assert_int_equal(esp_ota_begin(app(OTA0), 100, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(esp_ota_begin(&elsewhere, 100, &handle), ESP_ERR_NOT_FOUND);
    assert_int_equal(esp_ota_begin(app(TEST), 100, &handle), ESP_ERR_INVALID_ARG);
    assert_int_equal(esp_ota_begin(app(OTA0), 0x10001, &handle), ESP_ERR_INVALID_SIZE);
    assert_int_equal(handle, 0);
    assert_int_equal(esp_ota_begin(app(OTA0), 100, &handle), ESP_OK);
    assert_int_not_equal(handle, 0);
    assert_int_equal(esp_ota_begin(app(OTA0), 100, &other), ESP_ERR_OTA_ALREADY_IN_PROGRESS);
    assert_int_equal(esp_ota_abort(handle), ESP_OK);
    assert_int_equal(esp_ota_abort(handle), ESP_ERR_NOT_FOUND);
    assert_int_equal(esp_ota_end(handle), ESP_ERR_NOT_FOUND);
    slots_rig_close(&rig);
}

static void esp_ota_get_next_update_partition_logic(void **state)
{
    (void)state;
    start(&trials);
    assert_ptr_equal(esp_ota_get_next_update_partition(app(FACTORY)), app(OTA0));
    assert_ptr_equal(esp_ota_get_next_update_partition(app(OTA0)), app(OTA1));
    assert_ptr_equal(esp_ota_get_next_update_partition(app(OTA1)), app(OTA0));
    assert_ptr_equal(esp_ota_get_next_update_partition(NULL), app(OTA0));
    assert_int_equal(esp_ota_get_app_partition_count(), 2);
    slots_rig_close(&rig);
}

static void esp_ota_get_partition_description_is_the_programs(void **state)
{
    const esp_partition_t *otadata;
    esp_app_desc_t description;
    (void)state;

    start(&trials);
    otadata =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_OTA, NULL);
    assert_int_equal(esp_ota_get_partition_description(app(FACTORY), &description), ESP_OK);
    assert_string_equal(description.version, "1.0.0");
    assert_int_equal(esp_ota_get_partition_description(app(OTA0), &description), ESP_ERR_NOT_FOUND);
    assert_int_equal(esp_ota_get_partition_description(otadata, &description),
                     ESP_ERR_NOT_SUPPORTED);
    assert_int_equal(esp_ota_get_partition_description(NULL, &description), ESP_ERR_INVALID_ARG);
    slots_rig_close(&rig);
}

static void switching_between_factory_ota0_ota1_ota0(void **state)
{
    (void)state;
    start(&trials);
    for (int i = 0; i < 3; i++) {
        const int slot = i % 2 ? OTA1 : OTA0;
        update(slot, i % 2 ? "1.2.0" : "1.1.0");
        assert_int_equal(state_of(slot), ESP_OTA_IMG_NEW);
        assert_int_equal(boot(), slot);
        assert_int_equal(state_of(slot), ESP_OTA_IMG_PENDING_VERIFY);
        assert_int_equal(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
        assert_int_equal(state_of(slot), ESP_OTA_IMG_VALID);
    }
    slots_rig_close(&rig);
}

static void switching_between_factory_ota0_corrupt_ota_sec1_factory(void **state)
{
    (void)state;
    start(&trials);
    update(OTA0, "1.1.0");
    assert_int_equal(boot(), OTA0);
    assert_int_equal(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
    memset(nor_bytes(rig.nor) + RIG_OTADATA, 0, UD_OTADATA_LENGTH);
    assert_int_equal(boot(), FACTORY);
    slots_rig_close(&rig);
}

static void switching_between_factory_test_factory(void **state)
{
    (void)state;
    start(&trials);
    slots_rig_flash(&rig, TEST, "0.9.0");
    rig.is_test_held = true;
    assert_int_equal(boot(), TEST);
    rig.is_test_held = false;
    assert_int_equal(esp_ota_set_boot_partition(app(TEST)), ESP_ERR_INVALID_ARG);
    assert_int_equal(esp_ota_set_boot_partition(app(FACTORY)), ESP_OK);
    assert_int_equal(boot(), FACTORY);
    slots_rig_close(&rig);
}

static void *reject(void *ctx)
{
    (void)ctx;
    assert_int_equal(esp_ota_mark_app_invalid_rollback_and_reboot(), ESP_OK);
    return ctx;
}

static void test_rollback_factory_ota0_ota0_rollback_to_factory(void **state)
{
    const unsigned before = standin_restarts();
    pthread_t program;
    (void)state;

    start(&trials);
    update(OTA0, "1.1.0");
    assert_int_equal(boot(), OTA0);
    assert_int_equal(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
    assert_int_equal(boot(), OTA0);
    assert_null(esp_ota_get_last_invalid_partition());
    assert_true(esp_ota_check_rollback_is_possible());
    assert_int_equal(pthread_create(&program, NULL, reject, NULL), 0);
    pthread_join(program, NULL);
    assert_int_equal(standin_restarts(), before + 1);
    standin_wait_for_restart();
    assert_int_equal(boot(), FACTORY);
    assert_int_equal(state_of(OTA0), ESP_OTA_IMG_INVALID);
    assert_ptr_equal(esp_ota_get_last_invalid_partition(), app(OTA0));
    assert_ptr_equal(esp_ota_get_next_update_partition(NULL), app(OTA0));
    slots_rig_close(&rig);
}

static void test_rollback_factory_ota0_ota1_rollback_to_ota0(void **state)
{
    (void)state;
    start(&trials);
    update(OTA0, "1.1.0");
    assert_int_equal(boot(), OTA0);
    assert_int_equal(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
    update(OTA1, "1.2.0");
    assert_int_equal(boot(), OTA1);
    assert_int_equal(boot(), OTA0); /* it did not confirm itself */
    assert_int_equal(state_of(OTA1), ESP_OTA_IMG_ABORTED);
    assert_ptr_equal(esp_ota_get_last_invalid_partition(), app(OTA1));
    slots_rig_close(&rig);
}

static void an_unconfirmed_program_takes_no_update(void **state)
{
    (void)state;
    start(&two);
    update(OTA1, "1.1.0");
    assert_int_equal(boot(), OTA1);
    assert_int_equal(write_app(app(OTA0), "1.2.0"), ESP_ERR_OTA_ROLLBACK_INVALID_STATE);
    slots_rig_close(&rig);
}

static void test_erase_last_boot_app_partition(void **state)
{
    (void)state;
    start(&trials);
    update(OTA0, "1.1.0");
    assert_int_equal(boot(), OTA0);
    assert_int_equal(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
    update(OTA1, "1.2.0");
    assert_int_equal(boot(), OTA1);
    assert_int_equal(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
    assert_int_equal(esp_ota_erase_last_boot_app_partition(), ESP_OK);
    assert_int_equal(nor_bytes(rig.nor)[app(OTA0)->address], 0xff);
    assert_int_equal(esp_ota_erase_last_boot_app_partition(), ESP_FAIL);
    slots_rig_close(&rig);
}

static void using_esp_ota_write_with_offset(void **state)
{
    struct image_bytes image = slots_rig_build("1.1.0", 0);
    const uint32_t half = image.length / 2 / 4 * 4;
    esp_ota_handle_t handle;
    (void)state;

    start(&trials);
    assert_int_equal(esp_ota_begin(app(OTA0), OTA_SIZE_UNKNOWN, &handle), ESP_OK);
    assert_int_equal(
        esp_ota_write_with_offset(handle, image.data + half, image.length - half, half), ESP_OK);
    assert_int_equal(esp_ota_write_with_offset(handle, image.data, half, 0), ESP_OK);
    assert_int_equal(esp_ota_end(handle), ESP_OK);
    assert_int_equal(esp_ota_set_boot_partition(app(OTA0)), ESP_OK);
    assert_int_equal(boot(), OTA0);
    image_free(&image);
    slots_rig_close(&rig);
}

static void an_image_with_4_bytes_zeroed_is_refused(void **state)
{
    (void)state;
    start(&trials);
    assert_int_equal(write_app(app(OTA0), "1.1.0"), ESP_OK);
    memset(nor_bytes(rig.nor) + app(OTA0)->address + 0x50, 0, 4);
    assert_int_equal(esp_ota_set_boot_partition(app(OTA0)), ESP_ERR_OTA_VALIDATE_FAILED);
    assert_int_equal(boot(), FACTORY);
    slots_rig_close(&rig);
}

static void test_esp_rewrite_otadata_keeps_the_running_slots_record(void **state)
{
    (void)state;
    start(&trials);
    update(OTA0, "1.1.0");
    assert_int_equal(boot(), OTA0);
    assert_int_equal(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
    update(OTA1, "1.2.0");
    update(OTA1, "1.3.0");
    assert_int_equal(state_of(OTA0), ESP_OTA_IMG_VALID);
    assert_int_equal(boot(), OTA1);
    slots_rig_close(&rig);
}

static void ota_update_of_a_data_partition_via_a_free_ota_partition(void **state)
{
    const esp_partition_t *files;
    esp_ota_handle_t handle;
    (void)state;

    start(&trials);
    files =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_SPIFFS, NULL);
    assert_int_equal(esp_ota_begin(app(OTA0), OTA_SIZE_UNKNOWN, &handle), ESP_OK);
    assert_int_equal(esp_ota_set_final_partition(handle, NULL, true), ESP_ERR_INVALID_ARG);
    assert_int_equal(esp_ota_set_final_partition(handle, files, true), ESP_OK);
    assert_int_equal(esp_ota_write(handle, "some files", 11), ESP_OK);
    assert_int_equal(esp_ota_set_final_partition(handle, files, true), ESP_ERR_INVALID_STATE);
    assert_int_equal(esp_ota_end(handle), ESP_OK);
    assert_string_equal((const char *)nor_bytes(rig.nor) + RIG_FILES, "some files");
    slots_rig_close(&rig);
}

/* After a restart all that is known is how much was written. */
static void a_write_goes_on_where_it_was_left(void **state)
{
    struct image_bytes image = slots_rig_build("1.1.0", 0);
    esp_ota_handle_t handle;
    (void)state;

    start(&trials);
    assert_int_equal(esp_ota_begin(app(OTA0), OTA_WITH_SEQUENTIAL_WRITES, &handle), ESP_OK);
    assert_int_equal(esp_ota_write(handle, image.data, 1004), ESP_OK);
    assert_int_equal(esp_ota_abort(handle), ESP_OK);
    assert_int_equal(esp_ota_resume(app(OTA0), OTA_WITH_SEQUENTIAL_WRITES, 0x10001, &handle),
                     ESP_ERR_INVALID_SIZE);
    assert_int_equal(esp_ota_resume(app(OTA0), OTA_WITH_SEQUENTIAL_WRITES, 1004, &handle), ESP_OK);
    assert_int_equal(esp_ota_write(handle, image.data + 1004, image.length - 1004), ESP_OK);
    assert_int_equal(esp_ota_end(handle), ESP_OK);
    assert_int_equal(esp_ota_set_boot_partition(app(OTA0)), ESP_OK);
    image_free(&image);
    slots_rig_close(&rig);
}

static void esp_ota_write_and_end_have_their_errors(void **state)
{
    static const uint8_t junk[64] = {0};
    esp_ota_handle_t handle;
    (void)state;

    start(&trials);
    assert_int_equal(esp_ota_write(77, junk, 1), ESP_ERR_INVALID_ARG);
    assert_int_equal(esp_ota_begin(app(OTA0), OTA_SIZE_UNKNOWN, &handle), ESP_OK);
    assert_int_equal(esp_ota_write(handle, NULL, 1), ESP_ERR_INVALID_ARG);
    assert_int_equal(esp_ota_write(handle, junk, 0), ESP_OK);
    assert_int_equal(esp_ota_end(handle), ESP_ERR_INVALID_ARG); /* nothing was written */
    assert_int_equal(esp_ota_begin(app(OTA0), OTA_SIZE_UNKNOWN, &handle), ESP_OK);
    assert_int_equal(esp_ota_write(handle, junk, sizeof junk), ESP_ERR_OTA_VALIDATE_FAILED);
    assert_int_equal(esp_ota_abort(handle), ESP_OK);
    assert_int_equal(esp_ota_set_boot_partition(NULL), ESP_ERR_INVALID_ARG);
    slots_rig_close(&rig);
}

static void esp_ota_check_image_validity_judges_header_and_mode(void **state)
{
    struct image_bytes image = slots_rig_build("1.1.0", 0);
    esp_image_header_t header;
    esp_app_desc_t description;
    (void)state;

    start(&trials);
    memcpy(&header, image.data, sizeof header);
    memcpy(&description, image.data + UD_IMAGE_DESCRIPTION_OFFSET, sizeof description);
    assert_int_equal(esp_ota_check_image_validity(ESP_PARTITION_TYPE_APP, &header, &description),
                     ESP_OK);
    assert_int_equal(esp_ota_check_image_validity(ESP_PARTITION_TYPE_DATA, &header, NULL),
                     ESP_ERR_INVALID_ARG);
    header.min_chip_rev_full = 999;
    assert_int_equal(esp_ota_check_image_validity(ESP_PARTITION_TYPE_APP, &header, &description),
                     0x10a);
    memcpy(&header, image.data, sizeof header);
    header.chip_id = 9;
    assert_int_equal(esp_ota_check_image_validity(ESP_PARTITION_TYPE_APP, &header, &description),
                     0x10a);
    header.chip_id = RIG_CHIP;
    description.spi_flash_mode = 2;
    assert_int_equal(esp_ota_check_image_validity(ESP_PARTITION_TYPE_APP, &header, &description),
                     ESP_OK); /* the running one does not tell */
    nor_bytes(rig.nor)[app(FACTORY)->address + UD_IMAGE_DESCRIPTION_OFFSET + 181] = 1;
    assert_int_equal(esp_ota_check_image_validity(ESP_PARTITION_TYPE_APP, &header, &description),
                     ESP_ERR_OTA_SPI_MODE_MISMATCH);
    image_free(&image);
    slots_rig_close(&rig);
}

static void encrypted_flash_is_refused(void **state)
{
    esp_ota_handle_t handle;
    (void)state;

    start(&trials);
    chip.is_encrypted = true;
    updraft_forget();
    assert_int_equal(esp_ota_begin(app(OTA0), 100, &handle), ESP_ERR_NOT_SUPPORTED);
    assert_null(esp_ota_get_next_update_partition(NULL));
    slots_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(esp_ota_begin_verifies_arguments),
        cmocka_unit_test(esp_ota_get_next_update_partition_logic),
        cmocka_unit_test(esp_ota_get_partition_description_is_the_programs),
        cmocka_unit_test(switching_between_factory_ota0_ota1_ota0),
        cmocka_unit_test(switching_between_factory_ota0_corrupt_ota_sec1_factory),
        cmocka_unit_test(switching_between_factory_test_factory),
        cmocka_unit_test(test_rollback_factory_ota0_ota0_rollback_to_factory),
        cmocka_unit_test(test_rollback_factory_ota0_ota1_rollback_to_ota0),
        cmocka_unit_test(an_unconfirmed_program_takes_no_update),
        cmocka_unit_test(test_erase_last_boot_app_partition),
        cmocka_unit_test(using_esp_ota_write_with_offset),
        cmocka_unit_test(an_image_with_4_bytes_zeroed_is_refused),
        cmocka_unit_test(test_esp_rewrite_otadata_keeps_the_running_slots_record),
        cmocka_unit_test(ota_update_of_a_data_partition_via_a_free_ota_partition),
        cmocka_unit_test(a_write_goes_on_where_it_was_left),
        cmocka_unit_test(esp_ota_write_and_end_have_their_errors),
        cmocka_unit_test(esp_ota_check_image_validity_judges_header_and_mode),
        cmocka_unit_test(encrypted_flash_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
