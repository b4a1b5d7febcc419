#include "sim/esp32.h"

#include "bearssl/digest.h"
#include "sim/board.h"
#include "sim/device_state.h"
#include "updraft/hex.h"
#include "updraft/messages.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What ESP.getSdkVersion() says on the Arduino core 3.1. */
#define SDK_VERSION "v5.3.2-282-gcfea4f7c98"

/* The access point's address is the one after the station's. */
static int open_board(struct sim_device *device)
{
    const uint8_t *mac = device->config.mac;

    device->esp32.chip_id = device->config.esp32_chip;
    snprintf(device->ap_mac, sizeof device->ap_mac, "%02X:%02X:%02X:%02X:%02X:%02X", mac[0], mac[1],
             mac[2], mac[3], mac[4], (uint8_t)(mac[5] + 1));
    return 0;
}

/* ---- Booting ---- */

static int run_bootloader(struct sim_device *device)
{
    const struct slots_run_config config = {
        .flash = nor_flash(device->nor),
        .md5 = &ud_md5,
        .sha256 = &ud_sha256,
        .chip_id = device->esp32.chip_id,
        .revision = ESP32_REVISION,
        .has_trials = true,
    };

    return slots_run(&device->esp32.run, &config, &device->esp32.result);
}

/* As the program itself does when it starts. */
static int init_slots(struct sim_device *device)
{
    const struct ud_slots_config config = {
        .flash = nor_flash(device->nor),
        .md5 = &ud_md5,
        .sha256 = &ud_sha256,
        .chip_id = device->esp32.chip_id,
        .revision = ESP32_REVISION,
        .running_address = device->esp32.result.partition.offset,
        .has_rollback = true,
    };

    return ud_slots_init(&device->esp32.slots, &config);
}

static bool digest_sketch(struct sim_device *device, uint32_t offset, uint32_t length)
{
    uint8_t digest[UD_MD5_SIZE];
    struct ud_digest md5;

    ud_digest_begin(&md5, &ud_md5);
    for (uint32_t at = 0; at < length; at += sizeof device->buffer) {
        const uint32_t left = length - at;
        const uint32_t part = left < sizeof device->buffer ? left : sizeof device->buffer;
        if (ud_flash_read(nor_flash(device->nor), offset + at, device->buffer, part) != UD_OK)
            return false;
        ud_digest_add(&md5, device->buffer, part);
    }
    ud_digest_end(&md5, digest);
    ud_hex_encode(digest, sizeof digest, device->program.sketch_md5);
    return true;
}

/* As a program asks the core about itself. */
static bool read_program(struct sim_device *device)
{
    struct ud_slots *slots = &device->esp32.slots;
    struct sim_device_program *program = &device->program;
    uint8_t sha256[UD_SHA256_SIZE];
    struct ud_partition next;

    memset(program, 0, sizeof *program);
    if (ud_slots_digest(slots, ud_slots_running(slots), sha256) != UD_OK)
        return false;
    program->sketch_size = slots->image.parser.report.length;
    program->has_description = slots->image.parser.report.has_description;
    program->description = slots->image.watch.description;
    program->free_space = ud_slots_next(slots, NULL, &next) == UD_OK ? next.size : 0;
    ud_hex_encode(sha256, sizeof sha256, device->esp32.sketch_sha256);
    for (char *c = device->esp32.sketch_sha256; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return digest_sketch(device, ud_slots_running(slots)->offset, program->sketch_size);
}

static bool boot(struct sim_device *device, const char **why)
{
    const int error = run_bootloader(device);

    *why = error == UD_ERR_NOT_FOUND ? "no program in flash that would start"
                                     : "no partition table in flash, or a damaged one";
    if (error != UD_OK || init_slots(device) != UD_OK)
        return false;
    *why = "its flash cannot be read";
    return read_program(device);
}

static void confirm(struct sim_device *device)
{
    (void)!ud_slots_confirm(&device->esp32.slots);
}

/* That it runs is all that a program can show which asks no server. */
static void report_boot(struct sim_device *device)
{
    const struct slots_result *result = &device->esp32.result;

    if (device->config.url == NULL)
        confirm(device);
    if (result->has_ended_trial)
        sim_device_emit(device, &(struct sim_device_event){.kind = SIM_DEVICE_RETURNED});
    else if (result->has_fallen_back)
        sim_device_emit(device,
                        &(struct sim_device_event){
                            .kind = SIM_DEVICE_REFUSED,
                            .error = UD_ERR_IMAGE,
                            .number = (int)ud_updater_error_number(UD_ERR_IMAGE),
                            .text = "the program in the slot that was chosen would not start",
                        });
}

/* ---- Running ---- */

static struct ud_target target(struct sim_device *device)
{
    return ud_slots_target(&device->esp32.slots);
}

/* There is always a way back: the slot that runs stays as it is. */
static void begun(struct sim_device *device)
{
    (void)device;
}

static struct ud_pull_identity identity(const struct sim_device *device)
{
    return (struct ud_pull_identity){
        .sta_mac = device->sta_mac,
        .ap_mac = device->ap_mac,
        .free_space = device->program.free_space,
        .sketch_size = device->program.sketch_size,
        .sketch_md5 = device->program.sketch_md5,
        .sketch_sha256 = device->esp32.sketch_sha256,
        .chip_size = nor_flash(device->nor)->size,
        .sdk_version = SDK_VERSION,
        .abilities = device->abilities,
    };
}

static uint16_t chip_id(const struct sim_device *device)
{
    return device->esp32.chip_id;
}

/* The end of the partition for core dumps, of which a virtual device makes none. */
static bool find_ring(const struct sim_device *device, uint32_t *address)
{
    const uint32_t size = UD_KEYS_SECTORS * UD_FLASH_SECTOR;
    struct ud_partition partition;

    if (ud_partitions_find(&device->esp32.slots.table, UD_TYPE_DATA, UD_DATA_COREDUMP,
                           &partition) != UD_OK ||
        partition.size < size)
        return false;
    *address = partition.offset + partition.size - size;
    return true;
}

const struct board_class board_esp32 = {
    .chip = UD_CHIP_ESP32,
    .chip_id = chip_id,
    .find_ring = find_ring,
    .open = open_board,
    .boot = boot,
    .report_boot = report_boot,
    .target = target,
    .begun = begun,
    .confirm = confirm,
    .identity = identity,
};
