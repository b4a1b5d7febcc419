/* Where the firmware files of all nodes are: each has copies of its own of them (blobs.h).
 *
 * Bytes only: whoever gets a file holds it against its digest. Any thread may call; calls
 * may take seconds. Functions return 0, or -1 with a line in error, unless they say
 * otherwise.
 */
#ifndef SERVER_BLOBS_DEPOT_H
#define SERVER_BLOBS_DEPOT_H

#include "server/blobs/blobs.h"

#define DEPOT_ERROR_SIZE 200

/* Files that no release has are left alone for so long: it may be on its way. */
#define DEPOT_KEEP_MS INT64_C(86400000)

struct depot {
    const struct depot_class *class;
};

struct depot_class {
    const char *name; /* for people: where it is */
    /* 1 when it has the file, 0 when it has not. */
    int (*has)(struct depot *depot, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size,
               char error[DEPOT_ERROR_SIZE]);
    /* Reads the descriptor from its start. Durable on return; replaces what is there. */
    int (*put)(struct depot *depot, const uint8_t sha256[UD_SHA256_SIZE], int file, uint64_t size,
               char error[DEPOT_ERROR_SIZE]);
    int (*get)(struct depot *depot, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size,
               struct blob_upload *into, char error[DEPOT_ERROR_SIZE]);
    /* Removes what `is_wanted` does not know and what was not put in DEPOT_KEEP_MS. How
     * many, or -1. */
    int (*sweep)(struct depot *depot,
                 bool (*is_wanted)(void *ctx, const uint8_t sha256[UD_SHA256_SIZE]), void *ctx,
                 char error[DEPOT_ERROR_SIZE]);
    void (*close)(struct depot *depot);
};

/* A folder that all nodes have mounted; made if need be. Null on failure. */
struct depot *depot_folder_open(const char *path, char error[DEPOT_ERROR_SIZE]);

/* The database of a store of several nodes, which has brought its tables up to date: a URL
 * as for store_postgres, which outlives the depot. Null when memory is out. */
struct depot *depot_database_open(const char *location);

#endif
