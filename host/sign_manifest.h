/* Manifests in files: what a signed file is for (updraft/manifest.h). */
#ifndef HOST_SIGN_MANIFEST_H
#define HOST_SIGN_MANIFEST_H

#include "host/file.h"
#include "host/keys.h"
#include "updraft/manifest.h"

#define MANIFEST_CHIP_NAME_SIZE 16

/* Makes the file with a manifest: behind a raw one, in the header of a gzip one.
 * It is yet to be signed. 0 with out->data for the caller to free, or -1 with a
 * line in error. */
int manifest_attach(const struct ud_manifest *manifest, const struct file_bytes *content,
                    struct file_bytes *out, char error[KEY_ERROR_SIZE]);

/* Finds the manifest of a file without its signature. *is_inside: in a gzip
 * header, not behind. False when there is none. */
bool manifest_find(const struct file_bytes *content, struct ud_manifest *manifest, bool *is_inside);

/* "application", "files". */
const char *manifest_kind_name(enum ud_manifest_kind kind);

/* "ESP8266", "ESP32-S3", "any chip". Returns name. */
const char *manifest_chip_name(uint16_t chip, char name[MANIFEST_CHIP_NAME_SIZE]);

#endif
