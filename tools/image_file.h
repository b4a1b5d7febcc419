/* A firmware file, taken apart for `updraft image`: what the other image_*.c
 * files print.
 */
#ifndef TOOLS_IMAGE_FILE_H
#define TOOLS_IMAGE_FILE_H

#include "host/file.h"
#include "host/secure_boot.h"
#include "host/sign.h"
#include "server/release/trailer.h"
#include "updraft/image.h"
#include "updraft/partitions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum image_container {
    CONTAINER_PLAIN, /* an image, as it goes to flash */
    CONTAINER_GZIP,  /* compressed; `image` is what is inside */
    CONTAINER_FLASH, /* the content of a whole flash chip */
};

#define IMAGE_FILE_MAX_SEGMENTS (UD_IMAGE_MAX_PARTS * UD_IMAGE_MAX_SEGMENTS)
#define IMAGE_FILE_PROBLEM_SIZE 160

struct image_file {
    const char *path;
    struct file_bytes file;
    uint8_t md5[UD_MD5_SIZE]; /* of the file */
    uint8_t sha256[UD_SHA256_SIZE];

    enum image_container container;
    struct file_bytes inflated; /* owned; empty unless CONTAINER_GZIP */
    struct ud_partition slot;   /* of an ESP32's whole flash: where the image is; size 0: none */
    struct ud_image_report report;
    struct ud_image_description description; /* when the report says it has one */
    struct ud_image_segment segments[IMAGE_FILE_MAX_SEGMENTS];
    size_t segment_count;

    uint64_t trailing;            /* bytes of the file after image or gzip member; 0 in a flash */
    struct trailer_parts trailer; /* what they hold, as far as that is known; a manifest may
                                   * also be in the gzip header */

    struct secure_boot secure_boot; /* an ESP32's own signatures */

    /* Of the key image_file_check_signature() was given. */
    struct image_signer {
        bool is_asked;
        enum sign_verdict verdict;
        char key_name[KEY_NAME_SIZE];
        char key_id[KEY_ID_TEXT];
    } signer;

    /* One line without the file's name; empty when the image is sound. */
    char problem[IMAGE_FILE_PROBLEM_SIZE];
};

/* Reads and judges. 0, or a negative errno when the file cannot be read. A file
 * that is no sound image is read all right: `problem` says what is wrong. Close
 * in any case. */
int image_file_open(struct image_file *image, const char *path);
void image_file_close(struct image_file *image);

/* Is the file signed by this key? Fills in `signer`, and sets `problem` if it is
 * not and nothing worse is wrong. */
void image_file_check_signature(struct image_file *image, const struct key *key);

/* The kind of key that makes signatures of this many bytes. Returns name. */
const char *image_signature_kind(uint32_t length, char name[KEY_NAME_SIZE]);

/* Bytes the application takes in flash, as ESP.getSketchSize() counts. */
uint32_t image_file_sketch_size(const struct image_file *image);

enum image_slots {
    IMAGE_SLOTS_NONE, /* no flash with a partition table */
    IMAGE_SLOTS_NOTHING_STARTS,
    IMAGE_SLOTS_STARTS, /* what is in *partition */
};

/* Which program starts from an ESP32's whole flash. */
enum image_slots image_find_slot(const struct file_bytes *file, struct ud_partition *partition);

/* "IRAM", "irom" and so on; null for an address without a name. */
const char *image_region_name(const struct ud_image_header *header, uint32_t address);

void image_print_text(const struct image_file *image);
int image_print_json(const struct image_file *image);

/* updraft image --pack. Paths not given are null. */
struct image_pack_options {
    const char *out;
    bool is_esp32;
    uint16_t esp32_chip; /* as image headers have it */
    const char *boot;    /* an ESP8266's */
    const char *app;
    const char *mode;
    const char *size;
    const char *frequency;
};

int image_pack(const struct image_pack_options *options);

#endif
