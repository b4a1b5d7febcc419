/* Secure Boot v2's signatures, behind an ESP32's image: what is in the blocks, and whether
 * they are right. Signing them is espsecure's.
 *
 * The image is filled up with FF to a multiple of 4096 bytes; a sector with up to three
 * blocks of 1216 bytes follows, each with its own public key:
 *
 *   +000 u8 E7, u8 02 RSA or 03 ECDSA, u8 1 for SHA-384, u8 0
 *   +004 digest of all that is before the sector: SHA-256, of P-384 SHA-384
 *        RSA-3072                            P-256, P-192             P-384
 *   +024 n, +1A4 e, +1A8 R² mod n,       +024 curve, +025 X, Y   +034 curve, +035 X, Y
 *        +328 -1/n mod 2³²
 *   +32C PSS of SHA-256, salt 32         +065 r, s               +095 r, s
 *   +4AC u32 CRC-32 of all before, then zeros
 *
 * Numbers are little-endian.
 */
#ifndef HOST_SECURE_BOOT_H
#define HOST_SECURE_BOOT_H

#include "host/file.h"
#include "host/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECURE_BOOT_BLOCKS     3u
#define SECURE_BOOT_KEY_DIGEST 32u /* bytes: what chips have in their eFuses */

enum secure_boot_verdict {
    SECURE_BOOT_GOOD,
    SECURE_BOOT_DAMAGED,      /* its CRC is wrong, or what it says of its key */
    SECURE_BOOT_OTHER_IMAGE,  /* it was made for another image, or this one was changed */
    SECURE_BOOT_WRONG,        /* the signature is not its key's */
    SECURE_BOOT_NOT_VERIFIED, /* P-192, which is not verified here */
};

struct secure_boot_block {
    const char *kind; /* "RSA-3072", "P-256", … */
    uint8_t key_digest[SECURE_BOOT_KEY_DIGEST];
    enum secure_boot_verdict verdict;
};

struct secure_boot {
    size_t count; /* 0: there is no such sector */
    struct secure_boot_block blocks[SECURE_BOOT_BLOCKS];
};

/* file: all of it; the image ends at image_end. */
void secure_boot_read(const struct file_bytes *file, size_t image_end, struct secure_boot *found);

/* The number of the first block made by this key, or found->count. */
size_t secure_boot_find(const struct secure_boot *found, const struct key *key);

/* "verified" and so on. */
const char *secure_boot_message(enum secure_boot_verdict verdict);

#endif
