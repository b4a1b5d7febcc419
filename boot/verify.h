/* Is a copy safe? Answered without touching flash, before the first erase. */
#ifndef BOOT_VERIFY_H
#define BOOT_VERIFY_H

#include "boot/source.h"

/* UD_OK        every byte of the source was read, decodes, and as a program has
 *              the structure of one: bootloader and application
 * UD_ERR_SPACE writing would overtake source not read yet
 * UD_ERR_CHIP  a program for another chip
 * UD_ERR_IMAGE, UD_ERR_MAGIC no sound program
 * UD_ERR_FLASH_READ, UD_ERR_GZIP, UD_ERR_GZIP_CRC */
UD_MUST_CHECK int boot_verify(const struct ud_flash *flash, const struct boot_decision *decision,
                              struct boot_memory *memory);

#endif
