/* The demonstration firmware: says who it is and how much room an update has,
 * and idles. Everything it says is read back from flash.
 */
#include "esp8266-rom/port.h"
#include "esp8266-rom/rom.h"
#include "updraft/image.h"
#include "updraft/layout.h"
#include "updraft/staging.h"

#include <stdint.h>

#define LAYOUT "4M2M"

#define FEED_INTERVAL_US 100000u /* the watchdog waits at least 0.8 s */

void firmware_main(void);

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

static int print_room(const struct ud_flash *flash, const struct ud_rtc *rtc,
                      const struct ud_layout *layout)
{
    const struct ud_staging_config config = {
        .flash = flash, .rtc = rtc, .layout = *layout, .straps = ud_rom_straps};
    struct ud_staging staging;
    uint32_t sketch_size;
    uint32_t free_space;

    int error = ud_staging_init(&staging, &config);
    if (error == UD_OK)
        error = ud_staging_sketch_size(&staging, &sketch_size);
    if (error == UD_OK)
        error = ud_staging_free_space(&staging, &free_space);
    if (error == UD_OK)
        ets_printf("flash %u bytes, layout " LAYOUT ", sketch %u, free for an update %u\n",
                   (unsigned)flash->size, (unsigned)sketch_size, (unsigned)free_space);
    return error;
}

void firmware_main(void)
{
    const struct ud_rom_flash state = {.is_mapped = true};
    const struct ud_rtc rtc = ud_rom_rtc_port();
    struct ud_layout layout;
    int error = ud_layout_parse(LAYOUT, &layout);

    if (error == UD_OK) {
        const struct ud_flash flash = ud_rom_flash_port(&state, layout.flash_size);

        print_description(&flash);
        error = print_room(&flash, &rtc, &layout);
    }
    if (error != UD_OK)
        ets_printf("flash cannot be read: error %d\n", error);
    for (;;) {
        ud_rom_watchdog_feed();
        ets_delay_us(FEED_INTERVAL_US);
    }
}
