/* Sees to it that the files of releases are on this node, and are what their names say.
 *
 * A thread of its own: it holds each file against its digest when it is first wanted and
 * once a day, fetches from the depot what is missing or damaged, and gives the depot what
 * it lacks.
 */
#ifndef SERVER_BLOBS_KEEPER_H
#define SERVER_BLOBS_KEEPER_H

#include "server/blobs/depot.h"
#include "server/model/release.h"

struct keeper;

struct keeper_config {
    struct blobs *blobs;
    struct depot *depot; /* null: there are no others' files */
    void *ctx;
    /* A file was found to be here, or not to be. On the keeper's thread. */
    void (*found)(void *ctx, const struct release *release, const struct release_file *file,
                  bool is_here);
    /* Does some release have the file? The same. */
    bool (*is_wanted)(void *ctx, const uint8_t sha256[UD_SHA256_SIZE]);
};

/* Config is copied. Null when memory is out. */
struct keeper *keeper_new(const struct keeper_config *config);

/* Wanted from now on; if it was before, it is looked at again. Waits for nothing. From any
 * thread, once there is a keeper, started or not. The release outlives the keeper. */
void keeper_want(struct keeper *keeper, const struct release *release,
                 const struct release_file *file);

/* False when there is no thread to be had. */
bool keeper_start(struct keeper *keeper);

/* Ends the thread, if there is one; what is wanted from then on is only noted. */
void keeper_stop(struct keeper *keeper);
void keeper_free(struct keeper *keeper);

#endif
