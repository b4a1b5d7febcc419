/* Looks into a firmware file before it becomes a release: is it a sound image,
 * for which chip, and by which digests will devices that run it be known?
 */
#ifndef SERVER_RELEASE_INSPECT_H
#define SERVER_RELEASE_INSPECT_H

#include "server/model/release.h"

#include <stdint.h>

#define INSPECT_MESSAGE_SIZE 200

enum inspect_result {
    INSPECT_SOUND,
    INSPECT_REFUSED,  /* the message says what is wrong and what to do */
    INSPECT_NOT_READ, /* the file could not be read; the message says why */
};

/* Reads `size` bytes of the file from its start. The image is complete only
 * when the result is INSPECT_SOUND. */
enum inspect_result inspect_file(int file, uint64_t size, struct release_image *image,
                                 char message[INSPECT_MESSAGE_SIZE]);

/* The same for a file system, of which only the digests are known: `image` gets it as
 * its first file. */
enum inspect_result inspect_filesystem(int file, uint64_t size, struct release_image *image,
                                       char message[INSPECT_MESSAGE_SIZE]);

#endif
