/* updraft flash: puts bootloader, application and file system, and on an ESP32 the
 * partition table, where they lie on a chip, in a file a programmer or a virtual device
 * can take.
 */
#include "host/file.h"
#include "host/options.h"
#include "host/report.h"
#include "host/text.h"
#include "tools/chip.h"
#include "tools/chip_esp32.h"
#include "tools/command.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct parts {
    const char *layout_name; /* ESP8266 */
    const char *chip_name;   /* null: ESP8266 */
    const char *table;       /* ESP32; null: the default one */
    const char *out;
    const char *app;
    const char *boot; /* null: the one in the application's file */
    const char *fs;   /* null: none */
    bool force;
};

static int fill(const struct parts *parts, struct chip *chip)
{
    int status =
        chip_add_app(chip, parts->app, parts->boot ? CHIP_OTHER_BOOTLOADER : CHIP_OWN_BOOTLOADER);
    if (status == EXIT_OK && parts->boot)
        status = chip_add_boot(chip, parts->boot);
    if (status == EXIT_OK && parts->fs)
        status = chip_add_fs(chip, parts->fs);
    return status;
}

static int write_out(const struct parts *parts, const struct chip *chip)
{
    char size[TEXT_SIZE_MAX];
    const int error = file_write_atomic(parts->out, chip->bytes, chip->layout.flash_size, 0666);
    if (error)
        return report_failure("%s: %s", parts->out, strerror(-error));
    printf("%s: %s\n", parts->out, text_size(chip->layout.flash_size, size));
    return EXIT_OK;
}

static int assemble_esp32(const struct parts *parts, uint16_t chip_id)
{
    struct chip_esp32 esp32;
    int status = chip_esp32_init(&esp32, chip_id, parts->table);
    if (status == EXIT_OK)
        status = chip_esp32_add_app(&esp32, parts->app);
    if (status == EXIT_OK && parts->boot)
        status = chip_esp32_add_boot(&esp32, parts->boot);
    if (status == EXIT_OK && parts->fs)
        status = chip_esp32_add_fs(&esp32, parts->fs);
    if (status == EXIT_OK)
        status = write_out(parts, &esp32.chip);
    chip_free(&esp32.chip);
    return status;
}

static int assemble_esp8266(const struct parts *parts)
{
    struct chip chip;
    int status = chip_init(&chip, parts->layout_name);
    if (status == EXIT_OK)
        status = fill(parts, &chip);
    if (status == EXIT_OK)
        status = write_out(parts, &chip);
    chip_free(&chip);
    return status;
}

static int assemble(const struct parts *parts)
{
    uint16_t chip_id;
    const bool is_esp32 = parts->chip_name && strcasecmp(parts->chip_name, "esp8266") != 0;
    if (is_esp32 && !chip_esp32_find(parts->chip_name, &chip_id))
        return report_usage("unknown chip %s; chips are esp8266, esp32, esp32-c3, esp32-s3, …",
                            parts->chip_name);
    if (is_esp32 && parts->layout_name)
        return report_usage("--layout is for the ESP8266; --table FILE says how flash is divided");
    if (!is_esp32 && parts->table)
        return report_usage("--table goes with --chip esp32");
    if (!is_esp32 && !parts->layout_name)
        return report_usage("needs --layout, --out and --app");
    if (!parts->force && access(parts->out, F_OK) == 0)
        return report_failure("%s exists; --force replaces it", parts->out);
    return is_esp32 ? assemble_esp32(parts, chip_id) : assemble_esp8266(parts);
}

int command_flash(int argc, char **argv)
{
    struct parts parts = {0};
    const struct option_row options[] = {
        {"layout", 'l', OPTION_TEXT, &parts.layout_name, "NAME",
         "flash size and file system: 4M2M, 1M64K, 4M0"},
        {"chip", 'c', OPTION_TEXT, &parts.chip_name, "CHIP",
         "esp8266 (default), esp32, esp32-c3, esp32-s3, …"},
        {"table", 't', OPTION_TEXT, &parts.table, "FILE",
         "an ESP32's partition table, CSV or binary (default the Arduino core's)"},
        {"out", 'o', OPTION_TEXT, &parts.out, "FILE", "what to write"},
        {"app", 'a', OPTION_TEXT, &parts.app, "FILE", "the firmware, .bin or .bin.gz"},
        {"boot", 'b', OPTION_TEXT, &parts.boot, "FILE",
         "take the bootloader from this file instead"},
        {"fs", 0, OPTION_TEXT, &parts.fs, "FILE", "file system image"},
        {"force", 'f', OPTION_FLAG, &parts.force, NULL, "replace an existing file"},
        {NULL},
    };
    const struct command_usage usage = {
        .name = "updraft flash",
        .synopsis =
            "--layout NAME --out FILE --app FILE [--boot FILE] [--fs FILE]\n"
            "       updraft flash --chip esp32 [--table FILE] --out FILE --app FILE [--boot FILE]",
        .about = "Assembles the content of a whole flash chip; what nothing goes to is FF. On an\n"
                 "ESP32 the application goes to factory or the first slot, which then starts.",
        .options = options,
    };
    int operand_count;
    const enum options_result parsed = options_parse(&usage, argc, argv, &operand_count);
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (operand_count > 0)
        return report_usage("takes options only, not %s", argv[1]);
    if (!parts.out || !parts.app)
        return report_usage("needs --layout, --out and --app");
    return assemble(&parts);
}
