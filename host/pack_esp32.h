/* Makes an ESP32's application image of a linked program: header, segments, the checksum
 * byte and the SHA-256 behind it (updraft/image.h draws the format).
 *
 * What is mapped from flash lies in the file where the mapping needs it: at the same place
 * within a 64 KB page as in memory. The room before it goes to segments that are copied to
 * RAM, and what is left of it to padding. The description comes first, at 0x20, where the
 * linker script has it first in the data that are mapped; the SHA-256 of the ELF file is
 * filled into it.
 */
#ifndef HOST_PACK_ESP32_H
#define HOST_PACK_ESP32_H

#include "host/elf.h"
#include "host/file.h"
#include "host/pack.h"

#include <stdbool.h>
#include <stdint.h>

enum pack_esp32_result {
    PACK_ESP32_OK = 0,
    PACK_ESP32_OTHER_CHIP,    /* the program is for another machine */
    PACK_ESP32_DAMAGED,       /* elf.h: ELF_DAMAGED */
    PACK_ESP32_EMPTY,         /* nothing in it is loaded */
    PACK_ESP32_MANY_SEGMENTS, /* an image has at most 16 */
    PACK_ESP32_OVERLAP,       /* sections lie over each other */
    PACK_ESP32_TOO_LARGE,     /* 16 MB, what a segment can have */
    PACK_ESP32_NO_MEMORY,
};

/* Chips whose memory is known here: "ESP32", S2, S3, C3, C6, H2. */
bool pack_esp32_knows(uint16_t chip_id);

/* Packs a program into *image, whose data the caller frees. flash: with the ESP32's size
 * code. */
enum pack_esp32_result pack_esp32(uint16_t chip_id, const struct pack_flash *flash,
                                  const struct elf *elf, struct file_bytes *image);

/* "is for another chip" and so on: what follows a file's name in a message. */
const char *pack_esp32_message(enum pack_esp32_result result);

#endif
