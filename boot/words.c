#include "boot/boot.h"

#define POLYNOMIAL 0x04c11db7u

uint32_t boot_programmed(const uint32_t *words, uint32_t count)
{
    uint32_t bits = 0;

    while (count-- > 0)
        bits |= ~*words++;
    return bits;
}

uint32_t boot_crc(uint32_t crc, const uint32_t *words, uint32_t count)
{
    for (; count > 0; count--, words++) {
        uint32_t word = *words;
        for (uint32_t bit = 0; bit < 32; bit++) {
            if (bit % 8 == 0) {
                crc ^= word << 24;
                word >>= 8;
            }
            crc = crc << 1 ^ (crc >> 31 ? POLYNOMIAL : 0);
        }
    }
    return crc;
}
