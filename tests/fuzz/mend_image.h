/* Firmware files are changed at random; what their packers compute would then be wrong in
 * all of them.
 */
#ifndef MEND_IMAGE_H
#define MEND_IMAGE_H

#include <stdint.h>

#define MEND_MAX 65536u /* bytes: of a longer file the CRC words stay as they are */

/* Puts checksums, CRC words and an appended hash right, as far as it is an image. */
void mend_image(uint8_t *data, uint32_t size);

#endif
