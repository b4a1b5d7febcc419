/* The ESP8266 bootloader's command block in RTC user memory.
 *
 * An updater leaves it, the bootloader reads it after the reset. It survives
 * every reset but power loss. 128 bytes at 0x60001200, words only:
 *
 *   +00 u32 magic     EB001000; compared under mask FFFFF000
 *   +04 u32 action    1 copy raw, FFFFFFFF load application
 *   +08 u32 args[29]  copy: source, destination, stored size (flash bytes)
 *                     load: flash base of the two-image file
 *   +7C u32 crc       forward CRC-32 of bytes 00..7B
 */
#ifndef UPDRAFT_EBOOT_H
#define UPDRAFT_EBOOT_H

#include "updraft/error.h"

#include <stdint.h>

#define UD_EBOOT_BLOCK_SIZE  128u
#define UD_EBOOT_BLOCK_WORDS 32u
#define UD_EBOOT_MAGIC       0xeb001000u
#define UD_EBOOT_MAGIC_MASK  0xfffff000u

enum ud_eboot_action {
    UD_EBOOT_COPY_RAW = 0x00000001,
    UD_EBOOT_LOAD_APP = -1, /* FFFFFFFF on the wire */
};

struct ud_eboot_command {
    enum ud_eboot_action action;
    uint32_t source;      /* copy: flash address the image was staged at */
    uint32_t destination; /* copy: flash address it goes to; load: base to load from */
    uint32_t size;        /* copy: stored bytes (compressed size when gzip); load: 0 */
};

/* Words 3..28 of args are written as zero. */
void ud_eboot_encode(const struct ud_eboot_command *command, uint8_t block[UD_EBOOT_BLOCK_SIZE]);

/* UD_ERR_STATE when the block holds no command: wrong magic, CRC or action. */
UD_MUST_CHECK int ud_eboot_decode(const uint8_t block[UD_EBOOT_BLOCK_SIZE],
                                  struct ud_eboot_command *command);

/* The RTC memory port. Offsets and lengths are bytes within the block, both
 * multiples of 4; data is word-aligned. 0 or negative, all or nothing. */
struct ud_rtc {
    void *ctx;
    int (*read)(void *ctx, uint32_t offset, void *data, uint32_t length);
    int (*write)(void *ctx, uint32_t offset, const void *data, uint32_t length);
};

/* Writes the block so that it is valid only when whole: the checksum word is
 * cleared first and written last. UD_ERR_COMMIT if the port fails. */
UD_MUST_CHECK int ud_eboot_store(const struct ud_rtc *rtc, const struct ud_eboot_command *command);

/* UD_ERR_STATE when there is no command, UD_ERR_FLASH_READ if the port fails. */
UD_MUST_CHECK int ud_eboot_load(const struct ud_rtc *rtc, struct ud_eboot_command *command);

/* Clears magic and checksum. UD_ERR_COMMIT if the port fails. */
UD_MUST_CHECK int ud_eboot_clear(const struct ud_rtc *rtc);

#endif
