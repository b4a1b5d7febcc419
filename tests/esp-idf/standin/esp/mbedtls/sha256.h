/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_MBEDTLS_SHA256_H
#define STANDIN_MBEDTLS_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* The one for chips with an engine, the larger one. */
typedef struct {
    uint32_t total[2];
    uint32_t state[8];
    unsigned char buffer[64];
    int first_block;
    int sha_state;
    int mode;
} mbedtls_sha256_context;

void mbedtls_sha256_init(mbedtls_sha256_context *context);
void mbedtls_sha256_free(mbedtls_sha256_context *context);
/* Whose state is in memory, wherever the source's is. */
void mbedtls_sha256_clone(mbedtls_sha256_context *clone, const mbedtls_sha256_context *source);
int mbedtls_sha256_starts(mbedtls_sha256_context *context, int is224);
int mbedtls_sha256_update(mbedtls_sha256_context *context, const unsigned char *input,
                          size_t length);
int mbedtls_sha256_finish(mbedtls_sha256_context *context, unsigned char *output);

#endif
