#include "updraft/manifest.h"

#include "updraft/endian.h"
#include "updraft/image.h"

#include <string.h>

/* In a gzip header. */
#define FLAGS_OFFSET    3u
#define FLAG_EXTRA      0x04u
#define SUBFIELD_OFFSET 12u
#define SUBFIELD_ID     0x4455u /* "UD" */

static bool is_gzip(const uint8_t *bytes)
{
    return bytes[0] == UD_IMAGE_GZIP_MAGIC0 && bytes[1] == UD_IMAGE_GZIP_MAGIC1;
}

/* Is the first subfield of the extra field a manifest's, by its name and length? */
static bool has_subfield(const uint8_t *header)
{
    return (header[FLAGS_OFFSET] & FLAG_EXTRA) != 0 &&
           ud_get_u16(header + SUBFIELD_OFFSET) == SUBFIELD_ID &&
           ud_get_u16(header + SUBFIELD_OFFSET + 2) == UD_MANIFEST_SIZE;
}

int ud_manifest_read(const struct ud_manifest_file *file, struct ud_manifest *manifest,
                     bool *is_inside)
{
    uint32_t words[UD_MANIFEST_SIZE / sizeof(uint32_t)];
    uint8_t *bytes = (uint8_t *)words;
    uint32_t offset = UD_MANIFEST_GZIP_OFFSET;

    if (file->size <= UD_MANIFEST_SIZE)
        return UD_ERR_MANIFEST;
    int error = ud_flash_read(file->flash, file->start, bytes, UD_MANIFEST_GZIP_OFFSET);
    if (error != UD_OK)
        return error;
    *is_inside = is_gzip(bytes);
    if (!*is_inside)
        offset = file->size - UD_MANIFEST_SIZE;
    else if (!has_subfield(bytes) || file->size - offset < UD_MANIFEST_SIZE)
        return UD_ERR_MANIFEST;
    error = ud_flash_read(file->flash, file->start + offset, bytes, UD_MANIFEST_SIZE);
    return error == UD_OK ? ud_manifest_decode(bytes, manifest) : error;
}

static bool is_same(const char *a, const char *b)
{
    const size_t length = strlen(a);

    return strlen(b) == length && memcmp(a, b, length) == 0;
}

/* Is what the manifest promises what the device wants? */
static int compare(const struct ud_manifest_terms *terms, enum ud_manifest_kind kind,
                   const struct ud_manifest *manifest)
{
    if (!is_same(manifest->product, terms->product))
        return UD_ERR_PRODUCT;
    if (manifest->chip != terms->chip && manifest->chip != UD_MANIFEST_CHIP_ANY)
        return UD_ERR_CHIP;
    if (manifest->kind != kind)
        return UD_ERR_KIND;
    return manifest->security_version >= terms->security_version ? UD_OK : UD_ERR_SECURITY;
}

int ud_manifest_judge(const struct ud_manifest_terms *terms, enum ud_manifest_kind kind,
                      struct ud_manifest_file *file)
{
    struct ud_manifest manifest;
    bool is_inside;
    int error = ud_manifest_read(file, &manifest, &is_inside);

    if (error == UD_ERR_MANIFEST && terms->is_optional)
        return UD_OK;
    if (error == UD_OK)
        error = compare(terms, kind, &manifest);
    if (error == UD_OK && !is_inside)
        file->size -= UD_MANIFEST_SIZE;
    return error;
}
