#include "tools/chip.h"

#include "host/file.h"
#include "host/pack.h"
#include "host/report.h"
#include "host/text.h"
#include "tools/image_file.h"

#include <stdlib.h>
#include <string.h>

#define ERASED 0xff

int chip_init(struct chip *chip, const char *layout_name)
{
    *chip = (struct chip){.layout_name = layout_name};
    if (ud_layout_parse(layout_name, &chip->layout) != UD_OK)
        return report_usage("unknown layout %s; layouts are named like 4M2M or 1M64K", layout_name);
    chip->bytes = malloc(chip->layout.flash_size);
    if (!chip->bytes)
        return report_failure("out of memory");
    memset(chip->bytes, ERASED, chip->layout.flash_size);
    return EXIT_OK;
}

void chip_free(struct chip *chip)
{
    free(chip->bytes);
}

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
static int check_flash_size(const struct chip *chip, const char *path,
                            const struct ud_image_header *header)
{
    char named[TEXT_SIZE_MAX];
    char real[TEXT_SIZE_MAX];
    const uint32_t size = ud_image_flash_size(header->chip, header->flash_size_code);
    if (size == chip->layout.flash_size)
        return EXIT_OK;
    return report_failure("%s is made for %s of flash, layout %s has %s", path,
                          text_size(size, named), chip->layout_name,
                          text_size(chip->layout.flash_size, real));
}

static int place_app(struct chip *chip, const struct image_file *image,
                     enum chip_bootloader bootloader)
{
    /* The linker's limit leaves out what precedes .irom0 in flash. */
    const uint32_t limit = chip->layout.max_sketch + UD_IMAGE_LENGTH_WORD_OFFSET;
    if (image->report.part_count < 2)
        return report_failure("%s holds one image, not a bootloader and an application",
                              image->path);
    if (image->report.length > limit)
        return report_failure("%s does not fit: %u bytes, layout %s has room for %u", image->path,
                              image->report.length, chip->layout_name, limit);
    memcpy(chip->bytes, image_bytes(image), image->report.length);
    return bootloader == CHIP_OTHER_BOOTLOADER
               ? EXIT_OK
               : check_flash_size(chip, image->path, &image->report.parts[0].header);
}

int chip_add_app(struct chip *chip, const char *path, enum chip_bootloader bootloader)
{
    struct image_file image;
    int status = open_image(&image, path);
    if (status == EXIT_OK)
        status = place_app(chip, &image, bootloader);
    image_file_close(&image);
    return status;
}

static int place_boot(struct chip *chip, const struct image_file *image)
{
    const struct ud_image_part *part = &image->report.parts[0];
    if (part->end > UD_FLASH_SECTOR)
        return report_failure("%s is no bootloader: %u bytes, the sector has %u", image->path,
                              part->end, UD_FLASH_SECTOR);
    memset(chip->bytes, PACK_BOOT_PADDING, UD_FLASH_SECTOR);
    memcpy(chip->bytes, image_bytes(image), part->end);
    return check_flash_size(chip, image->path, &part->header);
}

int chip_add_boot(struct chip *chip, const char *path)
{
    struct image_file image;
    int status = open_image(&image, path);
    if (status == EXIT_OK)
        status = place_boot(chip, &image);
    image_file_close(&image);
    return status;
}

int chip_add_fs(struct chip *chip, const char *path)
{
    const struct ud_layout *layout = &chip->layout;
    const uint32_t room = layout->fs_end - layout->fs_start;
    struct file_bytes fs;
    if (room == 0)
        return report_failure("layout %s has no file system", chip->layout_name);
    const int error = file_read(path, layout->flash_size, &fs);
    if (error)
        return report_failure("%s: %s", path, strerror(-error));
    int status = EXIT_OK;
    if (fs.length == 0)
        status = report_failure("%s is empty", path);
    else if (fs.length > room)
        status = report_failure("%s does not fit: %zu bytes, layout %s has room for %u", path,
                                fs.length, chip->layout_name, room);
    else
        memcpy(chip->bytes + layout->fs_start, fs.data, fs.length);
    free(fs.data);
    return status;
}
