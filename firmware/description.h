/* What a program says of itself to update tools. Texts end with a NUL unless they fill
 * their field. The layout is ESP-IDF's esp_app_desc_t.
 */
#ifndef FIRMWARE_DESCRIPTION_H
#define FIRMWARE_DESCRIPTION_H

#include "updraft/image.h"

#include <stddef.h>
#include <stdint.h>

struct description {
    uint32_t magic;
    uint32_t secure_version;
    uint32_t trial;
    uint32_t reserved1;
    char version[32];
    char project[32];
    char time[16];
    char date[16];
    char sdk[32];
    uint8_t elf_sha256[32]; /* an ESP32's: filled in by the packer */
    uint8_t reserved2[80];
};

_Static_assert(sizeof(struct description) == UD_IMAGE_DESCRIPTION_SIZE, "description is 256 bytes");
_Static_assert(offsetof(struct description, trial) == UD_IMAGE_TRIAL_OFFSET,
               "the wish for a trial is where the bootloader looks");

extern const struct description description;

#endif
