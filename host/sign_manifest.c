#include "host/sign_manifest.h"

#include "host/gzip.h"
#include "updraft/endian.h"
#include "updraft/image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int attach_behind(const uint8_t record[UD_MANIFEST_SIZE], const struct file_bytes *content,
                         struct file_bytes *out)
{
    uint8_t *data = malloc(content->length + UD_MANIFEST_SIZE);
    if (!data)
        return -ENOMEM;
    memcpy(data, content->data, content->length);
    memcpy(data + content->length, record, UD_MANIFEST_SIZE);
    *out = (struct file_bytes){data, content->length + UD_MANIFEST_SIZE};
    return 0;
}

static int attach(const struct ud_manifest *manifest, const struct file_bytes *content,
                  struct file_bytes *out)
{
    uint8_t record[UD_MANIFEST_SIZE];
    const struct gzip_subfield subfield = {{'U', 'D'}, record, sizeof record};
    ud_manifest_encode(manifest, record);
    return gzip_is(content) ? gzip_add_subfield(content, &subfield, out)
                            : attach_behind(record, content, out);
}

int manifest_attach(const struct ud_manifest *manifest, const struct file_bytes *content,
                    struct file_bytes *out, char error[KEY_ERROR_SIZE])
{
    struct ud_manifest old;
    bool is_inside;
    if (manifest_find(content, &old, &is_inside)) {
        snprintf(error, KEY_ERROR_SIZE, "it has a manifest already");
        return -1;
    }
    const int result = attach(manifest, content, out);
    if (result == 0)
        return 0;
    snprintf(error, KEY_ERROR_SIZE, "%s",
             result == -ENOMEM ? "out of memory" : "its gzip header has no room for a manifest");
    return -1;
}

/* Where a file's manifest is if it has one; null if it cannot have one. */
static const uint8_t *place_of(const struct file_bytes *content, bool *is_inside)
{
    const uint8_t *subfield = content->data + UD_MANIFEST_GZIP_OFFSET - 4;
    if (content->length <= UD_MANIFEST_SIZE)
        return NULL;
    *is_inside = gzip_is(content);
    if (!*is_inside)
        return content->data + content->length - UD_MANIFEST_SIZE;
    if (content->length < UD_MANIFEST_GZIP_OFFSET + UD_MANIFEST_SIZE || !(content->data[3] & 4) ||
        memcmp(subfield, "UD", 2) != 0 || ud_get_u16(subfield + 2) != UD_MANIFEST_SIZE)
        return NULL;
    return content->data + UD_MANIFEST_GZIP_OFFSET;
}

bool manifest_find(const struct file_bytes *content, struct ud_manifest *manifest, bool *is_inside)
{
    const uint8_t *record = place_of(content, is_inside);
    return record && ud_manifest_decode(record, manifest) == UD_OK;
}

const char *manifest_kind_name(enum ud_manifest_kind kind)
{
    return kind == UD_MANIFEST_APPLICATION ? "application" : "files";
}

const char *manifest_chip_name(uint16_t chip, char name[MANIFEST_CHIP_NAME_SIZE])
{
    const struct ud_image_header header = {
        .chip = chip == UD_MANIFEST_CHIP_ESP8266 ? UD_CHIP_ESP8266 : UD_CHIP_ESP32,
        .chip_id = chip,
    };
    snprintf(name, MANIFEST_CHIP_NAME_SIZE, "%s",
             chip == UD_MANIFEST_CHIP_ANY ? "any chip" : ud_image_chip_name(&header));
    return name;
}
