/* Says what a file is that is plainly no firmware image. */
#ifndef SERVER_RELEASE_KIND_H
#define SERVER_RELEASE_KIND_H

#include <stddef.h>
#include <stdint.h>

#define KIND_BYTES 64 /* of a file's start that tell its kind */

/* Null when the bytes may start an image or a compressed one; otherwise one
 * line for people. */
const char *kind_objection(const uint8_t *start, size_t length);

#endif
