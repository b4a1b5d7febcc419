/* The image in flash sector 0, loaded as the mask ROM loads it. */
#ifndef SIM_QEMU_IMAGE_H
#define SIM_QEMU_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Copies every segment to its address, wherever that is, and says so on the
 * console. *entry is where to jump. False when there is no image, or its checksum
 * is wrong: what was copied stays copied. */
bool image_load(uint32_t *entry);

#endif
