#include "machine.h"

#include "bearssl/digest.h"
#include "sim/boot_machine.h"
#include "sim/nor.h"
#include "sim/rom.h"
#include "sim/rtc.h"
#include "updraft/hex.h"
#include "updraft/image.h"

#include <stdio.h>
#include <stdlib.h>

#define FLASH_SIZE   0x400000u
#define MAX_RESTARTS 4

static struct machine {
    struct nor *nor;
    struct rtc rtc;
    struct boot_machine boot;
    char md5[2 * UD_MD5_SIZE + 1];
} machine;

static void fail(const char *what, const char *whose)
{
    fprintf(stderr, "%s: %s\n", whose, what);
    exit(2);
}

/* ---- Opening ---- */

static void load(const char *app)
{
    FILE *file = fopen(app, "rb");

    if (file == NULL || fread(nor_bytes(machine.nor), 1, FLASH_SIZE, file) == 0)
        fail("cannot be read", app);
    fclose(file);
}

void machine_open(const char *flash, const char *app)
{
    const struct nor_config config = {
        .path = flash, .size = FLASH_SIZE, .has_block_erase = true, .rules = NOR_AND};

    if (nor_open(&machine.nor, &config) != 0)
        fail("cannot be used as flash", flash);
    rtc_init(&machine.rtc, 1);
    if (app != NULL)
        load(app);
}

/* ---- Booting ---- */

static void say_what_runs(uint32_t base)
{
    struct ud_image_description description;
    const int error =
        ud_image_read_description(nor_flash(machine.nor), base + UD_IMAGE_APP_OFFSET, &description);

    printf("boot: runs %s\n", error == UD_OK ? description.version : "a program without a name");
    fflush(stdout);
}

void machine_boot(void)
{
    const struct boot_machine_config config = {
        .flash = nor_flash(machine.nor),
        .rtc = &machine.rtc.port,
    };
    struct boot_result result = {.end = BOOT_RESTARTED};

    if (!rom_starts_bootloader(nor_bytes(machine.nor), FLASH_SIZE))
        fail("no bootloader in flash", "boot");
    for (int i = 0; i < MAX_RESTARTS && result.end == BOOT_RESTARTED; i++) {
        boot_machine_run(&machine.boot, &config, &result);
        if (result.is_copied)
            printf("boot: an update was copied\n");
    }
    if (result.end != BOOT_STARTED)
        fail("no program in flash that would start", "boot");
    say_what_runs(result.base);
}

/* ---- Flash and RTC memory ---- */

bool machine_read(uint32_t address, void *data, uint32_t length)
{
    const struct ud_flash *flash = nor_flash(machine.nor);

    return flash->read(flash->ctx, address, data, length) == 0;
}

bool machine_program(uint32_t address, const void *data, uint32_t length)
{
    const struct ud_flash *flash = nor_flash(machine.nor);

    return flash->program(flash->ctx, address, data, length) == 0;
}

bool machine_erase(uint32_t address)
{
    const struct ud_flash *flash = nor_flash(machine.nor);

    return flash->erase(flash->ctx, address, UD_FLASH_SECTOR) == 0;
}

uint32_t machine_flash_size(void)
{
    return FLASH_SIZE;
}

uint32_t machine_sketch_size(void)
{
    uint32_t size;

    return ud_image_sketch_size(nor_flash(machine.nor), &size) == UD_OK ? size : 0;
}

const char *machine_sketch_md5(void)
{
    struct ud_digest digest;
    uint8_t bytes[UD_MD5_SIZE];

    ud_digest_begin(&digest, &ud_md5);
    ud_digest_add(&digest, nor_bytes(machine.nor), machine_sketch_size());
    ud_digest_end(&digest, bytes);
    ud_hex_encode(bytes, sizeof bytes, machine.md5);
    return machine.md5;
}

bool machine_rtc_read(uint32_t offset, void *data, uint32_t length)
{
    return machine.rtc.port.read(machine.rtc.port.ctx, offset, data, length) == 0;
}

bool machine_rtc_write(uint32_t offset, const void *data, uint32_t length)
{
    return machine.rtc.port.write(machine.rtc.port.ctx, offset, data, length) == 0;
}
