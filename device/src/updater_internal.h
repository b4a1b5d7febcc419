/* What the updater's files share: the session is in updater.c, what is checked
 * before it commits in updater_check.c. */
#ifndef UPDRAFT_SRC_UPDATER_INTERNAL_H
#define UPDRAFT_SRC_UPDATER_INTERNAL_H

#include "updraft/updater.h"

#define UD_UPDATER_MODE_BYTE 2u /* of an image: its flash mode */

/* Checks the file that has arrived whole: who made it, for what, and whether it is in
 * flash as it was sent. *image_size becomes the bytes to commit. A key update is
 * carried out at once. */
UD_MUST_CHECK int ud_updater_check(struct ud_updater *updater, uint32_t *image_size);

#endif
