/* esp_ota_*: which program starts, and what has been made of the one that runs. */
#include "system.h"
#include "wrap.h"

#include "esp_app_desc.h"
#include "esp_flash.h"
#include "esp_system.h"
#include "updraft/endian.h"

#include <string.h>

/* In a description, of chips that can run flash in several modes; 0: not told. */
#define FLASH_MODE_OFFSET 181u

/* ---- Which partitions ---- */

/* Ends a call: ESP-IDF's partition, or null. */
static const esp_partition_t *leave_with(int error, const struct ud_partition *partition)
{
    const esp_partition_t *found = error == UD_OK ? updraft_partition_of(partition) : NULL;

    updraft_leave();
    return found;
}

static esp_err_t leave(int error)
{
    updraft_leave();
    return updraft_error(error);
}

const esp_partition_t *__wrap_esp_ota_get_boot_partition(void)
{
    struct ud_partition boot;
    struct ud_slots *slots;
    int error = updraft_enter(&slots);

    if (error == UD_OK)
        error = ud_slots_boot(slots, &boot);
    return leave_with(error, &boot);
}

const esp_partition_t *__wrap_esp_ota_get_next_update_partition(const esp_partition_t *start_from)
{
    struct ud_partition from = {0};
    struct ud_partition next;
    struct ud_slots *slots;
    int error = updraft_enter(&slots);

    if (start_from != NULL)
        from = updraft_partition_from(start_from);
    if (error == UD_OK)
        error = ud_slots_next(slots, start_from != NULL ? &from : NULL, &next);
    return leave_with(error, &next);
}

const esp_partition_t *__wrap_esp_ota_get_last_invalid_partition(void)
{
    struct ud_partition invalid;
    struct ud_slots *slots;
    int error = updraft_enter(&slots);

    if (error == UD_OK)
        error = ud_slots_last_invalid(slots, &invalid);
    return leave_with(error, &invalid);
}

uint8_t __wrap_esp_ota_get_app_partition_count(void)
{
    struct ud_slots *slots;
    const int error = updraft_enter(&slots);
    const uint8_t count = error == UD_OK ? (uint8_t)slots->count : 0;

    updraft_leave();
    return count;
}

esp_err_t __wrap_esp_ota_get_state_partition(const esp_partition_t *partition,
                                             esp_ota_img_states_t *ota_state)
{
    struct ud_slots *slots;
    enum ud_ota_state state;

    if (partition == NULL || ota_state == NULL)
        return ESP_ERR_INVALID_ARG;
    const struct ud_partition same = updraft_partition_from(partition);
    int error = updraft_enter(&slots);
    if (error == UD_OK)
        error = ud_slots_state(slots, &same, &state);
    if (error == UD_OK)
        *ota_state = (esp_ota_img_states_t)(uint32_t)state;
    if (error == UD_ERR_NO_RECORD)
        error = UD_ERR_NOT_FOUND;
    return leave(error);
}

/* ---- What is in them ---- */

esp_err_t __wrap_esp_ota_get_partition_description(const esp_partition_t *partition,
                                                   esp_app_desc_t *app_desc)
{
    struct ud_slots *slots;

    if (partition == NULL || app_desc == NULL)
        return ESP_ERR_INVALID_ARG;
    if (partition->type != ESP_PARTITION_TYPE_APP)
        return ESP_ERR_NOT_SUPPORTED;
    int error = updraft_enter(&slots);
    if (error == UD_OK)
        error = ud_flash_read(slots->config.flash, partition->address + UD_IMAGE_DESCRIPTION_OFFSET,
                              app_desc, sizeof *app_desc);
    if (error == UD_OK && app_desc->magic_word != UD_IMAGE_DESCRIPTION_MAGIC)
        error = UD_ERR_NOT_FOUND;
    return leave(error);
}

/* Do both say in which mode flash runs, and not the same? */
static bool is_other_flash_mode(const struct ud_slots *slots, const uint8_t *description)
{
    const uint32_t own = ud_slots_running(slots)->offset + UD_IMAGE_DESCRIPTION_OFFSET;
    uint8_t mode;

    if (ud_flash_read(slots->config.flash, own + FLASH_MODE_OFFSET, &mode, 1) != UD_OK)
        return false;
    return mode != 0 && description[FLASH_MODE_OFFSET] != 0 &&
           mode != description[FLASH_MODE_OFFSET];
}

static int check_image(const struct ud_slots *slots, esp_partition_type_t type,
                       const esp_image_header_t *header, const esp_app_desc_t *app_desc)
{
    struct ud_image_description description = {0};
    struct ud_image_header decoded;
    int error = ud_image_header_decode((const uint8_t *)header, sizeof *header, &decoded);

    if (error == UD_OK && app_desc != NULL)
        error = ud_image_description_decode((const uint8_t *)app_desc, &description);
    if (error != UD_OK)
        return error;
    error = ud_slots_check_image(slots, (uint8_t)type, &decoded,
                                 app_desc != NULL ? &description : NULL);
    if (error == UD_OK && app_desc != NULL && is_other_flash_mode(slots, (const uint8_t *)app_desc))
        return UD_ERR_FLASH_MODE;
    return error;
}

esp_err_t __wrap_esp_ota_check_image_validity(esp_partition_type_t type,
                                              const esp_image_header_t *img_hdr,
                                              const esp_app_desc_t *app_desc)
{
    struct ud_slots *slots;

    if (img_hdr == NULL)
        return ESP_ERR_INVALID_ARG;
    int error = updraft_enter(&slots);
    if (error == UD_OK)
        error = check_image(slots, type, img_hdr, app_desc);
    return leave(error);
}

/* ---- What starts ---- */

static esp_err_t choose(const esp_partition_t *partition,
                        int (*set)(struct ud_slots *slots, const struct ud_partition *partition))
{
    struct ud_slots *slots;

    if (partition == NULL)
        return ESP_ERR_INVALID_ARG;
    const struct ud_partition same = updraft_partition_from(partition);
    int error = updraft_enter(&slots);
    if (error == UD_OK)
        error = set(slots, &same);
    /* ESP-IDF's number for an image that does not start, whatever is wrong with it. */
    if (error == UD_ERR_CHIP || error == UD_ERR_REVISION)
        error = UD_ERR_IMAGE;
    return leave(error);
}

esp_err_t __wrap_esp_ota_set_boot_partition(const esp_partition_t *partition)
{
    return choose(partition, ud_slots_set_boot);
}

esp_err_t __wrap_esp_ota_set_boot_partition_skip_validate(const esp_partition_t *partition)
{
    return choose(partition, ud_slots_set_boot_unchecked);
}

/* Calls that name no partition. */
static esp_err_t act(int (*action)(struct ud_slots *slots))
{
    struct ud_slots *slots;
    int error = updraft_enter(&slots);

    if (error == UD_OK)
        error = action(slots);
    return leave(error);
}

esp_err_t __wrap_esp_ota_mark_app_valid_cancel_rollback(void)
{
    return act(ud_slots_confirm);
}

esp_err_t __wrap_esp_ota_mark_app_invalid_rollback(void)
{
    return act(ud_slots_reject);
}

esp_err_t __wrap_esp_ota_mark_app_invalid_rollback_and_reboot(void)
{
    const esp_err_t error = act(ud_slots_reject);

    if (error == ESP_OK)
        esp_restart();
    return error;
}

bool __wrap_esp_ota_check_rollback_is_possible(void)
{
    struct ud_slots *slots;
    bool can = false;
    const int error = updraft_enter(&slots);

    if (error != UD_OK || ud_slots_can_go_back(slots, &can) != UD_OK)
        can = false;
    updraft_leave();
    return can;
}

esp_err_t __wrap_esp_ota_erase_last_boot_app_partition(void)
{
    return act(ud_slots_erase_last);
}

esp_err_t __wrap_esp_ota_invalidate_inactive_ota_data_slot(void)
{
    return act(ud_slots_forget_last);
}
