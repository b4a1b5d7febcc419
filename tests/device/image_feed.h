/* Feeding the image parser in pieces, for its tests. */
#ifndef IMAGE_FEED_H
#define IMAGE_FEED_H

#include "updraft/image_watch.h"

#include <stdint.h>

#define FEED_MAX_SEGMENTS (UD_IMAGE_MAX_PARTS * UD_IMAGE_MAX_SEGMENTS)

/* What a parse led to; all bytes defined, so that two can be compared whole. */
struct feed {
    int error;
    struct ud_image_report report;
    struct ud_image_description description;
    uint32_t segment_count;
    struct ud_image_segment segments[FEED_MAX_SEGMENTS];
};

/* Feeds `first` bytes and then the rest in pieces of `piece`; SHA-256 checked. */
struct feed feed_split(const uint8_t *data, uint32_t length, uint32_t first, uint32_t piece);

/* Feeds all at once. */
struct feed feed_whole(const uint8_t *data, uint32_t length);

/* Feeds whole, byte by byte, in pieces of some sizes, at every split, and from
 * memory that ends where the data does; asserts that nothing differs. */
struct feed feed_every_way(const uint8_t *data, uint32_t length);

#endif
