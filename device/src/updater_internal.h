/* What the updater's files share: the session is in updater.c, what is checked
 * before it commits in updater_check.c, how compressed files are looked into in
 * updater_gunzip.c. */
#ifndef UPDRAFT_SRC_UPDATER_INTERNAL_H
#define UPDRAFT_SRC_UPDATER_INTERNAL_H

#include "updraft/updater.h"

#define UD_UPDATER_MODE_BYTE 2u /* of an image: its flash mode */

/* What an image's first bytes say, up to `length` of them. UD_ERR_MAGIC, UD_ERR_CHIP,
 * UD_ERR_NEW_FLASH_CONFIG, or UD_ERR_IMAGE when there are too few. */
UD_MUST_CHECK int ud_updater_judge_header(struct ud_updater *updater, const uint8_t *bytes,
                                          uint32_t length);

/* The structure of an image that has been seen whole: UD_ERR_IMAGE. */
UD_MUST_CHECK int ud_updater_check_image(struct ud_updater *updater);

/* Checks the file that has arrived whole: who made it, for what, and whether it is in
 * flash as it was sent. *image_size becomes the bytes to commit. A key update is
 * carried out at once. */
UD_MUST_CHECK int ud_updater_check(struct ud_updater *updater, uint32_t *image_size);

#endif
