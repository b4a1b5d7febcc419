/* The program that starts, in the content of an ESP32's whole flash chip. */
#include "boot/slots_run.h"
#include "device/port/bearssl/digest.h"
#include "tools/flash_view.h"
#include "tools/image_file.h"

#include <stdlib.h>
#include <string.h>

/* Whose flash it is, the header of any program tells. */
static bool find_chip(const struct ud_partitions *table, const struct ud_flash *flash,
                      struct slots_run_config *config)
{
    struct ud_image_header header;
    struct ud_partition partition;
    uint8_t bytes[24];

    for (uint32_t i = 0; i < table->count; i++) {
        if (ud_partitions_get(table, i, &partition) != UD_OK || partition.type != UD_TYPE_APP ||
            ud_flash_read(flash, partition.offset, bytes, sizeof bytes) != UD_OK ||
            ud_image_header_decode(bytes, sizeof bytes, &header) != UD_OK ||
            header.chip != UD_CHIP_ESP32)
            continue;
        config->chip_id = header.chip_id;
        config->revision = header.min_revision;
        return true;
    }
    return false;
}

/* As the boot does, but for what it would write: flash is only read. */
static bool boot(const struct slots_run_config *config, struct ud_partition *partition)
{
    struct slots_run *run = malloc(sizeof *run);
    struct slots_result result;
    const bool starts = run != NULL && slots_run(run, config, &result) == UD_OK;

    if (starts)
        *partition = result.partition;
    free(run);
    return starts;
}

enum image_slots image_find_slot(const struct file_bytes *file, struct ud_partition *partition)
{
    struct ud_partitions table;
    struct flash_view view;
    struct slots_run_config config = {.flash = &view.port, .md5 = &ud_md5, .sha256 = &ud_sha256};

    if (!flash_view_init(&view, file->data, file->length) ||
        ud_partitions_open(&table, &view.port, UD_PARTITIONS_OFFSET, &ud_md5) != UD_OK)
        return IMAGE_SLOTS_NONE;
    return find_chip(&table, &view.port, &config) && boot(&config, partition)
               ? IMAGE_SLOTS_STARTS
               : IMAGE_SLOTS_NOTHING_STARTS;
}
