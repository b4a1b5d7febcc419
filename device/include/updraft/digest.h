/* Digests as a port: MD5 and SHA-256 behind one const table each.
 *
 * The library computes no digest itself; device/port/bearssl has the tables.
 * A table carries its context's size, so a caller without a heap can hold any
 * of them in a struct ud_digest.
 */
#ifndef UPDRAFT_DIGEST_H
#define UPDRAFT_DIGEST_H

#include "updraft/error.h"

#include <stdint.h>

#define UD_MD5_SIZE            16u
#define UD_SHA256_SIZE         32u
#define UD_DIGEST_MAX_SIZE     32u
#define UD_DIGEST_CONTEXT_SIZE 128u /* bytes; no table's context_size is larger */

struct ud_digest_class {
    uint32_t size;         /* bytes of the digest */
    uint32_t context_size; /* bytes, at most UD_DIGEST_CONTEXT_SIZE */
    void (*begin)(void *context);
    void (*add)(void *context, const void *data, uint32_t length);
    void (*end)(void *context, uint8_t *digest);
};

struct ud_digest {
    const struct ud_digest_class *methods;
    union {
        uint64_t align;
        uint8_t bytes[UD_DIGEST_CONTEXT_SIZE];
    } context;
};

static inline void ud_digest_begin(struct ud_digest *digest, const struct ud_digest_class *methods)
{
    digest->methods = methods;
    methods->begin(digest->context.bytes);
}

static inline void ud_digest_add(struct ud_digest *digest, const void *data, uint32_t length)
{
    digest->methods->add(digest->context.bytes, data, length);
}

/* Writes methods->size bytes. The digest must be begun again before reuse. */
static inline void ud_digest_end(struct ud_digest *digest, uint8_t *out)
{
    digest->methods->end(digest->context.bytes, out);
}

#endif
