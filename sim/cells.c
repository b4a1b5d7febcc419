#include "sim/cells.h"

#include "sim/prng.h"

#include <stdbool.h>
#include <string.h>

void cells_program(uint8_t *cells, const uint8_t *data, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        cells[i] &= data[i];
}

void cells_erase(uint8_t *cells, uint32_t length)
{
    memset(cells, CELLS_ERASED, length);
}

/* The first bytes are done, of the others any bits are. */
void cells_tear_program(uint8_t *cells, const uint8_t *data, uint32_t length, uint32_t seed)
{
    struct prng prng = {seed};
    const uint32_t done = prng_below(&prng, length + 1);

    cells_program(cells, data, done);
    for (uint32_t i = done; i < length; i++)
        cells[i] &= (uint8_t)(data[i] | prng_next(&prng));
}

/* A byte is as it was, erased, or on the way, with any of its 0 bits back at 1. */
static void tear_byte(uint8_t *cell, uint64_t bits)
{
    if (bits % 3 == 1)
        *cell = CELLS_ERASED;
    else if (bits % 3 == 2)
        *cell |= (uint8_t)(bits >> 8);
}

/* A part may not have noticed yet, a part may be done, and the rest is on the way.
 * Half of all seeds leave all of it on the way, the others divide it up. */
void cells_tear_erase(uint8_t *cells, uint32_t length, uint32_t seed)
{
    struct prng prng = {seed};
    const uint64_t kind = prng_next(&prng) % 4;
    const uint32_t middle = prng_below(&prng, length + 1);

    for (uint32_t i = 0; i < length; i++) {
        const bool is_first = i < middle;
        const uint64_t bits = prng_next(&prng);
        if (kind >= 2)
            tear_byte(&cells[i], bits);
        else if (is_first == (kind == 0))
            cells[i] = CELLS_ERASED;
    }
}
