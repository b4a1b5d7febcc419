/* Small help with text for people: strangers' bytes made fit for a terminal,
 * and the word somebody probably meant.
 */
#ifndef HOST_TEXT_H
#define HOST_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Replaces control characters by '?', in place: what devices and files say must
 * not move a cursor or start a new line. */
void text_clean(char *text);

/* Columns the text takes: characters of UTF-8, each counted as one. */
size_t text_width(const char *text);

/* Bytes for people: "4 MB", "256 KB", "4160 bytes". Exact, never rounded.
 * Returns out. */
#define TEXT_SIZE_MAX 28 /* the longest: 2^64 - 1 bytes */
const char *text_size(uint64_t size, char out[TEXT_SIZE_MAX]);

/* Chooses, from a series of candidates, the one nearest to a word. */
struct text_nearest {
    const char *word;
    const char *best; /* null while nothing is near enough to be a slip of the finger */
    size_t distance;
};

void text_nearest_begin(struct text_nearest *nearest, const char *word);
void text_nearest_offer(struct text_nearest *nearest, const char *candidate);

#endif
