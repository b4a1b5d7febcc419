/* Any file as an update: to a device that looks into gzip and to one that does not,
 * firmware or files, in pieces. What is committed lies staged as it was sent, and it was
 * told from damage as far as it can be: what one that looks takes, the other takes too. */
#include "fuzz.h"

#include "device/port/bearssl/digest.h"
#include "image_builder.h"
#include "ram_flash.h"
#include "updraft/staging.h"
#include "updraft/updater.h"

#include <string.h>

#define INPUT_MAX (1u << 17)
#define FILES_TOO 1u /* a bit of the byte in the middle */

struct rig {
    struct ram_flash flash;
    struct image_bytes running;
    uint32_t rtc[UD_EBOOT_BLOCK_WORDS];
    struct ud_layout layout;
    uint32_t buffer[256 / sizeof(uint32_t)];
    struct ud_gunzip gunzip;
    uint8_t window[UD_GUNZIP_WINDOW];
};

static int rtc_read(void *ctx, uint32_t offset, void *data, uint32_t length)
{
    memcpy(data, (const uint8_t *)((struct rig *)ctx)->rtc + offset, length);
    return UD_OK;
}

static int rtc_write(void *ctx, uint32_t offset, const void *data, uint32_t length)
{
    memcpy((uint8_t *)((struct rig *)ctx)->rtc + offset, data, length);
    return UD_OK;
}

static struct rig *rig(void)
{
    static struct rig only;
    const struct image_firmware firmware = {
        .version = "1", .project = "demo", .flash_size_code = 2};

    if (only.running.data == NULL) {
        require(ud_layout_parse("1M64K", &only.layout) == UD_OK);
        require(ram_flash_init(&only.flash, only.layout.flash_size) == 0);
        only.running = image_build_firmware(&firmware);
        memcpy(only.flash.bytes, only.running.data, only.running.length);
        require(ud_gunzip_init(&only.gunzip, only.window, sizeof only.window) == UD_OK);
    }
    memset(only.rtc, 0, sizeof only.rtc);
    return &only;
}

struct update {
    enum ud_command command;
    bool looks_inside;
    uint32_t step; /* bytes at a time */
};

static int install(struct rig *device, const struct update *update, const uint8_t *data,
                   uint32_t size)
{
    const struct ud_rtc rtc = {device, rtc_read, rtc_write};
    const struct ud_staging_config staging_config = {
        .flash = &device->flash.port, .rtc = &rtc, .layout = device->layout};
    struct ud_staging staging;
    struct ud_updater updater;

    require(ud_staging_init(&staging, &staging_config) == UD_OK);
    const struct ud_updater_config config = {
        .flash = &device->flash.port,
        .target = ud_staging_target(&staging),
        .md5 = &ud_md5,
        .look = update->looks_inside ? &ud_updater_gunzip : NULL,
        .gunzip = &device->gunzip,
        .buffer = device->buffer,
        .buffer_size = sizeof device->buffer,
    };
    require(ud_updater_init(&updater, &config) == UD_OK);
    int error = ud_updater_begin(&updater, update->command, size);
    for (uint32_t at = 0; at < size && error == UD_OK; at += update->step)
        error = ud_updater_write(&updater, data + at,
                                 size - at < update->step ? size - at : update->step);
    return error == UD_OK ? ud_updater_end(&updater) : error;
}

/* What waits for the bootloader is what was sent, but for a mode byte and a trailer. */
static void require_staged(const struct rig *device, const uint8_t *data, uint32_t size)
{
    const uint32_t start = device->layout.fs_start - ud_flash_round_up(size);
    const uint8_t *staged = device->flash.bytes + start;

    for (uint32_t i = 0; i < size; i++)
        require(staged[i] == data[i] || i == 2);
}

static void play(const uint8_t *data, uint32_t size, enum ud_command command)
{
    struct rig *device = rig();
    const struct update looking = {command, true, 1 + data[size / 2]};
    const struct update other = {command, false, size};
    const int seen = install(device, &looking, data, size);

    if (seen == UD_OK)
        require_staged(device, data, size);
    const int unseen = install(device, &other, data, size);
    require(seen != UD_OK || unseen == UD_OK);
    require(unseen == UD_OK || seen != UD_OK);
    require(memcmp(device->flash.bytes, device->running.data, device->running.length) == 0);
    require(device->flash.violations == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > INPUT_MAX)
        return 0;
    play(data, (uint32_t)size, UD_COMMAND_FIRMWARE);
    if (data[size / 2] & FILES_TOO)
        play(data, (uint32_t)size, UD_COMMAND_FILESYSTEM);
    return 0;
}
