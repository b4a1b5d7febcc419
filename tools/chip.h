/* The content of an ESP8266's whole flash chip, put together from files. Who
 * calls has nothing to report: what goes wrong has been said on stderr.
 */
#ifndef TOOLS_CHIP_H
#define TOOLS_CHIP_H

#include "updraft/layout.h"

#include <stdint.h>

struct chip {
    const char *layout_name;
    struct ud_layout layout;
    uint8_t *bytes; /* layout.flash_size of them; where nothing was placed, FF */
};

enum chip_bootloader {
    CHIP_OWN_BOOTLOADER,   /* the one in the application's file, made for this chip */
    CHIP_OTHER_BOOTLOADER, /* chip_add_boot() brings one */
};

/* An erased chip. EXIT_OK, or an exit status. Free in any case. */
int chip_init(struct chip *chip, const char *layout_name);
void chip_free(struct chip *chip);

/* A file with bootloader and application, .bin or .bin.gz, at address 0. */
int chip_add_app(struct chip *chip, const char *path, enum chip_bootloader bootloader);

/* Sector 0: the first image of a file, whether or not another follows. After
 * chip_add_app(). */
int chip_add_boot(struct chip *chip, const char *path);

/* A file system image, where the layout has its files. */
int chip_add_fs(struct chip *chip, const char *path);

#endif
