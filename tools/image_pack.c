/* updraft image --pack: two linked programs into an ESP8266's firmware file, or one into
 * an ESP32's.
 */
#include "host/flash_names.h"
#include "host/pack.h"
#include "host/pack_esp32.h"
#include "host/report.h"
#include "tools/image_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELF_LIMIT (64u << 20) /* bytes, debug information included */

/* Where the mapped part of an application is in memory, and its first bytes in
 * the file: the two must agree. */
#define IROM_ADDRESS 0x40201010u

/* A linked program and the file it points into. */
struct program {
    struct file_bytes file;
    struct pack_part part;
};

typedef enum elf_result part_reader(const struct elf *elf, struct pack_part *part);

/* elf points into file, whose data the caller frees in any case. */
static int elf_read(struct elf *elf, struct file_bytes *file, const char *path)
{
    const int error = file_read(path, ELF_LIMIT, file);
    if (error)
        return report_failure("%s: %s", path, strerror(-error));
    const enum elf_result result = elf_open(elf, file->data, file->length);
    return result == ELF_OK ? EXIT_OK : report_failure("%s %s", path, elf_message(result));
}

static int program_read(struct program *program, const char *path, part_reader *read_part)
{
    struct elf elf;
    const int status = elf_read(&elf, &program->file, path);
    if (status != EXIT_OK)
        return status;
    if (elf.machine != ELF_XTENSA)
        return report_failure("%s is a program for another chip than ESP8266; --chip names it",
                              path);
    const enum elf_result result = read_part(&elf, &program->part);
    if (result == ELF_NO_SECTION)
        return report_failure("%s has none of the sections to pack", path);
    return result == ELF_OK ? EXIT_OK : report_failure("%s %s", path, elf_message(result));
}

static int check_app(const char *path, const struct pack_part *app)
{
    if (app->segments[0].address == IROM_ADDRESS)
        return EXIT_OK;
    return report_failure("%s is no ESP8266 application: .irom0.text does not start at %08x", path,
                          IROM_ADDRESS);
}

static int explain(const struct image_pack_options *options, enum pack_result result)
{
    switch (result) {
    case PACK_OK:
        return EXIT_OK;
    case PACK_BOOT_TOO_LARGE:
        return report_failure("%s is too large: a bootloader has one sector, 4096 bytes",
                              options->boot);
    case PACK_NO_ROOM_FOR_WORDS:
        return report_failure("%s has no room for the CRC words at its start", options->app);
    case PACK_TOO_LARGE:
        return report_failure("%s is larger than any flash chip", options->app);
    case PACK_NO_MEMORY:
    default:
        return report_failure("out of memory");
    }
}

/* Frees what was packed. */
static int write_file(const char *path, struct file_bytes *packed)
{
    const int error = file_write_atomic(path, packed->data, packed->length, 0666);
    if (!error)
        printf("%s: %zu bytes\n", path, packed->length);
    free(packed->data);
    return error ? report_failure("%s: %s", path, strerror(-error)) : EXIT_OK;
}

static int write_packed(const struct image_pack_options *options, const struct pack_flash *flash,
                        const struct program *boot, const struct program *app)
{
    struct file_bytes packed = {0};
    const int status = explain(options, pack_firmware(flash, &boot->part, &app->part, &packed));
    return status == EXIT_OK ? write_file(options->out, &packed) : status;
}

static int pack_programs(const struct image_pack_options *options, const struct pack_flash *flash)
{
    struct program boot = {0};
    struct program app = {0};
    int status = program_read(&boot, options->boot, pack_part_from_boot_elf);
    if (status == EXIT_OK)
        status = program_read(&app, options->app, pack_part_from_app_elf);
    if (status == EXIT_OK)
        status = check_app(options->app, &app.part);
    if (status == EXIT_OK)
        status = write_packed(options, flash, &boot, &app);
    free(boot.file.data);
    free(app.file.data);
    return status;
}

static int pack_program(const struct image_pack_options *options, const struct pack_flash *flash)
{
    struct file_bytes file = {0};
    struct file_bytes packed = {0};
    struct elf elf;
    int status = elf_read(&elf, &file, options->app);
    if (status == EXIT_OK) {
        const enum pack_esp32_result result = pack_esp32(options->esp32_chip, flash, &elf, &packed);
        status = result == PACK_ESP32_OK
                     ? write_file(options->out, &packed)
                     : report_failure("%s %s", options->app, pack_esp32_message(result));
    }
    free(file.data);
    return status;
}

int image_pack(const struct image_pack_options *options)
{
    bool (*const size_parse)(const char *, uint8_t *) =
        options->is_esp32 ? flash_size_parse_esp32 : flash_size_parse;
    struct pack_flash flash;
    if (!flash_mode_parse(options->mode, &flash.mode))
        return report_usage("unknown flash mode %s", options->mode);
    if (!size_parse(options->size, &flash.size_code))
        return report_usage("unknown flash size %s", options->size);
    if (!flash_frequency_parse(options->frequency, &flash.frequency_code))
        return report_usage("unknown flash frequency %s", options->frequency);
    return options->is_esp32 ? pack_program(options, &flash) : pack_programs(options, &flash);
}
