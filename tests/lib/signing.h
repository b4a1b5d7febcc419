/* Keys from tests/vectors/signing, to verify with and to sign with. */
#ifndef SIGNING_H
#define SIGNING_H

#include "device/port/bearssl/rsa.h"

#include <stdint.h>
#include <stdio.h>

struct signing_key {
    uint8_t modulus[UD_RSA_MAX_MODULUS];
    uint8_t exponent[8];
    struct ud_rsa_key key; /* points into this struct, so it must not be moved */
    struct ud_verifier verifier;
};

/* Opens a file of the vectors. Aborts the program when it is not there. */
FILE *signing_open(const char *name);

/* Loads a public key, "rsa2048.pub". Aborts the program on any failure. */
void signing_load(struct signing_key *key, const char *name);

/* Signs data with a private key, "rsa2048.key": writes the trailer, signature and
 * length word, to `trailer` and returns its bytes. */
uint32_t signing_trailer(const char *name, const void *data, uint32_t length, uint8_t *trailer);

#endif
