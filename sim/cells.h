/* What happens to the cells of a NOR flash chip: whole operations, and those that
 * power goes away in. Used by the host's model and by the board under QEMU, so
 * that the same seed leaves the same bits in both.
 */
#ifndef SIM_CELLS_H
#define SIM_CELLS_H

#include <stdint.h>

#define CELLS_ERASED 0xffu

/* Turns 1 bits into 0, never the other way round. */
void cells_program(uint8_t *cells, const uint8_t *data, uint32_t length);
void cells_erase(uint8_t *cells, uint32_t length);

/* Power went in the middle; the seed settles how far the chip had come. */
void cells_tear_program(uint8_t *cells, const uint8_t *data, uint32_t length, uint32_t seed);
void cells_tear_erase(uint8_t *cells, uint32_t length, uint32_t seed);

#endif
