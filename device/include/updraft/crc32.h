/* The two CRC-32s of these chips, both over polynomial 04C11DB7.
 *
 * "forward" (CRC-32/MPEG-2): most significant bit first, nothing reflected, no
 * final xor; "123456789" gives 0376E6E7. The boot command block and the image's
 * own CRC word use it.
 * "reflected" (zlib's): "123456789" gives CBF43926. gzip, otadata and our own
 * records use it.
 */
#ifndef UPDRAFT_CRC32_H
#define UPDRAFT_CRC32_H

#include <stdint.h>

#define UD_CRC32_FORWARD_START 0xffffffffu

/* Continues a forward CRC. Start with UD_CRC32_FORWARD_START; the value after
 * the last byte is the CRC. */
uint32_t ud_crc32_forward(uint32_t crc, const void *data, uint32_t length);

/* Continues a forward CRC over `length` zero bytes, in time logarithmic in
 * length. */
uint32_t ud_crc32_forward_zeros(uint32_t crc, uint32_t length);

/* Undoes ud_crc32_forward_zeros: the CRC before `length` zero bytes. */
uint32_t ud_crc32_forward_unzeros(uint32_t crc, uint32_t length);

/* Continues a reflected CRC. Start with 0; the value after each call is the
 * CRC of all bytes so far, as zlib's crc32(). */
uint32_t ud_crc32_reflected(uint32_t crc, const void *data, uint32_t length);

#endif
