/* Firmware image formats: ESP8266 and ESP32, read as a stream.
 *
 * An ESP8266 Arduino firmware file holds two images: the bootloader at 0,
 * padded with AA to 0x1000, and the application from there on. A file may also
 * hold a single image. An ESP32 application is one image with a longer header.
 * Whatever follows the last image (a signature) is counted, not read.
 *
 *   ESP8266 image                          ESP32 image
 *   0  u8  E9                              0..7 as ESP8266
 *   1  u8  segment count                   8  u8     wp pin      9 u8[3] drives
 *   2  u8  flash mode                      12 u16    chip id    14 u8    min rev (old)
 *   3  u8  flash size << 4 | frequency     15 u16    min rev    17 u16   max rev
 *   4  u32 entry address                   19 u8[4]  zero       23 u8    hash appended
 *   8  segments                            24 segments
 *
 *   segment: u32 load address, u32 length, data
 *   end:     zeros up to offset 15 mod 16, then one byte: EF xor every data byte
 *   ESP32:   then, if byte 23 is 1, SHA-256 of everything before it
 *
 * The application of an ESP8266 file carries its own length at file offset
 * 0x1010 and a forward CRC-32 at 0x1014, taken over the file with both words
 * zero. Its XOR byte was computed before those words were filled in and is
 * stale in every shipped file; only the bootloader part's is ever checked.
 *
 * How many images a file holds shows only after the first one has ended. If it
 * is an ESP8266's and ends at or before 0x1000, AA may follow up to there, and
 * then an E9 begins the second image. Other bytes are trailing, unless 16 or
 * more AA came before them: such a file was meant to hold two and is damaged. A
 * file that ends among the AA is cut and refused; cut exactly where the first
 * image ends it is a single image, and whoever needs an application behind a
 * bootloader looks at part_count.
 */
#ifndef UPDRAFT_IMAGE_H
#define UPDRAFT_IMAGE_H

#include "updraft/digest.h"
#include "updraft/error.h"
#include "updraft/flash.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_IMAGE_MAGIC       0xe9u
#define UD_IMAGE_GZIP_MAGIC0 0x1fu
#define UD_IMAGE_GZIP_MAGIC1 0x8bu

#define UD_IMAGE_APP_OFFSET         0x1000u /* application part of a two-image file */
#define UD_IMAGE_LENGTH_WORD_OFFSET 0x1010u
#define UD_IMAGE_CRC_WORD_OFFSET    0x1014u
#define UD_IMAGE_DESCRIPTION_OFFSET 0x20u /* from the start of the application's image */
#define UD_IMAGE_DESCRIPTION_SIZE   256u
#define UD_IMAGE_DESCRIPTION_MAGIC  0xabcd5432u
#define UD_IMAGE_TRIAL_OFFSET                                                                      \
    8u /* in the description: the first of two words ESP-IDF                                       \
        * leaves unused; this magic asks for a trial */
#define UD_IMAGE_TRIAL_MAGIC  0x4c495254u
#define UD_IMAGE_MAX_SEGMENTS 16u
#define UD_IMAGE_MAX_PARTS    2u

enum ud_chip {
    UD_CHIP_UNKNOWN = 0,
    UD_CHIP_ESP8266,
    UD_CHIP_ESP32,
};

enum ud_flash_mode { UD_MODE_QIO = 0, UD_MODE_QOUT = 1, UD_MODE_DIO = 2, UD_MODE_DOUT = 3 };

struct ud_image_header {
    enum ud_chip chip;
    uint8_t segment_count;
    uint8_t flash_mode;           /* byte 2 as it stands; enum ud_flash_mode when sound */
    uint8_t flash_size_code;      /* high nibble of byte 3; see ud_image_flash_size() */
    uint8_t flash_frequency_code; /* low nibble of byte 3 */
    uint32_t entry;

    /* ESP32 only, else 0. */
    uint16_t chip_id;
    uint16_t min_revision; /* major * 100 + minor */
    uint16_t max_revision; /* 0 or 65535: no limit */
    bool hash_appended;
};

struct ud_image_segment {
    uint8_t part;  /* 0, or 1 for the application of a two-image file */
    uint8_t index; /* within the part */
    uint32_t load_address;
    uint32_t length; /* bytes of data */
    uint32_t offset; /* of the data, from the start of the stream */
};

/* What a description says of the application. Texts are NUL-terminated here;
 * in the image they need not be. Layout: esp_app_desc_t of ESP-IDF. */
struct ud_image_description {
    uint32_t secure_version;
    char version[33];
    char project[33];
    char time[17];
    char date[17];
    char sdk[33];
    uint8_t elf_sha256[32];
};

struct ud_image_part {
    struct ud_image_header header;
    uint32_t offset; /* of the header, from the start of the stream */
    uint32_t end;    /* one past the checksum byte and, on ESP32, the appended hash */
    uint8_t checksum_stored;
    uint8_t checksum_computed;
};

enum ud_image_crc {
    UD_CRC_ABSENT, /* no words that fit: an older core's image, a single one or an ESP32's */
    UD_CRC_MATCH,
    UD_CRC_PATCHED, /* would match if header bytes 2 and 3, which flashing tools rewrite,
                     * were those of the application's header, as the packer had them */
    UD_CRC_MISMATCH,
};

enum ud_image_hash { UD_HASH_ABSENT, UD_HASH_UNCHECKED, UD_HASH_MATCH, UD_HASH_MISMATCH };

/* Everything learned from a stream; valid after ud_image_end() returned UD_OK,
 * and as far as it got after an error. */
struct ud_image_report {
    uint8_t part_count;      /* 1 or 2 */
    uint8_t built_mode_byte; /* header bytes 2 and 3 as the build had them: */
    uint8_t built_size_byte; /* meaningful when crc is MATCH or PATCHED */
    bool has_description;    /* it is in what watches, if something does */
    struct ud_image_part parts[UD_IMAGE_MAX_PARTS];
    uint32_t length;   /* bytes of all images with the padding between them */
    uint32_t trailing; /* bytes after that */
    enum ud_image_crc crc;
    enum ud_image_hash hash;
};

/* The application part: the last one. */
static inline const struct ud_image_part *ud_image_app(const struct ud_image_report *report)
{
    return &report->parts[report->part_count > 1 ? 1 : 0];
}

struct ud_image_watch;

/* The parser's state: fields are private, the size is public so that callers
 * can own it. */
struct ud_image {
    int error;
    uint32_t position;   /* bytes consumed */
    uint32_t state_left; /* bytes until the current state is complete */
    uint32_t crc;        /* forward CRC of what the CRC word covers, so far */
    uint32_t words[2];   /* as read at UD_IMAGE_LENGTH_WORD_OFFSET */
    union {
        uint8_t held[24]; /* the file's first bytes or a header, being collected */
        uint32_t held_words[2];
    };
    uint8_t held_length; /* bytes in held */
    uint8_t state;
    uint8_t part;
    uint8_t segment_index;
    uint8_t checksum;
    struct ud_image_watch *watch;
    struct ud_image_report report;
};

/* Starts a stream. watch: of image_watch.h, initialised, alive as long as the stream;
 * null: hashes stay UNCHECKED, and descriptions unread. */
void ud_image_begin(struct ud_image *image, struct ud_image_watch *watch);

/* Consumes the next bytes, in pieces of any size. Errors stick:
 * UD_ERR_MAGIC  the first byte is not E9
 * UD_ERR_IMAGE  impossible segment count or length, bytes that cannot follow, or
 *               more than 4 GiB */
UD_MUST_CHECK int ud_image_write(struct ud_image *image, const void *data, uint32_t length);

/* Ends the stream and judges it.
 * UD_OK         structure whole; the first image's checksum right (only a second
 *               one's is stale); hash right where checked; CRC words right where
 *               present
 * UD_ERR_NO_DATA nothing was written
 * UD_ERR_IMAGE  truncated, or one of the checks above failed */
UD_MUST_CHECK int ud_image_end(struct ud_image *image);

/* Decodes the first bytes of an image: 8 make an ESP8266 header; with 24 or
 * more an ESP32 one is told apart, as esptool does, by a known chip id at 12
 * and 0 or 1 at 23. Unlike esptool, both bytes of the id count, and 11 must not
 * be the top of a load address: else an ESP8266 image whose first segment has
 * the right length would pass for an ESP32's.
 * UD_ERR_MAGIC, or UD_ERR_IMAGE when length is below 8. */
UD_MUST_CHECK int ud_image_header_decode(const uint8_t *bytes, uint32_t length,
                                         struct ud_image_header *header);

/* Decodes UD_IMAGE_DESCRIPTION_SIZE bytes. UD_ERR_IMAGE without the magic. */
UD_MUST_CHECK int ud_image_description_decode(const uint8_t *bytes,
                                              struct ud_image_description *description);

/* Flash bytes a header's size code stands for, 0 for codes without a meaning.
 * The two chips number their sizes differently. The ESP8266's codes 5 and 6 are
 * esptool's 2 MB and 4 MB with another memory map. */
uint32_t ud_image_flash_size(enum ud_chip chip, uint8_t code);

/* "ESP8266", "ESP32", "ESP32-C3", … for a header; "unknown" otherwise. */
const char *ud_image_chip_name(const struct ud_image_header *header);

/* Length of the application in flash as ESP.getSketchSize() has it: hops over
 * the segments of the image at 0x1000 and returns (end + 16) & ~15, counted
 * from flash address 0, bootloader included. UD_ERR_IMAGE when there is no
 * image there or a segment leaves the chip. */
UD_MUST_CHECK int ud_image_sketch_size(const struct ud_flash *flash, uint32_t *size);

/* Reads the description of the image whose header is at flash address `image`.
 * UD_ERR_IMAGE when it has none. */
UD_MUST_CHECK int ud_image_read_description(const struct ud_flash *flash, uint32_t image,
                                            struct ud_image_description *description);

#endif
