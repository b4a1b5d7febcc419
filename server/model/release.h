/* A release: one firmware image of a product, under a version. What changes after it
 * was published are its state, its channel and what operators say about it, and forms
 * of the image, compressed or signed, are added.
 */
#ifndef SERVER_MODEL_RELEASE_H
#define SERVER_MODEL_RELEASE_H

#include "server/model/names.h"
#include "updraft/digest.h"
#include "updraft/image.h"
#include "updraft/key.h"

#include <stdbool.h>
#include <stdint.h>

#define RELEASE_NOTES_SIZE     (NOTES_MAX + 1)
#define RELEASE_REASON_SIZE    161
#define RELEASE_FILE_NAME_SIZE 129 /* 128 characters and a NUL */
#define RELEASE_MD5S           4   /* one for each flash mode a device may patch in */
#define RELEASE_SHA256S        2   /* the appended hash, and the whole image's */
#define RELEASE_FS_FILES       2   /* of a file system: unsigned and signed */
#define RELEASE_FILES          4   /* plain and compressed, each unsigned and signed */

/* Every digest a device that runs the release may report of its sketch. */
struct release_digests {
    uint8_t md5_count;
    uint8_t sha256_count;
    uint8_t md5[RELEASE_MD5S][UD_MD5_SIZE];
    uint8_t sha256[RELEASE_SHA256S][UD_SHA256_SIZE];
};

/* One form of a release's image, as it is served. */
struct release_file {
    uint32_t size;         /* bytes */
    uint32_t inflate_lead; /* compressed only: bytes by which writing whole sectors gets ahead
                            * of reading at worst, when inflating in place; see content.h */
    bool compressed;
    bool is_signed;
    bool has_signer; /* the key that signed it is known */
    bool is_missing; /* not stored */
    uint8_t signer[UD_KEY_ID_SIZE];
    uint8_t md5[UD_MD5_SIZE];
    uint8_t sha256[UD_SHA256_SIZE];
};

/* What looking inside the file told. */
struct release_image {
    enum ud_chip chip;
    char chip_name[16];  /* "ESP32-C3" */
    uint8_t flash_mode;  /* as in the first header; enum ud_flash_mode when sound */
    uint32_t flash_size; /* bytes of flash the header asks for, 0 = unknown */
    uint32_t image_size; /* bytes in flash: inflated, manifest and signature cut off */
    uint8_t file_count;  /* at least 1 */
    struct release_file files[RELEASE_FILES]; /* the first is for devices that tell nothing of
                                               * what they take */
    uint8_t fs_count; /* of the file system that goes with the firmware; 0 = none */
    bool fs_first;    /* it is installed before the firmware, not after it */
    struct release_file fs[RELEASE_FS_FILES];
    struct release_digests digests;
    bool has_description;
    char project[33];
    char version[33];
    char sdk[33];
    char built[35]; /* date and time as the compiler wrote them */
};

/* The file with this digest, of a file system's too; null when it is none of the image's. */
const struct release_file *release_file_of(const struct release_image *image,
                                           const uint8_t sha256[UD_SHA256_SIZE]);

enum release_state {
    RELEASE_LIVE,
    RELEASE_DRAFT,     /* not offered yet */
    RELEASE_WITHDRAWN, /* never offered again */
    RELEASE_STATE_COUNT,
};

/* "live" and so on; null past the last. */
const char *release_state_name(enum release_state state);

struct release {
    uint32_t id;
    char product[NAME_SIZE];
    char version[VERSION_SIZE];
    char channel[NAME_SIZE]; /* last published on */
    char name[RELEASE_FILE_NAME_SIZE];
    int64_t published_ms; /* UTC, since 1970 */
    enum release_state state;
    char requires[VERSION_SIZE];      /* the oldest version to update from; "" = any */
    char notes[RELEASE_NOTES_SIZE];   /* for people, UTF-8 */
    char reason[RELEASE_REASON_SIZE]; /* why it was withdrawn */
    struct release_image image;
};

#endif
