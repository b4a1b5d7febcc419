#include "tools/chip_esp32.h"

#include "host/file.h"
#include "host/report.h"
#include "host/text.h"
#include "tools/image_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ERASED      0xff
#define TABLE_LIMIT 65536u /* bytes of CSV */
#define FLASH_LIMIT (128u << 20)

/* default.csv of the Arduino core, for 4 MB. */
static const char default_table[] = "nvs,data,nvs,0x9000,0x5000\n"
                                    "otadata,data,ota,0xe000,0x2000\n"
                                    "app0,app,ota_0,0x10000,0x140000\n"
                                    "app1,app,ota_1,0x150000,0x140000\n"
                                    "spiffs,data,spiffs,0x290000,0x160000\n"
                                    "coredump,data,coredump,0x3f0000,0x10000\n";

/* Where ROMs look for the bootloader, by chip id. */
static const struct chip_row {
    uint16_t id;
    uint16_t bootloader;
} chips[] = {
    {0x00, 0x1000}, {0x02, 0x1000}, {0x05, 0},      {0x09, 0}, {0x0c, 0},
    {0x0d, 0},      {0x10, 0},      {0x12, 0x2000}, {0x14, 0}, {0x17, 0x2000},
    {0x19, 0},      {0x1c, 0x2000}, {0x20, 0x2000},
};

static const char *name_of(uint16_t chip_id)
{
    const struct ud_image_header header = {.chip = UD_CHIP_ESP32, .chip_id = chip_id};

    return ud_image_chip_name(&header);
}

/* Is `name` what was meant? The part behind "ESP32-" is enough. */
static bool matches(const char *name, const char *word)
{
    const char *tail = strchr(name, '-');

    return strcasecmp(name, word) == 0 || (tail && strcasecmp(tail + 1, word) == 0) ||
           (tail && strncasecmp(word, "esp32", 5) == 0 && strcasecmp(tail + 1, word + 5) == 0);
}

bool chip_esp32_find(const char *word, uint16_t *chip_id)
{
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++)
        if (matches(name_of(chips[i].id), word)) {
            *chip_id = chips[i].id;
            return true;
        }
    return false;
}

static uint32_t bootloader_offset(uint16_t chip_id)
{
    size_t i = 0;

    while (chips[i].id != chip_id)
        i++;
    return chips[i].bootloader;
}

/* ---- The table ---- */

static int read_table(struct chip_esp32 *esp32, const char *path,
                      const struct partitions_rules *rules)
{
    struct file_bytes bytes = {(uint8_t *)(uintptr_t)default_table, sizeof default_table - 1};
    const int error = path ? file_read(path, TABLE_LIMIT, &bytes) : 0;
    bool is_sound;

    if (error)
        return report_failure("%s: %s", path, strerror(-error));
    is_sound = partitions_is_binary(bytes.data, bytes.length)
                   ? partitions_from_binary(&esp32->table, rules, bytes.data, bytes.length)
                   : partitions_from_csv(&esp32->table, rules, bytes.data, bytes.length);
    if (path)
        free(bytes.data);
    if (is_sound && partitions_check(&esp32->table, rules))
        return EXIT_OK;
    return report_failure("%s: %s", path, esp32->table.error);
}

/* A power of two of megabytes that all partitions fit into. */
static uint32_t flash_size(const struct partitions *table)
{
    uint64_t size = CHIP_ESP32_SIZE;

    for (uint32_t i = 0; i < table->count; i++)
        while (size < (uint64_t)table->rows[i].partition.offset + table->rows[i].partition.size)
            size *= 2;
    return size <= FLASH_LIMIT ? (uint32_t)size : 0;
}

int chip_esp32_init(struct chip_esp32 *esp32, uint16_t chip_id, const char *table_path)
{
    const struct partitions_rules rules = {
        .table_offset = UD_PARTITIONS_OFFSET,
        .bootloader_offset = bootloader_offset(chip_id),
        .recovery_offset = UINT32_MAX,
    };
    struct chip *chip = &esp32->chip;

    memset(esp32, 0, sizeof *esp32);
    esp32->chip_id = chip_id;
    esp32->name = name_of(chip_id);
    chip->layout_name = esp32->name;
    const int status = read_table(esp32, table_path, &rules);
    if (status != EXIT_OK)
        return status;
    chip->layout.flash_size = flash_size(&esp32->table);
    chip->bytes = chip->layout.flash_size ? malloc(chip->layout.flash_size) : NULL;
    if (!chip->bytes)
        return report_failure("%s: its partitions reach beyond any flash chip",
                              table_path ? table_path : "the default table");
    memset(chip->bytes, ERASED, chip->layout.flash_size);
    return partitions_to_binary(&esp32->table, &rules, chip->bytes + UD_PARTITIONS_OFFSET)
               ? EXIT_OK
               : report_failure("%s: %s", table_path, esp32->table.error);
}

/* ---- What lies in it ---- */

static const struct ud_partition *find(const struct chip_esp32 *esp32, uint8_t type,
                                       uint8_t subtype)
{
    for (uint32_t i = 0; i < esp32->table.count; i++) {
        const struct ud_partition *partition = &esp32->table.rows[i].partition;
        if (partition->type == type && partition->subtype == subtype)
            return partition;
    }
    return NULL;
}

/* A sound image for this chip in *image, or a message. Close it in any case. */
static int open_image(const struct chip_esp32 *esp32, struct image_file *image, const char *path)
{
    const int error = image_file_open(image, path);

    if (error)
        return report_failure("%s: %s", path, strerror(-error));
    if (image->problem[0])
        return report_failure("%s %s", path, image->problem);
    const struct ud_image_header *header = &image->report.parts[0].header;
    if (image->container == CONTAINER_GZIP)
        return report_failure("%s is compressed, which an ESP32's bootloader does not take", path);
    if (header->chip != UD_CHIP_ESP32 || header->chip_id != esp32->chip_id)
        return report_failure("%s is for %s, not for %s", path, ud_image_chip_name(header),
                              esp32->name);
    return EXIT_OK;
}

static int put(struct chip_esp32 *esp32, const char *path, const struct file_bytes *file,
               uint32_t offset, uint32_t room)
{
    char text[TEXT_SIZE_MAX];

    if (file->length > room)
        return report_failure("%s does not fit: %zu bytes, there is room for %s", path,
                              file->length, text_size(room, text));
    memcpy(esp32->chip.bytes + offset, file->data, file->length);
    return EXIT_OK;
}

static int put_image(struct chip_esp32 *esp32, const char *path, uint32_t offset, uint32_t room)
{
    struct image_file image;
    int status = open_image(esp32, &image, path);

    if (status == EXIT_OK)
        status = put(esp32, path, &image.file, offset, room);
    image_file_close(&image);
    return status;
}

int chip_esp32_add_app(struct chip_esp32 *esp32, const char *path)
{
    const struct ud_partition *partition = find(esp32, UD_TYPE_APP, UD_APP_FACTORY);

    if (!partition)
        partition = find(esp32, UD_TYPE_APP, UD_APP_OTA_0);
    if (!partition)
        return report_failure("the partition table has neither factory nor ota_0");
    return put_image(esp32, path, partition->offset, partition->size);
}

int chip_esp32_add_boot(struct chip_esp32 *esp32, const char *path)
{
    const uint32_t offset = bootloader_offset(esp32->chip_id);

    return put_image(esp32, path, offset, UD_PARTITIONS_OFFSET - offset);
}

int chip_esp32_add_fs(struct chip_esp32 *esp32, const char *path)
{
    static const uint8_t subtypes[] = {UD_DATA_SPIFFS, UD_DATA_LITTLEFS, UD_DATA_FAT};
    const struct ud_partition *partition = NULL;
    struct file_bytes bytes;

    for (size_t i = 0; i < sizeof subtypes && !partition; i++)
        partition = find(esp32, UD_TYPE_DATA, subtypes[i]);
    if (!partition)
        return report_failure("the partition table has no partition for files");
    const int error = file_read(path, partition->size, &bytes);
    if (error)
        return report_failure("%s: %s", path, strerror(-error));
    const int status = put(esp32, path, &bytes, partition->offset, partition->size);
    free(bytes.data);
    return status;
}
