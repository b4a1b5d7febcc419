/* Keys from tests/vectors/signing, to verify with and to sign with. */
#ifndef SIGNING_H
#define SIGNING_H

#include "updraft/keys.h"

#include <stdint.h>
#include <stdio.h>

/* A ring of one key. Points into itself, so it must not be moved. */
struct signing_key {
    uint8_t bytes[UD_KEY_DER_MAX];
    struct ud_key_der der;
    struct ud_keys keys;
    struct ud_verifier verifier;
};

/* Opens a file of the vectors. Aborts the program when it is not there. */
FILE *signing_open(const char *name);

/* Reads a file of the vectors, "trust/ring-1.bin", into bytes; returns its length. Aborts
 * the program when it is not there or larger than `room`. */
uint32_t signing_vector(const char *path, uint8_t *bytes, uint32_t room);

/* The DER form of a public key, "rsa2048.pub", in `bytes`; returns its length. Aborts
 * the program on any failure. */
uint32_t signing_der(const char *name, uint8_t bytes[UD_KEY_DER_MAX]);

/* Makes a ring of a public key. Aborts the program on any failure. */
void signing_load(struct signing_key *key, const char *name);

/* Signs data with a private key, "rsa2048.key" or "p256.key": writes the trailer,
 * signature and length word, to `trailer` and returns its bytes. */
uint32_t signing_trailer(const char *name, const void *data, uint32_t length, uint8_t *trailer);

/* The same in the form of Arduino cores up to 2.5.2; RSA only. */
uint32_t signing_legacy_trailer(const char *name, const void *data, uint32_t length,
                                uint8_t *trailer);

#endif
