/* Can an ordered update be carried out, and how? Pure. */
#ifndef BOOT_PLAN_H
#define BOOT_PLAN_H

#include "boot/boot.h"

/* Words of a journal's head with the order and output_size filled in; that the two
 * sizes differ means that the source is compressed. program_size: of the program that
 * runs. Both in bytes. With BOOT_OK fills in keep, and keep_size when there is room
 * to keep the running program. */
enum boot_error boot_plan(uint32_t *words, uint32_t program_size, uint32_t flash_size);

#endif
