/* The same with the bootloader's anti-rollback: no way back to factory, and eFuses that say
 * what may start.
 */
#include "device/port/esp-idf/updraft/system.h"
#include "slots_rig.h"
#include "tests/esp-idf/standin.h"

#include "esp_ota_ops.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OTA0 ESP_PARTITION_SUBTYPE_APP_OTA_0
#define OTA1 ESP_PARTITION_SUBTYPE_APP_OTA_1

static const struct slots_setup setup = {.count = 2, .has_rollback = true, .has_security = true};

static struct slots_rig rig;
static struct standin_chip chip;

static int boot(void)
{
    if (slots_rig_boot(&rig) < 0)
        return -1;
    chip.flash = rig.flash;
    chip.running_address = rig.result.partition.offset;
    chip.revision = RIG_REVISION;
    standin_chip = &chip;
    updraft_forget();
    return (int)esp_ota_get_running_partition()->subtype;
}

static const esp_partition_t *app(int subtype)
{
    return esp_partition_find_first(ESP_PARTITION_TYPE_APP, (esp_partition_subtype_t)subtype, NULL);
}

static esp_err_t write_app(int subtype, const char *version, uint32_t secure_version)
{
    struct image_bytes image = slots_rig_build(version, secure_version);
    esp_ota_handle_t handle;
    esp_err_t error = esp_ota_begin(app(subtype), image.length, &handle);

    if (error == ESP_OK)
        error = esp_ota_write(handle, image.data, image.length);
    if (error == ESP_OK)
        error = esp_ota_end(handle);
    image_free(&image);
    return error;
}

static void a_confirmed_security_version_is_burned(void **state)
{
    (void)state;
    slots_rig_open(&rig, &setup);
    slots_rig_flash(&rig, (uint8_t)OTA0, "1.0.0");
    assert_int_equal(boot(), OTA0);
    assert_int_equal(write_app(OTA1, "1.1.0", 3), ESP_OK);
    assert_int_equal(esp_ota_set_boot_partition(app(OTA1)), ESP_OK);
    assert_int_equal(boot(), OTA1);
    assert_int_equal(chip.fuse, 0);
    assert_int_equal(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
    assert_int_equal(chip.fuse, 3);
    /* What it went ahead of can never start again, and is not where one could go back to. */
    assert_int_equal(esp_ota_set_boot_partition(app(OTA0)), ESP_ERR_OTA_SMALL_SEC_VER);
    assert_false(esp_ota_check_rollback_is_possible());
    assert_int_equal(esp_ota_mark_app_invalid_rollback(), ESP_ERR_OTA_ROLLBACK_FAILED);
    assert_int_equal(write_app(OTA0, "1.2.0", 2), ESP_ERR_OTA_SMALL_SEC_VER);
    slots_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_confirmed_security_version_is_burned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
