#include "staging_orders.h"

#include "updraft/trial.h"

#include <stddef.h>

/* Straps value with which a soft reset would enter the serial loader again. */
#define STRAPS_SERIAL_LOADER 1u

#define HEADER_BYTES 8u

/* The mask ROM's flash routines, which the bootloader copies with, take every
 * chip for one of 4 MB: it can neither read nor write above. */
#define ROM_REACH 0x400000u

static bool is_layout_sound(const struct ud_layout *layout)
{
    return layout->flash_size % UD_FLASH_SECTOR == 0 && layout->fs_start % UD_FLASH_SECTOR == 0 &&
           layout->fs_start > UD_IMAGE_APP_OFFSET && layout->fs_start <= layout->fs_end &&
           layout->fs_end <= layout->eeprom && layout->eeprom < layout->flash_size;
}

int ud_staging_init(struct ud_staging *staging, const struct ud_staging_config *config)
{
    if (ud_flash_check(config->flash) != UD_OK || !is_layout_sound(&config->layout))
        return UD_ERR_ARGUMENT;
    if (config->rtc == NULL || config->rtc->read == NULL || config->rtc->write == NULL)
        return UD_ERR_ARGUMENT;
    staging->config = *config;
    return UD_OK;
}

int ud_staging_sketch_size(const struct ud_staging *staging, uint32_t *size)
{
    return ud_image_sketch_size(staging->config.flash, size);
}

static uint32_t staging_top(const struct ud_staging *staging)
{
    const uint32_t fs_start = staging->config.layout.fs_start;

    return fs_start < ROM_REACH ? fs_start : ROM_REACH;
}

/* Where free space begins: behind the running program and, while that is on trial,
 * behind the one it would make way for. */
static int staging_bottom(const struct ud_staging *staging, uint32_t *bottom)
{
    struct ud_trial trial;
    uint32_t size;
    int error = ud_staging_sketch_size(staging, &size);

    if (error == UD_OK)
        error = ud_trial_load(staging->config.flash, &trial);
    if (error != UD_OK)
        return error;
    *bottom = ud_flash_round_up(size);
    if (trial.is_open)
        *bottom = ud_flash_round_up(trial.keep + trial.keep_size);
    return UD_OK;
}

int ud_staging_free_space(const struct ud_staging *staging, uint32_t *space)
{
    const uint32_t limit = staging_top(staging);
    uint32_t bottom;
    const int error = staging_bottom(staging, &bottom);

    if (error != UD_OK)
        return error;
    *space = bottom < limit ? limit - bottom : 0;
    return UD_OK;
}

int ud_staging_has_way_back(const struct ud_staging *staging, uint32_t size, uint32_t output_size,
                            bool *has_way_back)
{
    const uint32_t top = staging_top(staging);
    const uint32_t stored = ud_flash_round_up(size);
    const uint32_t output = ud_flash_round_up(output_size);
    uint32_t running;
    const int error = ud_staging_sketch_size(staging, &running);

    if (error != UD_OK)
        return error;
    running = ud_flash_round_up(running);
    const uint32_t keep = running > output ? running : output;
    const uint32_t end = size == output_size ? top : top - stored;
    *has_way_back = ud_trial_has_room(output_size) && stored < top && keep < top - stored &&
                    running <= end - keep;
    return UD_OK;
}

int ud_staging_sketch_digest(const struct ud_staging *staging,
                             const struct ud_digest_class *methods, void *buffer,
                             uint32_t buffer_size, uint8_t *out)
{
    struct ud_digest digest;
    uint32_t left;
    uint32_t address = 0;
    int error = ud_staging_sketch_size(staging, &left);

    if (error != UD_OK)
        return error;
    if (buffer_size < UD_FLASH_WORD)
        return UD_ERR_ARGUMENT;
    ud_digest_begin(&digest, methods);
    while (left > 0) {
        const uint32_t part = left < buffer_size ? left : buffer_size;
        error = ud_flash_read(staging->config.flash, address, buffer, part);
        if (error != UD_OK)
            return error;
        ud_digest_add(&digest, buffer, part);
        address += part;
        left -= part;
    }
    ud_digest_end(&digest, out);
    return UD_OK;
}

/* The header the mask ROM and the running program go by: the one at address 0. */
static int running_header(const struct ud_staging *staging, struct ud_image_header *header)
{
    uint8_t bytes[HEADER_BYTES];
    const int error = ud_flash_read(staging->config.flash, 0, bytes, sizeof bytes);

    return error != UD_OK ? error : ud_image_header_decode(bytes, sizeof bytes, header);
}

static int staging_ready(void *ctx)
{
    const struct ud_staging *staging = ctx;
    const struct ud_staging_config *config = &staging->config;

    if (config->straps != NULL && config->straps(config->straps_ctx) == STRAPS_SERIAL_LOADER)
        return UD_ERR_BOOT_MODE;
    return UD_OK;
}

/* Places `size` bytes so that they end, rounded up, where the files start. The
 * running program must end before them. */
static int place_below_filesystem(const struct ud_staging *staging, uint32_t size,
                                  struct ud_placement *placement)
{
    const uint32_t rounded = ud_flash_round_up(size);
    uint32_t space;
    const int error = ud_staging_free_space(staging, &space);

    if (error != UD_OK)
        return error;
    if (rounded > space)
        return UD_ERR_SPACE;
    placement->start = staging_top(staging) - rounded;
    placement->capacity = rounded;
    return UD_OK;
}

/* Compressed, it is decompressed from 0 up to where it is staged. */
static int place_firmware(const struct ud_staging *staging, uint32_t size,
                          struct ud_placement *placement)
{
    const int error = place_below_filesystem(staging, size, placement);

    placement->max_output = placement->start;
    return error;
}

static int place_filesystem(const struct ud_staging *staging, uint32_t size,
                            struct ud_placement *placement)
{
    const struct ud_layout *layout = &staging->config.layout;

    if (ud_flash_round_up(size) > layout->fs_end - layout->fs_start)
        return UD_ERR_SPACE;
    placement->flash_mode = UD_KEEP_FLASH_MODE;
    placement->max_flash_size = 0;
    if (!staging->config.filesystem_in_place) {
        /* The bootloader would have to copy it to where it cannot write. */
        if (layout->fs_start > ROM_REACH || ud_flash_round_up(size) > ROM_REACH - layout->fs_start)
            return UD_ERR_SPACE;
        placement->max_output = layout->fs_end - layout->fs_start;
        return place_below_filesystem(staging, size, placement);
    }
    placement->start = layout->fs_start;
    placement->capacity = layout->fs_end - layout->fs_start;
    return UD_OK;
}

static int staging_place(void *ctx, enum ud_command command, uint32_t size,
                         struct ud_placement *placement)
{
    const struct ud_staging *staging = ctx;
    const struct ud_staging_config *config = &staging->config;
    const uint32_t chip_size = config->flash->size;
    struct ud_image_header header;
    const int error = running_header(staging, &header);

    if (error != UD_OK)
        return error;
    placement->flash_mode =
        header.flash_mode <= UD_MODE_DOUT ? header.flash_mode : UD_KEEP_FLASH_MODE;
    placement->max_flash_size = config->auto_map ? 0 : chip_size;
    placement->running_flash_size = ud_image_flash_size(header.chip, header.flash_size_code);
    if (chip_size < config->layout.flash_size ||
        (!config->auto_map && chip_size < placement->running_flash_size))
        return UD_ERR_FLASH_CONFIG;

    switch (command) {
    case UD_COMMAND_FIRMWARE:
        return place_firmware(staging, size, placement);
    case UD_COMMAND_FILESYSTEM:
        return place_filesystem(staging, size, placement);
    default:
        return UD_ERR_COMMAND;
    }
}

static int withdraw_command(const struct ud_rtc *rtc, const struct ud_placement *placement)
{
    struct ud_eboot_command waiting;
    const int error = ud_eboot_load(rtc, &waiting);

    if (error == UD_ERR_STATE)
        return UD_OK;
    if (error != UD_OK)
        return UD_ERR_COMMIT;
    return ud_staging_overlaps(placement, waiting.source, waiting.size) ? ud_eboot_clear(rtc)
                                                                        : UD_OK;
}

static int staging_open(void *ctx, const struct ud_placement *placement, const uint8_t *first,
                        uint32_t length)
{
    const struct ud_staging_config *config = &((const struct ud_staging *)ctx)->config;
    const int error = withdraw_command(config->rtc, placement);

    (void)first; /* the boot ROM takes any ESP8266 image */
    (void)length;
    if (error != UD_OK || config->orders == NULL)
        return error;
    return config->orders->withdraw(config->flash, placement);
}

static int staging_commit(void *ctx, enum ud_command command, const struct ud_placement *placement,
                          uint32_t size)
{
    const struct ud_staging_config *config = &((const struct ud_staging *)ctx)->config;
    const bool is_filesystem = command == UD_COMMAND_FILESYSTEM;
    const uint32_t destination = is_filesystem ? config->layout.fs_start : 0;

    if (is_filesystem && config->filesystem_in_place)
        return UD_OK; /* written in place: nothing is left for the bootloader */
    if (config->orders != NULL)
        return config->orders->leave(config->flash, placement->start, destination, size);
    const struct ud_eboot_command copy = {
        .action = UD_EBOOT_COPY_RAW,
        .source = placement->start,
        .destination = destination,
        .size = size,
    };
    return ud_eboot_store(config->rtc, &copy);
}

static const struct ud_target_class staging_class = {
    .ready = staging_ready,
    .place = staging_place,
    .open = staging_open,
    .commit = staging_commit,
};

struct ud_target ud_staging_target(struct ud_staging *staging)
{
    return (struct ud_target){
        .methods = &staging_class,
        .ctx = staging,
        .chip = UD_CHIP_ESP8266,
        .part_count = 2,
    };
}
