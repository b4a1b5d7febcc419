#include "updraft/image_watch.h"

#include "image_internal.h"

#include <string.h>

static const struct ud_image_part *current_part(const struct ud_image *image)
{
    return &image->report.parts[image->part];
}

/* ---- The hash, of everything in front of it ---- */

static void hash_received(struct ud_image_watch *watch, struct ud_image *image,
                          const uint8_t *bytes, uint32_t length)
{
    const uint32_t at = UD_SHA256_SIZE - image->state_left;

    if (at == 0) {
        ud_digest_end(&watch->digest, watch->hash);
        watch->is_same_hash = true;
    }
    if (memcmp(watch->hash + at, bytes, length) != 0)
        watch->is_same_hash = false;
    if (length == image->state_left)
        image->report.hash = watch->is_same_hash ? UD_HASH_MATCH : UD_HASH_MISMATCH;
}

static void watch_hash(struct ud_image_watch *watch, struct ud_image *image, const uint8_t *bytes,
                       uint32_t length)
{
    /* Whether there will be one is known once the header is whole. */
    const bool may_end_in_hash =
        image->state == UD_IMAGE_HEADER || current_part(image)->header.hash_appended;

    if (watch->sha256 == NULL)
        return;
    if (image->position == 0)
        ud_digest_begin(&watch->digest, watch->sha256);
    if (image->state == UD_IMAGE_HASH)
        hash_received(watch, image, bytes, length);
    else if (may_end_in_hash)
        ud_digest_add(&watch->digest, bytes, length);
}

/* ---- The description, at the start of the first segment ---- */

static void describe(struct ud_image_watch *watch, struct ud_image *image, const uint8_t *bytes,
                     uint32_t length)
{
    const uint32_t start = current_part(image)->offset + UD_IMAGE_DESCRIPTION_OFFSET;
    const uint32_t end = start + UD_IMAGE_DESCRIPTION_SIZE;
    const uint32_t skip = image->position < start ? start - image->position : 0;

    if (length <= skip)
        return;
    const uint32_t position = image->position + skip;
    const uint32_t part = ud_min(length - skip, end - position);
    watch->is_describing =
        ud_image_description_take(&watch->description, position - start, bytes + skip, part);
    if (watch->is_describing && position + part == end) {
        image->report.has_description = true;
        watch->is_describing = false;
    }
}

static void watch_description(struct ud_image_watch *watch, struct ud_image *image,
                              const uint8_t *bytes, uint32_t length)
{
    const uint32_t data_end = image->position + image->state_left - current_part(image)->offset;

    if (image->state == UD_IMAGE_HEADER) { /* of the bootloader first, then the application's */
        memset(&watch->description, 0, sizeof watch->description);
        watch->is_describing = true;
    } else if (image->state == UD_IMAGE_DATA && image->segment_index == 0 && watch->is_describing &&
               data_end >= UD_IMAGE_DESCRIPTION_OFFSET + UD_IMAGE_DESCRIPTION_SIZE) {
        describe(watch, image, bytes, length);
    }
}

static void watch_piece(struct ud_image_watch *watch, struct ud_image *image, const uint8_t *bytes,
                        uint32_t length)
{
    watch_hash(watch, image, bytes, length);
    watch_description(watch, image, bytes, length);
}

void ud_image_watch_init(struct ud_image_watch *watch, const struct ud_digest_class *sha256)
{
    memset(watch, 0, sizeof *watch);
    watch->piece = watch_piece;
    watch->sha256 = sha256;
}
