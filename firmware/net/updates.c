#include "firmware/net/updates.h"

#include "bearssl/digest.h"
#include "esp8266-rom/port.h"
#include "esp8266-rom/rom.h"

#include <string.h>

/* The bootloader is ours, so orders go to its journal, where a power cut leaves them. */
static int init_staging(struct updates *updates)
{
    const struct ud_staging_config config = {
        .flash = updates->flash,
        .rtc = &updates->rtc,
        .layout = updates->place.layout,
        .orders = &ud_staging_journal,
        .straps = ud_rom_straps,
    };

    updates->rtc = ud_rom_rtc_port();
    return ud_staging_init(&updates->staging, &config);
}

static int init_trust(struct updates *updates, struct settings *settings)
{
    struct settings_record record;
    const struct trust_config config = {
        .flash = updates->flash,
        .place = &updates->place,
        .record = &record,
        .settings = settings,
        .description = &updates->description,
        .stack_top = updates->shared.window + sizeof updates->shared.window,
    };
    const int error =
        settings_record_load(updates->flash, &updates->place, (uint8_t *)updates->buffer, &record);

    if (error != UD_OK)
        return error;
    if (record.length == 0)
        ets_printf("no settings in flash\n");
    settings_decode(&record, settings);
    return trust_init(&updates->trust, &config);
}

static void progressed(void *ctx, uint32_t done, uint32_t total)
{
    (void)ctx;
    ud_rom_watchdog_feed();
    if (done == 0)
        ets_printf("an update of %u bytes arrives\n", (unsigned)total);
}

static int init_updater(struct updates *updates)
{
    const struct ud_updater_config config = {
        .flash = updates->flash,
        .target = ud_staging_target(&updates->staging),
        .md5 = &ud_md5,
        .verifier = trust_verifier(&updates->trust),
        .terms = trust_terms(&updates->trust),
        .look = &ud_updater_gunzip,
        .gunzip = &updates->gunzip,
        .buffer = updates->buffer,
        .buffer_size = sizeof updates->buffer,
        .events = {.progress = progressed},
    };
    const int error =
        ud_gunzip_init(&updates->gunzip, updates->shared.window, sizeof updates->shared.window);

    return error == UD_OK ? ud_updater_init(&updates->updater, &config) : error;
}

int updates_init(struct updates *updates, const struct ud_flash *flash, struct settings *settings)
{
    memset(updates, 0, sizeof *updates);
    updates->flash = flash;
    int error = settings_find_place(flash->size, &updates->place);
    if (error == UD_OK)
        error = ud_image_read_description(flash, UD_IMAGE_APP_OFFSET, &updates->description);
    if (error == UD_OK)
        error = init_trust(updates, settings);
    if (error == UD_OK)
        error = init_staging(updates);
    return error == UD_OK ? init_updater(updates) : error;
}

uint8_t *updates_buffer(struct updates *updates)
{
    return ud_updater_is_running(&updates->updater) ? NULL : (uint8_t *)updates->buffer;
}

int updates_about(const struct updates *updates, struct ud_form_about *about)
{
    const struct ud_layout *layout = &updates->place.layout;

    *about = (struct ud_form_about){
        .product = updates->description.project,
        .version = updates->description.version,
        .filesystem_space = layout->fs_end - layout->fs_start,
    };
    return ud_staging_free_space(&updates->staging, &about->free_space);
}
