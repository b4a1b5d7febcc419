/* The demonstration firmware: says who it is, whether it is on trial and how much
 * room an update has, and then does what its variant does. Everything it says is
 * read back from flash.
 */
#include "esp8266-rom/port.h"
#include "esp8266-rom/rom.h"
#include "firmware/behaviour.h"
#include "updraft/image.h"
#include "updraft/layout.h"
#include "updraft/staging.h"
#include "updraft/trial.h"

#include <stdint.h>

#define SMALLEST_CHIP 0x80000u

/* Mode 4 resets the chip after both stages; code 3 makes 1.6 s of each. The bootloader's
 * are longer, as it cannot know how long a program takes to start. */
#define WATCHDOG_RESETS 4u
#define WATCHDOG_STAGE  3u

void firmware_main(void);

/* Sector 0 says how large the chip is, and any chip has a sector 0. */
static int find_chip(const struct ud_rom_flash *state, struct ud_flash *flash,
                     struct ud_layout *layout)
{
    struct ud_image_header header;
    uint8_t bytes[8];

    *flash = ud_rom_flash_port(state, SMALLEST_CHIP);
    int error = ud_flash_read(flash, 0, bytes, sizeof bytes);
    if (error == UD_OK)
        error = ud_image_header_decode(bytes, sizeof bytes, &header);
    if (error == UD_OK)
        error = ud_layout_auto(ud_image_flash_size(header.chip, header.flash_size_code),
                               UD_MAP_OTA_FS, layout);
    if (error == UD_OK)
        *flash = ud_rom_flash_port(state, layout->flash_size);
    return error;
}

static void print_description(const struct ud_flash *flash)
{
    struct ud_image_description description;

    if (ud_image_read_description(flash, UD_IMAGE_APP_OFFSET, &description) != UD_OK) {
        ets_printf("no description in flash\n");
        return;
    }
    ets_printf("\n%s %s, built %s %s with %s\n", description.project, description.version,
               description.date, description.time, description.sdk);
}

static void print_trial(const struct ud_flash *flash)
{
    struct ud_trial trial;

    if (ud_trial_load(flash, &trial) == UD_OK && trial.is_open)
        ets_printf("on trial, boot %u of %u\n", (unsigned)trial.boots, UD_TRIAL_BOOTS);
}

static int print_room(const struct ud_flash *flash, const struct ud_layout *layout)
{
    const struct ud_rtc rtc = ud_rom_rtc_port();
    const struct ud_staging_config config = {
        .flash = flash, .rtc = &rtc, .layout = *layout, .straps = ud_rom_straps};
    struct ud_staging staging;
    uint32_t sketch_size;
    uint32_t free_space;

    int error = ud_staging_init(&staging, &config);
    if (error == UD_OK)
        error = ud_staging_sketch_size(&staging, &sketch_size);
    if (error == UD_OK)
        error = ud_staging_free_space(&staging, &free_space);
    if (error != UD_OK)
        return error;
    print_trial(flash);
    ets_printf("flash %u bytes, files from %u, sketch %u, free for an update %u\n",
               (unsigned)flash->size, (unsigned)layout->fs_start, (unsigned)sketch_size,
               (unsigned)free_space);
    return UD_OK;
}

void firmware_main(void)
{
    const struct ud_rom_flash state = {.is_mapped = true};
    struct ud_layout layout;
    struct ud_flash flash;

    ets_wdt_enable(WATCHDOG_RESETS, WATCHDOG_STAGE, WATCHDOG_STAGE);
    int error = find_chip(&state, &flash, &layout);
    if (error == UD_OK) {
        print_description(&flash);
        error = print_room(&flash, &layout);
    }
    if (error != UD_OK)
        ets_printf("flash cannot be read: error %d\n", error);
    firmware_behave(&flash);
}
