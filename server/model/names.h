/* What products, groups, channels and versions may be called. */
#ifndef SERVER_MODEL_NAMES_H
#define SERVER_MODEL_NAMES_H

#include <stdbool.h>

#define NAME_SIZE    65 /* 64 characters and a NUL */
#define VERSION_SIZE 33 /* 32 characters, as in an image's description, and a NUL */

#define NOTES_MAX 1000

#define CHANNEL_DEFAULT "stable"

/* 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot: safe in paths, URLs
 * and headers as it stands. */
bool name_is_valid(const char *name);

/* 1 to 32 printable characters of ASCII, no spaces. */
bool version_is_valid(const char *version);

/* At most NOTES_MAX bytes, without control characters but line feeds and tabs. */
bool notes_are_valid(const char *notes);

#endif
