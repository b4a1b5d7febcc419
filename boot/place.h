/* Where an application's segments may go, and which are only mapped. */
#ifndef BOOT_PLACE_H
#define BOOT_PLACE_H

#include <stdint.h>

enum boot_place {
    BOOT_PLACE_MAPPED, /* stays in flash */
    BOOT_PLACE_IRAM,
    BOOT_PLACE_DRAM,
    BOOT_PLACE_REFUSED, /* over the bootloader, its stack or the mask ROM's data */
};

enum boot_place boot_place(uint32_t address, uint32_t length);

#endif
