/* What starts and what does not: the mask ROM's and the loader's view of images
 * in flash. For the simulation only; costs the modelled chip no time.
 */
#ifndef SIM_ROM_H
#define SIM_ROM_H

#include <stdbool.h>
#include <stdint.h>

/* Would the mask ROM start the bootloader in sector 0? It wants E9, segments and
 * the right checksum. */
bool rom_starts_bootloader(const uint8_t *flash, uint32_t size);

/* Would a loader find an application of a two-image file at `base`? Loaders look
 * at its header and hop over its segments; all of that must lie on the chip. */
bool rom_finds_application(const uint8_t *flash, uint32_t size, uint32_t base);

#endif
