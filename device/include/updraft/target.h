/* Where an update goes: the seam between the updater and flash layouts.
 *
 * The updater owns the session (order, buffer, digests, errors); a target owns
 * placement and the boot record. staging.h is the ESP8266's single slot.
 */
#ifndef UPDRAFT_TARGET_H
#define UPDRAFT_TARGET_H

#include "updraft/image.h"

#include <stdbool.h>
#include <stdint.h>

/* The numbers of U_FLASH and U_FS, which travel in espota invitations. */
enum ud_command { UD_COMMAND_FIRMWARE = 0, UD_COMMAND_FILESYSTEM = 100 };

#define UD_KEEP_FLASH_MODE 0xffu

struct ud_placement {
    uint32_t start;              /* flash address of the first byte, sector-aligned */
    uint32_t capacity;           /* bytes from start that may be erased and written */
    uint8_t flash_mode;          /* running mode byte to patch into an uncompressed
                                  * image's header, or UD_KEEP_FLASH_MODE */
    uint32_t max_output;         /* bytes a gzip file may become where it is decompressed to;
                                  * 0: nobody decompresses it */
    uint32_t max_flash_size;     /* largest flash size the new header may name; 0 = any */
    uint32_t running_flash_size; /* what the running image's header names; set even
                                  * when place fails with UD_ERR_FLASH_CONFIG */
};

struct ud_target_class {
    /* May an update start at all now? UD_ERR_BOOT_MODE if a restart would not
     * come back to the bootloader. */
    int (*ready)(void *ctx);
    /* Finds the place for `size` > 0 bytes without touching flash.
     * UD_ERR_FLASH_CONFIG, UD_ERR_SPACE, UD_ERR_COMMAND, or a flash error. */
    int (*place)(void *ctx, enum ud_command command, uint32_t size, struct ud_placement *placement);
    /* Called before the first erase: an earlier update that waits in this place
     * for the bootloader is withdrawn, as it is about to be overwritten.
     * UD_ERR_COMMIT if it cannot be. The file's first bytes are there, all of them or
     * one buffer, for a target that wants more of an image than its family; null: none
     * comes, what waits is only withdrawn. */
    int (*open)(void *ctx, const struct ud_placement *placement, const uint8_t *first,
                uint32_t length);
    /* Hands `size` verified bytes at placement->start to the bootloader. Until
     * it returns UD_OK the running image stays the one that boots. */
    int (*commit)(void *ctx, enum ud_command command, const struct ud_placement *placement,
                  uint32_t size);
};

struct ud_target {
    const struct ud_target_class *methods;
    void *ctx;
    enum ud_chip chip;  /* images for any other are refused */
    uint8_t part_count; /* images a firmware file must hold: 2 where the bootloader
                         * travels with the application, else 1 */
};

#endif
