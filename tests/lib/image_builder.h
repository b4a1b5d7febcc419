/* Firmware images for tests, made from their fields.
 *
 * Nothing here uses the code under test: CRC and checksum are computed in the
 * plainest way and SHA-256 is OpenSSL's. updraft/image.h draws the formats.
 *
 *   struct image_firmware firmware = {.version = "1.1.0", .project = "demo"};
 *   struct image_bytes image = image_build_firmware(&firmware);
 *   … image.data, image.length …
 *   image_free(&image);
 *
 * Functions abort the program when memory runs out or a plan makes no sense, so
 * that tests need no error paths.
 */
#ifndef IMAGE_BUILDER_H
#define IMAGE_BUILDER_H

#include "updraft/image.h"

#include <stdbool.h>
#include <stdint.h>

/* The caller frees with image_free(). */
struct image_bytes {
    uint8_t *data;
    uint32_t length;
};

void image_free(struct image_bytes *image);

/* ---- Whole firmware files, from what a test cares about ---- */

enum image_words {
    IMAGE_WORDS_RIGHT = 0, /* length and CRC words as the stock packer fills them in */
    IMAGE_WORDS_ABSENT,    /* an older core's file: code where the words would be */
    IMAGE_WORDS_WRONG,     /* the right length, but a CRC that is off by one bit */
};

/* What all-zero means stands in parentheses. */
struct image_firmware {
    enum ud_chip chip;   /* UD_CHIP_ESP8266, UD_CHIP_ESP32 (ESP8266) */
    const char *version; /* of the description; null with project null: no description */
    const char *project;
    uint32_t size;           /* bytes of the first segment (8192); from 304, in fours */
    uint32_t seed;           /* of the program bytes */
    uint8_t flash_mode;      /* header byte 2 (QIO) */
    uint8_t flash_size_code; /* high nibble of header byte 3 (512 KB, on ESP32 1 MB) */
    uint8_t flash_frequency_code;

    /* ESP8266 */
    bool is_single;         /* the application alone, no bootloader before it */
    bool wants_trial;       /* its description asks the bootloader for one */
    enum image_words words; /* ignored when is_single */

    /* ESP32 */
    uint16_t chip_id;        /* (ESP32) 9 = ESP32-S3, … */
    bool has_no_hash;        /* no SHA-256 behind the checksum */
    uint32_t secure_version; /* of the description */
    uint16_t min_revision;   /* of the chip */
    uint16_t max_revision;   /* (no limit) */
};

struct image_bytes image_build_firmware(const struct image_firmware *firmware);

/* As gzip -9 makes it. */
struct image_bytes image_compress(const uint8_t *data, uint32_t length);

/* ---- The same from explicit segments ---- */

struct image_segment {
    uint32_t address; /* load address */
    uint32_t length;  /* bytes */
    const uint8_t *data;
};

struct image_part {
    uint8_t mode_byte; /* header byte 2 */
    uint8_t size_byte; /* header byte 3 */
    uint32_t entry;
    uint32_t segment_count;
    const struct image_segment *segments;
};

/* One ESP8266 image with a right checksum. */
struct image_bytes image_build_esp8266(const struct image_part *part);

/* Bootloader and application as one ESP8266 file. The first eight bytes of the
 * application's first segment become the words, unless they are ABSENT. Its
 * checksum is computed before that happens and so is stale, as in stock files. */
struct image_bytes image_build_two(const struct image_part *boot, const struct image_part *app,
                                   enum image_words words);

/* One ESP32 image; segment lengths are multiples of 4. */
struct image_bytes image_build_esp32(const struct image_part *part, uint16_t chip_id,
                                     bool has_hash);

/* Encodes the 256 bytes of a description. Texts longer than their fields are cut. */
void image_encode_description(uint8_t out[UD_IMAGE_DESCRIPTION_SIZE], const char *version,
                              const char *project);

/* Deterministic bytes; the same seed gives the same bytes. */
void image_fill(uint8_t *data, uint32_t length, uint32_t seed);

#endif
