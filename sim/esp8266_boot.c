#include "sim/esp8266_state.h"

#include "bearssl/digest.h"
#include "sim/rom.h"
#include "updraft/hex.h"
#include "updraft/messages.h"

#include <stdlib.h>
#include <string.h>

#define NOT_THE_UPDATERS 255u /* ud_updater_error_number() of other errors */

static void step(void *ctx, enum boot_step step, const struct boot_result *result)
{
    struct esp8266 *device = ctx;

    (void)result;
    if (step == BOOT_STEP_COPY)
        esp8266_emit(device, &(struct esp8266_event){.kind = ESP8266_COPYING,
                                                     .total = device->program.sketch_size});
}

static bool run_bootloader(struct esp8266 *device)
{
    struct boot_work *work = malloc(sizeof *work);
    const struct boot_config config = {
        .flash = nor_flash(device->nor),
        .rtc = &device->rtc.port,
        .work = work,
        .ctx = device,
        .step = step,
    };

    if (work == NULL)
        return false;
    boot_run(&config, &device->boot);
    free(work);
    return true;
}

/* As a program asks the core about itself. */
static bool read_program(struct esp8266 *device)
{
    const struct ud_flash *flash = nor_flash(device->nor);
    const uint32_t image = device->boot.base + UD_IMAGE_APP_OFFSET;
    struct esp8266_program *program = &device->program;
    uint8_t md5[UD_MD5_SIZE];

    memset(program, 0, sizeof *program);
    program->has_description =
        ud_image_read_description(flash, image, &program->description) == UD_OK;
    if (ud_staging_sketch_size(&device->staging, &program->sketch_size) != UD_OK ||
        ud_staging_free_space(&device->staging, &program->free_space) != UD_OK ||
        ud_staging_sketch_digest(&device->staging, &ud_md5, device->buffer, sizeof device->buffer,
                                 md5) != UD_OK)
        return false;
    ud_hex_encode(md5, sizeof md5, program->sketch_md5);
    return true;
}

bool esp8266_boot(struct esp8266 *device, const char **why)
{
    const uint8_t *bytes = nor_bytes(device->nor);
    const uint32_t size = nor_flash(device->nor)->size;

    *why = "no bootloader in flash, or a damaged one";
    if (!rom_starts_bootloader(bytes, size))
        return false;
    *why = "out of memory";
    if (!run_bootloader(device))
        return false;
    *why = "flash failed while the update was copied";
    if (device->boot.outcome == BOOT_RESTARTS)
        return false;
    *why = "no application in flash, or a damaged one";
    return rom_finds_application(bytes, size, device->boot.base) && read_program(device);
}

/* ---- What came of a command ---- */

static const char *reason_text(enum boot_reason reason)
{
    static const char *const texts[BOOT_REASONS] = {
        [BOOT_BAD_ALIGNMENT] = "it starts in the middle of a sector",
        [BOOT_EMPTY] = "it is empty",
        [BOOT_BAD_SOURCE] = "it is not where updates are staged",
        [BOOT_BAD_DESTINATION] = "it does not fit: files or settings would be overwritten",
        [BOOT_OVER_RUNNING] = "it would overwrite the running program",
        [BOOT_OVERLAP] = "it would overwrite itself",
    };

    return texts[reason];
}

static const char *error_text(int error)
{
    switch (error) {
    case UD_ERR_GZIP:
    case UD_ERR_GZIP_CRC:
        return "the compressed image is damaged";
    case UD_ERR_CHIP:
        return "the image is for another chip";
    case UD_ERR_FLASH_READ:
        return "flash cannot be read";
    default:
        return "the image is damaged or not a firmware image";
    }
}

static int error_number(int error)
{
    const uint8_t number = ud_updater_error_number(error);

    return number == NOT_THE_UPDATERS ? ud_updater_error_number(UD_ERR_IMAGE) : number;
}

void esp8266_report_boot(struct esp8266 *device)
{
    const struct boot_result *boot = &device->boot;

    if (boot->is_returned && boot->is_copied)
        esp8266_emit(device, &(struct esp8266_event){.kind = ESP8266_RETURNED});
    if (boot->error == UD_OK)
        return;
    esp8266_emit(device, &(struct esp8266_event){
                             .kind = ESP8266_REFUSED,
                             .error = boot->error,
                             .number = error_number(boot->error),
                             .text = boot->reason != BOOT_FEASIBLE ? reason_text(boot->reason)
                                                                   : error_text(boot->error),
                         });
}
