/* Firmware files by SHA-256: written once, whole, and never changed.
 *
 * DIR/<64 hex digits> are the files; DIR/incoming/ holds those still being
 * received. A file gets its name by a rename after it was synced, so a name
 * that is there stands for all of its bytes.
 */
#ifndef SERVER_BLOBS_BLOBS_H
#define SERVER_BLOBS_BLOBS_H

#include "updraft/digest.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blobs;

/* Beside the errnos of files: all of it was read, and it is not what its name says. */
#define BLOB_DAMAGED (-EBADMSG)
struct blob_upload;

/* Opens or creates the directory and removes what interrupted uploads left in
 * it. 0 with *blobs set, or a negative errno. */
int blobs_open(const char *directory, struct blobs **blobs);
/* The same for a folder that other servers use, too: only what was left for a day goes. */
int blobs_open_shared(const char *directory, struct blobs **blobs);
void blobs_close(struct blobs *blobs);

/* Starts receiving a file. 0 or a negative errno. Threads may share blobs, not
 * an upload. */
int blob_upload_begin(struct blobs *blobs, struct blob_upload **upload);

/* 0 or a negative errno; the first error sticks, and commit returns it: what was written is lost
 * then, though the size counts it. It need not be in the file before blob_upload_finish(). */
int blob_upload_write(struct blob_upload *upload, const void *data, size_t length);

/* All that was written is in the file now; more may follow. The same returns. */
int blob_upload_finish(struct blob_upload *upload);

/* Writes all of a file, from its start, and finishes. The same returns. */
int blob_upload_copy(struct blob_upload *upload, int file);

/* For looking at what was finished: a descriptor open for reading and writing. Belongs to the
 * upload. */
int blob_upload_file(const struct blob_upload *upload);
uint64_t blob_upload_size(const struct blob_upload *upload);

/* Makes the file durable under the name of its digest. 0 or a negative errno.
 * The upload is to be ended all the same. */
int blob_upload_commit(struct blob_upload *upload, const uint8_t sha256[UD_SHA256_SIZE]);

/* Frees the upload and, unless it was committed, what it received. */
void blob_upload_end(struct blob_upload *upload);

/* Opens a file for reading. A descriptor, or a negative errno: -ENOENT when it
 * is not there, BLOB_DAMAGED when its size or its bytes are not those it was stored
 * with. Reads all of it when it has not since the start, or the file was touched since. */
int blob_open(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size);

/* The same, but nobody looks at the bytes. */
int blob_find(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size);

/* Reads a stored file whatever was seen before: is it what its name says? 0, -ENOENT,
 * BLOB_DAMAGED when it is not, or another negative errno when it cannot be read, which may pass. */
int blob_check(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE], uint64_t size);

/* Of such an errno: is it the file that is the trouble, for all who ask, and not this process,
 * which has no descriptor or no memory left for a moment? */
bool blob_is_lost(int error);

/* The SHA-256 of a file's bytes. 0 or a negative errno. */
int blob_digest(int file, uint8_t sha256[UD_SHA256_SIZE]);

/* Gives a damaged file the name DIGEST.damaged, for somebody to look at, in place of one that may
 * have that name. 0 or a negative errno. Who has it open goes on reading it. */
int blob_set_aside(const struct blobs *blobs, const uint8_t sha256[UD_SHA256_SIZE]);

/* Removes the files that `is_wanted` does not know. Returns how many, or a
 * negative errno. Only while nobody publishes; younger than `keep_s` seconds they stay. */
int blobs_sweep(const struct blobs *blobs, unsigned keep_s,
                bool (*is_wanted)(void *ctx, const uint8_t sha256[UD_SHA256_SIZE]), void *ctx);

#endif
