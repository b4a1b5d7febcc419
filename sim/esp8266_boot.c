#include "sim/device_state.h"

#include "bearssl/digest.h"
#include "sim/rom.h"
#include "updraft/hex.h"
#include "updraft/messages.h"
#include "updraft/trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RESTARTS 4u /* that the chip resets itself before something runs */

static void acts(void *ctx, enum boot_action action)
{
    struct sim_device *device = ctx;

    if (action == BOOT_RESUME)
        sim_device_emit(device, &(struct sim_device_event){.kind = SIM_DEVICE_COPYING,
                                                           .total = device->program.sketch_size});
}

static bool run_bootloader(struct sim_device *device)
{
    struct boot_machine *machine = malloc(sizeof *machine);
    const struct boot_machine_config config = {
        .flash = nor_flash(device->nor),
        .rtc = &device->rtc.port,
        .ctx = device,
        .acts = acts,
    };

    if (machine == NULL)
        return false;
    boot_machine_run(machine, &config, &device->boot);
    for (uint32_t i = 0; i < MAX_RESTARTS && device->boot.end == BOOT_RESTARTED; i++)
        boot_machine_run(machine, &config, &device->boot);
    free(machine);
    return true;
}

/* As a program asks the core about itself. */
static bool read_program(struct sim_device *device)
{
    const struct ud_flash *flash = nor_flash(device->nor);
    const uint32_t image = device->boot.base + UD_IMAGE_APP_OFFSET;
    struct sim_device_program *program = &device->program;
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

static bool boot(struct sim_device *device, const char **why)
{
    const uint8_t *bytes = nor_bytes(device->nor);
    const uint32_t size = nor_flash(device->nor)->size;

    *why = "no bootloader in flash, or a damaged one";
    if (!rom_starts_bootloader(bytes, size))
        return false;
    *why = "out of memory";
    if (!run_bootloader(device))
        return false;
    *why = "no application in flash, or a damaged one";
    return device->boot.end == BOOT_STARTED && read_program(device);
}

/* ---- What came of a command ---- */

static const char *error_text(enum boot_error error)
{
    static const char *const texts[BOOT_ERRORS] = {
        [BOOT_OK] = "nothing is wrong with it",
        [BOOT_BAD_ALIGNMENT] = "it starts in the middle of a sector",
        [BOOT_NO_ERASE] = "flash cannot be erased",
        [BOOT_NO_READ] = "flash cannot be read",
        [BOOT_NO_WRITE] = "flash cannot be written",
        [BOOT_BAD_DESTINATION] = ("it does not fit: it would overwrite itself, the running program "
                                  "or settings"),
        [BOOT_BAD_GZIP] = "the compressed image is damaged",
        [BOOT_BAD_SIZE] = "there is no program in it",
        [BOOT_BAD_SOURCE] = "it is not where updates are staged",
        [BOOT_BAD_IMAGE] = "the image is damaged or not a firmware image",
    };

    return texts[error];
}

static void report_boot(struct sim_device *device)
{
    const struct boot_result *boot = &device->boot;

    if (boot->is_returned && boot->is_copied)
        sim_device_emit(device, &(struct sim_device_event){.kind = SIM_DEVICE_RETURNED});
    if (boot->error != BOOT_OK)
        sim_device_emit(device, &(struct sim_device_event){
                                    .kind = SIM_DEVICE_REFUSED,
                                    .error = UD_ERR_IMAGE,
                                    .number = (int)ud_updater_error_number(UD_ERR_IMAGE),
                                    .text = error_text(boot->error),
                                });
}

/* ---- What its program does ---- */

static int open_staging(struct sim_device *device)
{
    const struct ud_staging_config config = {
        .flash = nor_flash(device->nor),
        .rtc = &device->rtc.port,
        .layout = sim_device_layout(device),
        .filesystem_in_place = device->config.writes_files_in_place,
        .orders = device->config.ends_staged ? &ud_staging_journal : NULL,
    };

    return ud_staging_init(&device->staging, &config) == UD_OK ? 0 : -EINVAL;
}

static struct ud_target target(struct sim_device *device)
{
    return ud_staging_target(&device->staging);
}

/* Compressed images take more room to undo than is known yet. */
static void begun(struct sim_device *device)
{
    const uint32_t size = device->updater.size;
    bool has_way_back;

    if (device->updater.command == UD_COMMAND_FIRMWARE &&
        ud_staging_has_way_back(&device->staging, size, size, &has_way_back) == UD_OK &&
        !has_way_back)
        sim_device_emit(device, &(struct sim_device_event){.kind = SIM_DEVICE_ONE_WAY});
}

/* On trial, a program that has reached its server has shown that it works. */
static void confirm(struct sim_device *device)
{
    (void)!ud_trial_confirm(nor_flash(device->nor));
}

static uint16_t chip_id(const struct sim_device *device)
{
    (void)device;
    return UD_MANIFEST_CHIP_ESP8266;
}

/* Behind the file system, which ends so much earlier. */
static bool find_ring(const struct sim_device *device, uint32_t *address)
{
    *address = sim_device_layout(device).fs_end;
    return true;
}

const struct board_class board_esp8266 = {
    .chip = UD_CHIP_ESP8266,
    .takes_gzip = true,
    .chip_id = chip_id,
    .find_ring = find_ring,
    .open = open_staging,
    .boot = boot,
    .report_boot = report_boot,
    .target = target,
    .begun = begun,
    .confirm = confirm,
    .identity = esp8266_identity,
};
