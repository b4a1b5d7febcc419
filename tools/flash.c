/* updraft flash: puts bootloader, application and file system where they lie on
 * a chip, in a file a programmer or a virtual device can take.
 */
#include "host/file.h"
#include "host/options.h"
#include "host/pack.h"
#include "host/report.h"
#include "host/text.h"
#include "tools/command.h"
#include "tools/image_file.h"
#include "updraft/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct parts {
    const char *layout_name;
    const char *out;
    const char *app;
    const char *boot; /* null: the one in the application's file */
    const char *fs;   /* null: none */
    bool force;
};

/* The chip being filled. */
struct chip {
    struct ud_layout layout;
    uint8_t *bytes; /* layout.flash_size */
};

/* The image as it lies in flash: inflated, without what follows it. */
static const uint8_t *image_bytes(const struct image_file *image)
{
    return image->container == CONTAINER_GZIP ? image->inflated.data : image->file.data;
}

/* A sound ESP8266 image in *image, or a message. Close it in any case. */
static int open_image(struct image_file *image, const char *path)
{
    const int error = image_file_open(image, path);
    if (error)
        return report_failure("%s: %s", path, strerror(-error));
    if (image->problem[0])
        return report_failure("%s %s", path, image->problem);
    const struct ud_image_header *header = &image->report.parts[0].header;
    if (header->chip != UD_CHIP_ESP8266)
        return report_failure("%s is for %s: only ESP8266 flash can be assembled", path,
                              ud_image_chip_name(header));
    return EXIT_OK;
}

/* Header 0 is the one ROM and SDK go by. */
static int check_flash_size(const struct parts *parts, const char *path,
                            const struct ud_image_header *header, const struct ud_layout *layout)
{
    char named[TEXT_SIZE_MAX];
    char real[TEXT_SIZE_MAX];
    const uint32_t size = ud_image_flash_size(header->chip, header->flash_size_code);
    if (size == layout->flash_size)
        return EXIT_OK;
    return report_failure("%s is made for %s of flash, layout %s has %s", path,
                          text_size(size, named), parts->layout_name,
                          text_size(layout->flash_size, real));
}

static int place_app(const struct parts *parts, const struct image_file *image, struct chip *chip)
{
    /* The linker's limit leaves out what precedes .irom0 in flash. */
    const uint32_t limit = chip->layout.max_sketch + UD_IMAGE_LENGTH_WORD_OFFSET;
    if (image->report.part_count < 2)
        return report_failure("%s holds one image, not a bootloader and an application",
                              parts->app);
    if (image->report.length > limit)
        return report_failure("%s does not fit: %u bytes, layout %s has room for %u", parts->app,
                              image->report.length, parts->layout_name, limit);
    memcpy(chip->bytes, image_bytes(image), image->report.length);
    return parts->boot
               ? EXIT_OK
               : check_flash_size(parts, parts->app, &image->report.parts[0].header, &chip->layout);
}

static int add_app(const struct parts *parts, struct chip *chip)
{
    struct image_file image;
    int status = open_image(&image, parts->app);
    if (status == EXIT_OK)
        status = place_app(parts, &image, chip);
    image_file_close(&image);
    return status;
}

/* Takes the first image of a file, whether or not another follows. */
static int place_boot(const struct parts *parts, const struct image_file *image, struct chip *chip)
{
    const struct ud_image_part *part = &image->report.parts[0];
    if (part->end > UD_FLASH_SECTOR)
        return report_failure("%s is no bootloader: %u bytes, the sector has %u", parts->boot,
                              part->end, UD_FLASH_SECTOR);
    memset(chip->bytes, PACK_BOOT_PADDING, UD_FLASH_SECTOR);
    memcpy(chip->bytes, image_bytes(image), part->end);
    return check_flash_size(parts, parts->boot, &part->header, &chip->layout);
}

static int add_boot(const struct parts *parts, struct chip *chip)
{
    struct image_file image;
    int status = open_image(&image, parts->boot);
    if (status == EXIT_OK)
        status = place_boot(parts, &image, chip);
    image_file_close(&image);
    return status;
}

static int add_fs(const struct parts *parts, struct chip *chip)
{
    const struct ud_layout *layout = &chip->layout;
    const uint32_t room = layout->fs_end - layout->fs_start;
    struct file_bytes fs;
    if (room == 0)
        return report_failure("layout %s has no file system", parts->layout_name);
    const int error = file_read(parts->fs, layout->flash_size, &fs);
    if (error)
        return report_failure("%s: %s", parts->fs, strerror(-error));
    int status = EXIT_OK;
    if (fs.length == 0)
        status = report_failure("%s is empty", parts->fs);
    else if (fs.length > room)
        status = report_failure("%s does not fit: %zu bytes, layout %s has room for %u", parts->fs,
                                fs.length, parts->layout_name, room);
    else
        memcpy(chip->bytes + layout->fs_start, fs.data, fs.length);
    free(fs.data);
    return status;
}

static int fill(const struct parts *parts, struct chip *chip)
{
    int status = add_app(parts, chip);
    if (status == EXIT_OK && parts->boot)
        status = add_boot(parts, chip);
    if (status == EXIT_OK && parts->fs)
        status = add_fs(parts, chip);
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

static int assemble(const struct parts *parts)
{
    struct chip chip;
    if (ud_layout_parse(parts->layout_name, &chip.layout) != UD_OK)
        return report_usage("unknown layout %s; layouts are named like 4M2M or 1M64K",
                            parts->layout_name);
    if (!parts->force && access(parts->out, F_OK) == 0)
        return report_failure("%s exists; --force replaces it", parts->out);
    chip.bytes = malloc(chip.layout.flash_size);
    if (!chip.bytes)
        return report_failure("out of memory");
    memset(chip.bytes, 0xff, chip.layout.flash_size);
    int status = fill(parts, &chip);
    if (status == EXIT_OK)
        status = write_out(parts, &chip);
    free(chip.bytes);
    return status;
}

int command_flash(int argc, char **argv)
{
    struct parts parts = {0};
    const struct option_row options[] = {
        {"layout", 'l', OPTION_TEXT, &parts.layout_name, "NAME",
         "flash size and file system: 4M2M, 1M64K, 4M0"},
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
        .synopsis = "--layout NAME --out FILE --app FILE [--boot FILE] [--fs FILE]",
        .about =
            "Assembles the content of an ESP8266's whole flash chip; what nothing goes to is FF.",
        .options = options,
    };
    int operand_count;
    const enum options_result parsed = options_parse(&usage, argc, argv, &operand_count);
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (operand_count > 0)
        return report_usage("takes options only, not %s", argv[1]);
    if (!parts.layout_name || !parts.out || !parts.app)
        return report_usage("needs --layout, --out and --app");
    return assemble(&parts);
}
