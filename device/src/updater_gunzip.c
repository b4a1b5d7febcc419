#include "updater_internal.h"

/* Bytes of a compressed image, as they come out: what would be patched in any other is
 * compared. */
static int inspect(void *ctx, const uint8_t *bytes, uint32_t length)
{
    struct ud_updater *updater = ctx;
    const uint8_t mode = updater->placement.flash_mode;

    if (updater->command != UD_COMMAND_FIRMWARE)
        return UD_OK;
    if (updater->image.position == 0) {
        const int error = ud_updater_judge_header(updater, bytes, length);
        if (error != UD_OK)
            return error;
        if (mode != UD_KEEP_FLASH_MODE && mode != bytes[UD_UPDATER_MODE_BYTE] &&
            !updater->config.takes_any_flash_mode)
            return UD_ERR_FLASH_MODE;
    }
    return ud_image_write(&updater->image, bytes, length);
}

static int look_on(struct ud_updater *updater, const uint8_t *bytes, uint32_t length)
{
    if (updater->flushed == 0)
        ud_gunzip_begin(updater->config.gunzip, inspect, updater);
    return ud_gunzip_write(updater->config.gunzip, bytes, length);
}

static int end(struct ud_updater *updater, uint32_t image_size)
{
    const struct ud_gunzip *gunzip = updater->config.gunzip;
    const int error = ud_gunzip_end(updater->config.gunzip, image_size);

    if (error != UD_OK || gunzip->is_blind || updater->command != UD_COMMAND_FIRMWARE)
        return error;
    return ud_updater_check_image(updater);
}

const struct ud_updater_look ud_updater_gunzip = {look_on, end};
