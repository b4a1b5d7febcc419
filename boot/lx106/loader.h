/* Puts an application into RAM, as the boot ROM does for the bootloader. */
#ifndef BOOT_LX106_LOADER_H
#define BOOT_LX106_LOADER_H

#include <stdint.h>

/* The numbers are eboot's, which logs show as "e:N". */
enum loader_result {
    LOADER_OK = 0,
    LOADER_NO_HEADER = 1,
    LOADER_NO_SEGMENT = 2,
    LOADER_NO_DATA = 3,
    LOADER_NO_IMAGE = 4, /* ours: no image there, or a segment over the bootloader */
};

/* Copies the segments of the image whose header is at flash address `image`
 * that belong into RAM; *entry is where to jump. Constants of this program lie
 * where applications put theirs: after this call nothing but code may be used. */
enum loader_result loader_load(uint32_t image, uint32_t *entry);

#endif
