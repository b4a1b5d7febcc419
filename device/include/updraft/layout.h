/* ESP8266 flash layouts: where the file system and the settings live.
 *
 *   0                  bootloader, application from 0x1000
 *   … fs_start         free: images are staged here, ending at fs_start
 *   fs_start … fs_end  file system
 *   size - 0x5000      EEPROM sector
 *   size - 0x4000      RF calibration sector
 *   size - 0x3000      three sectors of SDK parameters
 *
 * The rules are those of the Arduino core's layout generator, so that every
 * name in its menus gives the layout its linker script gives.
 */
#ifndef UPDRAFT_LAYOUT_H
#define UPDRAFT_LAYOUT_H

#include "updraft/error.h"

#include <stdint.h>

#define UD_LAYOUT_TAIL 0x5000u /* EEPROM, RF calibration, SDK parameters */

struct ud_layout {
    uint32_t flash_size;
    uint32_t fs_start; /* equal to fs_end when there is no file system */
    uint32_t fs_end;
    uint32_t eeprom;
    uint32_t max_sketch; /* bytes the linker allows for .irom0 and the rest */
};

/* Layout of a chip of flash_size bytes with fs_size bytes set aside for files.
 * UD_ERR_ARGUMENT for a flash size that is not 512 KB … 16 MB in powers of two,
 * or a file system that leaves no room for a program or, on chips above 1 MB,
 * would lie in the tail altogether. */
UD_MUST_CHECK int ud_layout_make(uint32_t flash_size, uint32_t fs_size, struct ud_layout *layout);

/* Layout from a menu name: flash size, then file system size, as "4M2M",
 * "1M64K", "512K0" or "4M". UD_ERR_ARGUMENT for anything else. */
UD_MUST_CHECK int ud_layout_parse(const char *name, struct ud_layout *layout);

/* The core's three "auto" maps, which choose by the real chip at boot. */
enum ud_layout_map { UD_MAP_OTA_FS, UD_MAP_MAX_FS, UD_MAP_NO_FS };
UD_MUST_CHECK int ud_layout_auto(uint32_t flash_size, enum ud_layout_map map,
                                 struct ud_layout *layout);

#endif
