/* What starts and what does not: the mask ROM's view of flash. For the simulation only; costs the
 * modelled chip no time.
 */
#ifndef SIM_ROM_H
#define SIM_ROM_H

#include <stdbool.h>
#include <stdint.h>

/* Would the mask ROM start the bootloader in sector 0? It wants E9, segments and
 * the right checksum. */
bool rom_starts_bootloader(const uint8_t *flash, uint32_t size);

#endif
