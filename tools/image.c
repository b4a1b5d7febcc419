/* updraft image: what is in a firmware file, and whether it is sound; or, with
 * --pack, makes one.
 */
#include "host/options.h"
#include "host/pack_esp32.h"
#include "host/report.h"
#include "tools/chip_esp32.h"
#include "tools/command.h"
#include "tools/image_file.h"

#include <string.h>
#include <strings.h>

/* key: null unless the signature is to be verified. */
static int show(const char *path, const struct key *key, bool as_json)
{
    struct image_file image;
    const int error = image_file_open(&image, path);
    int status = EXIT_OK;
    if (!error && key)
        image_file_check_signature(&image, key);
    if (error)
        status = report_failure("%s: %s", path, strerror(-error));
    else if (as_json)
        status = image_print_json(&image);
    else if (image.report.part_count)
        image_print_text(&image);
    if (!error && image.problem[0])
        status = report_failure("%s %s", path, image.problem);
    image_file_close(&image);
    return status;
}

static int show_with(const char *path, const char *key_path, bool as_json)
{
    char error[KEY_ERROR_SIZE];
    struct key key;
    if (!key_path)
        return show(path, NULL, as_json);
    if (key_read_public(key_path, &key, error) != 0)
        return report_failure("%s", error);
    const int status = show(path, &key, as_json);
    key_free(&key);
    return status;
}

/* What --chip names; an ESP8266 without it. */
static int find_chip(const char *name, struct image_pack_options *options)
{
    options->is_esp32 = name && strcasecmp(name, "esp8266") != 0;
    if (!options->is_esp32)
        return EXIT_OK;
    if (!chip_esp32_find(name, &options->esp32_chip))
        return report_usage("unknown chip %s: esp8266, esp32, esp32-c3 and so on", name);
    if (!pack_esp32_knows(options->esp32_chip))
        return report_usage("%s: packing is known for esp32, -s2, -s3, -c3, -c6 and -h2", name);
    return EXIT_OK;
}

static int pack(struct image_pack_options *options, const char *chip, int operand_count,
                bool as_json)
{
    const int status = find_chip(chip, options);
    if (status != EXIT_OK)
        return status;
    if (operand_count > 0 || as_json)
        return report_usage("--pack takes --boot and --app, nothing else to look at");
    if (options->is_esp32 && options->boot)
        return report_usage("--boot is for ESP8266s: an ESP32's bootloader is a file of its own");
    if (!options->app || (!options->is_esp32 && !options->boot))
        return report_usage(options->is_esp32 ? "--pack needs --app"
                                              : "--pack needs both --boot and --app");
    return image_pack(options);
}

int command_image(int argc, char **argv)
{
    bool as_json = false;
    const char *key = NULL;
    const char *chip = NULL;
    struct image_pack_options packing = {.mode = "dio", .size = "4M", .frequency = "40"};
    const struct option_row options[] = {
        {"json", 0, OPTION_FLAG, &as_json, NULL, "print JSON"},
        {"key", 'k', OPTION_TEXT, &key, "FILE", "say whether this key signed it"},
        {"pack", 0, OPTION_TEXT, &packing.out, "OUT",
         "write a firmware file, instead of reading one"},
        {"boot", 0, OPTION_TEXT, &packing.boot, "ELF", "the linked bootloader, for an ESP8266"},
        {"app", 0, OPTION_TEXT, &packing.app, "ELF", "the linked application"},
        {"chip", 'c', OPTION_TEXT, &chip, "CHIP",
         "what it is for: esp8266 (default), esp32, esp32-c3, …"},
        {"flash-mode", 0, OPTION_TEXT, &packing.mode, "MODE", "qio, qout, dio (default) or dout"},
        {"flash-size", 0, OPTION_TEXT, &packing.size, "SIZE",
         "256K to 16M (default 4M); ESP32s 1M to 128M"},
        {"flash-freq", 0, OPTION_TEXT, &packing.frequency, "MHZ", "20, 26, 40 (default) or 80"},
        {NULL},
    };
    const struct command_usage usage = {
        .name = "updraft image",
        .synopsis = "FILE [--key FILE] [--json]\n"
                    "       updraft image --pack OUT --boot ELF --app ELF [--flash-…]\n"
                    "       updraft image --pack OUT --chip esp32-c3 --app ELF [--flash-…]",
        .about = "Shows what is in a firmware file (ESP8266 or ESP32, gzip, or a whole flash)\n"
                 "and says whether it is sound: exit 0, else 1.\n"
                 "With --pack, makes a firmware file: an ESP8266's from two linked programs, an\n"
                 "ESP32's from one.",
        .options = options,
    };
    int operand_count;
    const enum options_result parsed = options_parse(&usage, argc, argv, &operand_count);
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (packing.out)
        return pack(&packing, chip, operand_count, as_json);
    if (packing.boot || packing.app || chip)
        return report_usage("--boot, --app and --chip go with --pack");
    if (operand_count != 1)
        return report_usage("takes one file, not %d", operand_count);
    return show_with(argv[1], key, as_json);
}
