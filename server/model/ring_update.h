/* A key update as a product has it published: one step of the rings of its devices
 * (docs/trust.md). Small enough to be kept with what is said of it.
 */
#ifndef SERVER_MODEL_RING_UPDATE_H
#define SERVER_MODEL_RING_UPDATE_H

#include "host/keys_update.h"
#include "server/model/names.h"
#include "updraft/digest.h"
#include "updraft/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The header, the largest key and the longest signature with its length word. */
#define RING_UPDATE_BYTES_MAX (80u + UD_KEY_DER_MAX + 512u + 4u)

struct ring_update {
    uint32_t id;
    char product[NAME_SIZE];
    uint32_t number; /* of the ring that has carried it out */
    enum key_update_action action;
    uint8_t key[UD_KEY_ID_SIZE]; /* that it is about */
    int64_t published_ms;        /* UTC, since 1970 */
    bool is_withdrawn;           /* not offered, and another may have its number */
    uint8_t sha256[UD_SHA256_SIZE];
    uint8_t md5[UD_MD5_SIZE];
    uint32_t length;
    uint8_t bytes[RING_UPDATE_BYTES_MAX]; /* the signed file */
};

/* Reads a file. Null, or what is wrong with it, for people. Sets all but the id and when it
 * was published; the product is "" when it is for any. */
const char *ring_update_read(const void *bytes, size_t length, struct ring_update *update);

#endif
