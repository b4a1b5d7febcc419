#include "system.h"

#include "digest.h"
#include "esp_chip_info.h"
#include "esp_efuse.h"
#include "esp_flash_encrypt.h"
#include "esp_ota_ops.h"
#include "sdkconfig.h"

#include <stdbool.h>
#include <sys/lock.h>

/* A program has one flash chip and one set of slots, and esp_ota_* name no other. */
static struct {
    _lock_t lock;
    bool is_open;
    struct ud_flash flash;
    struct ud_slots slots;
} chip;

/* ---- The least security version, in eFuses ---- */

#ifdef CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK

static int read_security(void *ctx, uint32_t *version)
{
    (void)ctx;
    *version = esp_efuse_read_secure_version();
    return UD_OK;
}

static int raise_security(void *ctx, uint32_t version)
{
    (void)ctx;
    if (version <= esp_efuse_read_secure_version())
        return UD_OK;
    return esp_efuse_update_secure_version(version) == ESP_OK ? UD_OK : UD_ERR_SECURITY;
}

static const struct ud_security efuses = {NULL, read_security, raise_security};
static const struct ud_security *const security = &efuses;

#else

static const struct ud_security *const security = NULL;

#endif

#ifdef CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
#define HAS_ROLLBACK true
#else
#define HAS_ROLLBACK false
#endif

/* ---- Opening ---- */

static int open_slots(void)
{
    const esp_partition_t *running = esp_ota_get_running_partition();
    esp_chip_info_t info;
    int error = updraft_flash_init(&chip.flash);

    if (esp_flash_encryption_enabled())
        return UD_ERR_NO_SLOT;
    if (running == NULL)
        return UD_ERR_NOT_FOUND;
    esp_chip_info(&info);
    const struct ud_slots_config config = {
        .flash = &chip.flash,
        .table_address = CONFIG_PARTITION_TABLE_OFFSET,
        .md5 = &updraft_md5,
        .sha256 = &updraft_sha256,
        .chip_id = CONFIG_IDF_FIRMWARE_CHIP_ID,
        .revision = info.revision,
        .running_address = running->address,
        .has_rollback = HAS_ROLLBACK,
        .security = security,
    };
    if (error == UD_OK)
        error = ud_slots_init(&chip.slots, &config);
    chip.is_open = error == UD_OK;
    return error;
}

int updraft_enter(struct ud_slots **slots)
{
    _lock_acquire_recursive(&chip.lock);
    *slots = &chip.slots;
    return chip.is_open ? UD_OK : open_slots();
}

void updraft_leave(void)
{
    _lock_release_recursive(&chip.lock);
}

void updraft_forget(void)
{
    _lock_acquire_recursive(&chip.lock);
    chip.is_open = false;
    _lock_release_recursive(&chip.lock);
}

esp_err_t updraft_error(int error)
{
    return ud_slots_error_number(error);
}
