#include "inflate_internal.h"

bool ud_inflate_need(struct ud_inflate *inflate, uint32_t count)
{
    while (inflate->bit_count < count) {
        if (inflate->input_left == 0)
            return false;
        inflate->input_left--;
        inflate->bits |= (uint32_t)*inflate->input++ << inflate->bit_count;
        inflate->bit_count += 8;
    }
    return true;
}

uint32_t ud_inflate_take(struct ud_inflate *inflate, uint32_t count)
{
    const uint32_t value = inflate->bits & ((1u << count) - 1);

    inflate->bits >>= count;
    inflate->bit_count -= count;
    return value;
}

void ud_inflate_align(struct ud_inflate *inflate)
{
    (void)ud_inflate_take(inflate, inflate->bit_count % 8);
}
