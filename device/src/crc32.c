#include "updraft/crc32.h"

#define POLYNOMIAL 0x04c11db7u

static const uint32_t reflected_nibbles[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t ud_crc32_forward(uint32_t crc, const void *data, uint32_t length)
{
    const uint8_t *bytes = data;

    for (uint32_t i = 0; i < length; i++) {
        crc ^= (uint32_t)bytes[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc >> 31 ? POLYNOMIAL : 0);
    }
    return crc;
}

uint32_t ud_crc32_reflected(uint32_t crc, const void *data, uint32_t length)
{
    const uint8_t *bytes = data;

    crc = ~crc;
    for (uint32_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ reflected_nibbles[crc & 15];
        crc = crc >> 4 ^ reflected_nibbles[crc & 15];
    }
    return ~crc;
}

/* ---- Jumps over zeros ----
 *
 * The register is a polynomial over GF(2), bit n the coefficient of x^n. A zero
 * byte multiplies it by x^8 modulo the CRC's polynomial. That is primitive, so
 * x^(2^32 - 1) = 1: exponents count modulo 2^32 - 1, where multiplying by 8 is
 * a rotation by three bits and negating is a complement. */

static uint32_t multiply(uint32_t a, uint32_t b)
{
    uint32_t product = 0;

    for (int bit = 31; bit >= 0; bit--) {
        product = product << 1 ^ (product >> 31 ? POLYNOMIAL : 0);
        if (b >> bit & 1)
            product ^= a;
    }
    return product;
}

static uint32_t multiply_by_power_of_x(uint32_t value, uint32_t exponent)
{
    uint32_t square = 2; /* x^1, then x^2, x^4, … */

    for (; exponent != 0; exponent >>= 1) {
        if (exponent & 1)
            value = multiply(value, square);
        square = multiply(square, square);
    }
    return value;
}

static uint32_t times_eight(uint32_t exponent)
{
    return exponent << 3 | exponent >> 29;
}

uint32_t ud_crc32_forward_zeros(uint32_t crc, uint32_t length)
{
    return multiply_by_power_of_x(crc, times_eight(length));
}

uint32_t ud_crc32_forward_unzeros(uint32_t crc, uint32_t length)
{
    return multiply_by_power_of_x(crc, ~times_eight(length));
}
