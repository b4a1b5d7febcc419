#include "updraft/manifest.h"

#include "updraft/endian.h"

#include <string.h>

#define MAGIC   0x666d4455u /* "UDmf" */
#define VERSION 1u

/* Offsets in the record. */
enum {
    AT_MAGIC = 0,
    AT_FORMAT = 4,
    AT_KIND = 5,
    AT_CHIP = 6,
    AT_SECURITY = 8,
    AT_PRODUCT = 16,
    AT_VERSION = 80,
};
_Static_assert(AT_VERSION + UD_MANIFEST_VERSION_MAX == UD_MANIFEST_SIZE, "the record's layout");

int ud_manifest_decode(const uint8_t bytes[UD_MANIFEST_SIZE], struct ud_manifest *manifest)
{
    if (ud_get_u32(bytes + AT_MAGIC) != MAGIC || bytes[AT_FORMAT] != VERSION ||
        (bytes[AT_KIND] != UD_MANIFEST_APPLICATION && bytes[AT_KIND] != UD_MANIFEST_FILE_SYSTEM))
        return UD_ERR_MANIFEST;
    memset(manifest, 0, sizeof *manifest);
    manifest->kind = (enum ud_manifest_kind)bytes[AT_KIND];
    manifest->chip = ud_get_u16(bytes + AT_CHIP);
    manifest->security_version = ud_get_u32(bytes + AT_SECURITY);
    memcpy(manifest->product, bytes + AT_PRODUCT, UD_MANIFEST_PRODUCT_MAX);
    memcpy(manifest->version, bytes + AT_VERSION, UD_MANIFEST_VERSION_MAX);
    return UD_OK;
}

void ud_manifest_encode(const struct ud_manifest *manifest, uint8_t bytes[UD_MANIFEST_SIZE])
{
    memset(bytes, 0, UD_MANIFEST_SIZE);
    ud_put_u32(bytes + AT_MAGIC, MAGIC);
    bytes[AT_FORMAT] = VERSION;
    bytes[AT_KIND] = (uint8_t)manifest->kind;
    ud_put_u16(bytes + AT_CHIP, manifest->chip);
    ud_put_u32(bytes + AT_SECURITY, manifest->security_version);
    memcpy(bytes + AT_PRODUCT, manifest->product, strlen(manifest->product));
    memcpy(bytes + AT_VERSION, manifest->version, strlen(manifest->version));
}
