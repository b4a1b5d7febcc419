/* The manifest: what a signed file is for.
 *
 * A record of UD_MANIFEST_SIZE bytes under the file's signature: the last ones of
 * a raw file's content; in a gzip file, in the header's extra field. docs/trust.md
 * has the layout and why it lies where it does.
 */
#ifndef UPDRAFT_MANIFEST_H
#define UPDRAFT_MANIFEST_H

#include "updraft/error.h"
#include "updraft/flash.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_MANIFEST_SIZE         112u
#define UD_MANIFEST_GZIP_OFFSET  16u /* in a gzip file */
#define UD_MANIFEST_PRODUCT_MAX  64u
#define UD_MANIFEST_VERSION_MAX  32u
#define UD_MANIFEST_CHIP_ESP8266 0x8266u /* ESP32s by ESP-IDF's chip id */
#define UD_MANIFEST_CHIP_ANY     0xffffu

enum ud_manifest_kind { UD_MANIFEST_APPLICATION = 1, UD_MANIFEST_FILE_SYSTEM = 2 };

struct ud_manifest {
    enum ud_manifest_kind kind;
    uint16_t chip;
    uint32_t security_version;
    char product[UD_MANIFEST_PRODUCT_MAX + 1]; /* texts end with a NUL here; */
    char version[UD_MANIFEST_VERSION_MAX + 1]; /* in the record they need not */
};

/* UD_ERR_MANIFEST when the bytes are no manifest, or of another version or kind
 * than known here. */
UD_MUST_CHECK int ud_manifest_decode(const uint8_t bytes[UD_MANIFEST_SIZE],
                                     struct ud_manifest *manifest);

/* The record of a manifest. */
void ud_manifest_encode(const struct ud_manifest *manifest, uint8_t bytes[UD_MANIFEST_SIZE]);

/* A file in flash, without its signature. */
struct ud_manifest_file {
    const struct ud_flash *flash;
    uint32_t start;
    uint32_t size; /* bytes */
};

/* Finds and reads a file's manifest. UD_ERR_MANIFEST when it has none or another
 * version's; UD_ERR_FLASH_RANGE, UD_ERR_FLASH_READ. *is_inside: in a gzip header, so the
 * file is staged with it. */
UD_MUST_CHECK int ud_manifest_read(const struct ud_manifest_file *file,
                                   struct ud_manifest *manifest, bool *is_inside);

/* What a device demands of the files it takes. */
struct ud_manifest_terms {
    /* ud_manifest_judge(): named here, so that firmware without terms does not link it. */
    int (*judge)(const struct ud_manifest_terms *terms, enum ud_manifest_kind kind,
                 struct ud_manifest_file *file);
    const char *product; /* at most UD_MANIFEST_PRODUCT_MAX bytes */
    uint16_t chip;
    uint32_t security_version; /* the lowest taken */
    bool is_optional;          /* files without a manifest are taken too */
};

/* Judges a file that is to serve as `kind`; file->size becomes what is to be
 * staged. In this order: UD_ERR_FLASH_*, UD_ERR_MANIFEST, UD_ERR_PRODUCT, UD_ERR_CHIP,
 * UD_ERR_KIND, UD_ERR_SECURITY. */
UD_MUST_CHECK int ud_manifest_judge(const struct ud_manifest_terms *terms,
                                    enum ud_manifest_kind kind, struct ud_manifest_file *file);

#endif
