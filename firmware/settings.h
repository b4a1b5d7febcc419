/* What a device was told when it was set up, in the EEPROM sector: written by tools,
 * read by the firmware.
 *
 *   +00 u32 magic    54455355 ("USET")
 *   +04 u32 crc      reflected CRC-32 of what follows
 *   +08 u16 version  1
 *   +0A u16 length   bytes of the URL
 *   +0C u32 poll     seconds from one check-in to the next
 *   +10 u32 trial    seconds a program on trial has to reach its server; 0: no limit
 *   +14 u32 page     TCP port of the page for browsers; 0: none is served
 *   +18     URL      256 bytes, without a NUL, then zeros
 *   +118    pin      SHA-256 of the server's public key, for https; zeros: none
 */
#ifndef FIRMWARE_SETTINGS_H
#define FIRMWARE_SETTINGS_H

#include "updraft/digest.h"
#include "updraft/flash.h"

#include <stdint.h>

#define SETTINGS_MAGIC   0x54455355u
#define SETTINGS_VERSION 1u
#define SETTINGS_SIZE    312u
#define SETTINGS_URL_MAX 256u /* bytes, NUL included, as UD_PULL_URL_MAX */

struct settings {
    char url[SETTINGS_URL_MAX]; /* empty: asks no server */
    uint32_t poll_s;            /* at least 1 */
    uint32_t trial_s;
    uint16_t page_port;
    uint8_t pin[UD_SHA256_SIZE]; /* zeros: none */
};

/* UD_ERR_ARGUMENT for a URL that does not end, or no poll_s. */
UD_MUST_CHECK int settings_encode(const struct settings *settings, uint8_t bytes[SETTINGS_SIZE]);

/* UD_ERR_ARGUMENT for anything but what settings_encode() makes. */
UD_MUST_CHECK int settings_decode(const uint8_t bytes[SETTINGS_SIZE], struct settings *settings);

/* Those in flash at `address`. As above, or UD_ERR_FLASH_READ. */
UD_MUST_CHECK int settings_load(const struct ud_flash *flash, uint32_t address,
                                struct settings *settings);

#endif
