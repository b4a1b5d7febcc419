/* What an image holds beside its structure: the hash an ESP32's ends in, the
 * application's description, where its segments are. Read while the parser reads the
 * image, by who has room for it: a parser without a watch links none of this.
 */
#ifndef UPDRAFT_IMAGE_WATCH_H
#define UPDRAFT_IMAGE_WATCH_H

#include "updraft/digest.h"
#include "updraft/image.h"

#include <stdbool.h>
#include <stdint.h>

struct ud_image_watch {
    /* Called as each segment header is read; null, as it is from the start: no interest. */
    void (*segment)(void *ctx, const struct ud_image_segment *segment);
    void *ctx;
    struct ud_image_description description; /* zeros unless the report says it has one */

    /* The rest is private. */
    void (*piece)(struct ud_image_watch *watch, struct ud_image *image, const uint8_t *bytes,
                  uint32_t length);
    const struct ud_digest_class *sha256;
    struct ud_digest digest;
    uint8_t hash[UD_SHA256_SIZE];
    bool is_same_hash;
    bool is_describing; /* a description may lie in the first segment */
};

/* sha256: null: appended hashes stay UNCHECKED. Good for one stream after another. */
void ud_image_watch_init(struct ud_image_watch *watch, const struct ud_digest_class *sha256);

#endif
