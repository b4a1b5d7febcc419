/* Makes ESP8266 firmware files: a bootloader image at 0, padded with AA to
 * 0x1000, and the application's image from there on, with its length and CRC
 * words filled in (updraft/image.h draws the formats).
 *
 * Files are byte for byte those of the Arduino core's packer. That includes the
 * application's XOR byte, which is computed before the two words are filled in:
 * it is in the range the CRC covers, nothing ever checks it, and a file that can
 * be compared with the original's is worth more than a second checksum.
 */
#ifndef HOST_PACK_H
#define HOST_PACK_H

#include "host/elf.h"
#include "host/file.h"

#include <stddef.h>
#include <stdint.h>

/* What stands between the bootloader's end and 0x1000. */
#define PACK_BOOT_PADDING 0xaau

struct pack_segment {
    uint32_t address;
    uint32_t length; /* bytes */
    const uint8_t *data;
    uint32_t padding; /* bytes of zeros behind them */
};

#define PACK_MAX_SEGMENTS 5u

struct pack_part {
    uint32_t entry;
    uint32_t segment_count;
    struct pack_segment segments[PACK_MAX_SEGMENTS];
};

/* Header bytes 2 and 3, the same in both images. */
struct pack_flash {
    uint8_t mode;      /* enum ud_flash_mode */
    uint8_t size_code; /* high nibble of byte 3 */
    uint8_t frequency_code;
};

enum pack_result {
    PACK_OK = 0,
    PACK_BOOT_TOO_LARGE,    /* with its headers and the two words, more than a sector */
    PACK_NO_ROOM_FOR_WORDS, /* first application segment shorter than the two words */
    PACK_TOO_LARGE,         /* more than the largest flash chip */
    PACK_NO_MEMORY,
};

/* Packs two parts into *file, whose data the caller frees. */
enum pack_result pack_firmware(const struct pack_flash *flash, const struct pack_part *boot,
                               const struct pack_part *app, struct file_bytes *file);

/* The sections of a linked bootloader (.text, .rodata) or application
 * (.irom0.text, .text, .text1, .data, .rodata) that are there, in this order.
 * ELF_NO_SECTION when there is none. The part points into the ELF file. */
enum elf_result pack_part_from_boot_elf(const struct elf *elf, struct pack_part *part);
enum elf_result pack_part_from_app_elf(const struct elf *elf, struct pack_part *part);

#endif
