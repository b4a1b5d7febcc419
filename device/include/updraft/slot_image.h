/* Is what lies in a slot a program that may start on this chip? Asked by the boot
 * before it starts one, and by the library before it makes one the next to start.
 */
#ifndef UPDRAFT_SLOT_IMAGE_H
#define UPDRAFT_SLOT_IMAGE_H

#include "updraft/digest.h"
#include "updraft/flash.h"
#include "updraft/image.h"
#include "updraft/image_watch.h"
#include "updraft/partitions.h"

#include <stdint.h>

#define UD_SLOT_HEAD 40u /* bytes of an image that judging its head takes at most */

struct ud_slot_terms {
    const struct ud_digest_class *sha256;
    uint16_t chip_id;
    uint16_t revision;         /* of this chip, major * 100 + minor */
    uint32_t security_version; /* programs below it do not start; 0: all do */
};

/* An image that is or was verified, and what was found. */
struct ud_slot_image {
    struct ud_image parser;
    struct ud_image_watch watch;
};

/* Does a header suit this chip? secure_version: of the description, null without one.
 * type: that of the partition the image is for.
 * UD_ERR_CHIP      for another chip, or of no known one
 * UD_ERR_REVISION  for other revisions; only a program can be too old for one
 * UD_ERR_SECURITY  its security version is too low, or it names none */
UD_MUST_CHECK int ud_slot_judge_header(const struct ud_slot_terms *terms, uint8_t type,
                                       const struct ud_image_header *header,
                                       const uint32_t *secure_version);

/* What an image's first bytes say, UD_SLOT_HEAD of them or all there are.
 * UD_ERR_MAGIC: no image; UD_ERR_IMAGE: too short; and what the header says. */
UD_MUST_CHECK int ud_slot_judge_head(const struct ud_slot_terms *terms, uint8_t type,
                                     const uint8_t *bytes, uint32_t length);

/* Reads the whole image of a program or bootloader. Errors as above; UD_ERR_IMAGE
 * besides for damage, and for an image longer than its partition; UD_ERR_FLASH_*.
 * A bootloader's hash is not compared: flashing tools change its header. What was
 * found stays in *image. */
UD_MUST_CHECK int ud_slot_verify(const struct ud_slot_terms *terms, const struct ud_flash *flash,
                                 const struct ud_partition *partition, struct ud_slot_image *image);

#endif
