/* The flash chip: a NOR flash in a file of the host. Programming only clears bits,
 * and power goes away as the cut plan says.
 *
 * Addresses past its end begin again at 0, as on chips, which ignore the upper
 * address lines.
 */
#ifndef SIM_QEMU_CHIP_H
#define SIM_QEMU_CHIP_H

#include <stdint.h>

void chip_read(uint32_t address, void *data, uint32_t length);

/* Within one BOARD_BLOCK. Counted as one operation each, as in the host's model;
 * they do not return when power goes in them. */
void chip_program(uint32_t address, const void *data, uint32_t length);
void chip_erase(uint32_t address, uint32_t length);

/* As the cache sees it: not counted. */
void chip_map(uint32_t address, void *data, uint32_t length);

#endif
