/* The content of an ESP32's whole flash chip, put together from files: bootloader, a
 * partition table, OTA data that say nothing yet, a program, files. Who calls has
 * nothing to report: what goes wrong has been said on stderr.
 */
#ifndef TOOLS_CHIP_ESP32_H
#define TOOLS_CHIP_ESP32_H

#include "host/partitions.h"
#include "tools/chip.h"

#include <stdint.h>

#define CHIP_ESP32_SIZE (4u << 20) /* bytes, unless a table says more */

struct chip_esp32 {
    struct chip chip;
    uint16_t chip_id; /* as image headers have it */
    const char *name; /* "ESP32-C3" */
    struct partitions table;
};

/* "esp32", "esp32-c3" or "c3", in any case: false for none. */
bool chip_esp32_find(const char *word, uint16_t *chip_id);

/* An erased chip with a table: of that file, CSV or binary, or null for the one that the
 * Arduino core has by default. EXIT_OK, or an exit status. chip_free(&esp32->chip) in
 * any case. */
int chip_esp32_init(struct chip_esp32 *esp32, uint16_t chip_id, const char *table_path);

/* The program, into factory or else the first slot. */
int chip_esp32_add_app(struct chip_esp32 *esp32, const char *path);

/* The bootloader, where the chip's ROM looks for it. */
int chip_esp32_add_boot(struct chip_esp32 *esp32, const char *path);

/* A file system image, into the first partition for one. */
int chip_esp32_add_fs(struct chip_esp32 *esp32, const char *path);

#endif
