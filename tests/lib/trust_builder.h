/* Manifests and key updates for tests, put together from docs/trust.md; nothing
 * under test is used. */
#ifndef TRUST_BUILDER_H
#define TRUST_BUILDER_H

#include <stdint.h>

#define TRUST_MANIFEST_SIZE 112u
#define TRUST_HEAD_SIZE     80u
#define TRUST_UPDATE_MAX    2048u /* bytes of a signed key update; room for one too long */
#define TRUST_EXTRA_SIZE    118u  /* bytes a gzip header grows by */

enum { TRUST_APPLICATION = 1, TRUST_FILE_SYSTEM = 2 };
enum { TRUST_ADD = 1, TRUST_REVOKE = 2 };

/* What all-zero means stands in parentheses. */
struct trust_manifest {
    const char *product; /* ("lamp") */
    const char *version; /* ("1.4.0") */
    uint8_t kind;        /* (application) */
    uint16_t chip;       /* (ESP8266) */
    uint32_t security_version;
};

void trust_manifest(const struct trust_manifest *manifest, uint8_t out[TRUST_MANIFEST_SIZE]);

/* Puts a manifest into the header of a gzip member that has no extra field: data has
 * room for TRUST_EXTRA_SIZE bytes more. Returns the new length. */
uint32_t trust_put_inside(uint8_t *data, uint32_t length,
                          const uint8_t manifest[TRUST_MANIFEST_SIZE]);

struct trust_update {
    uint8_t action;
    uint32_t number;
    const char *product; /* null: for any */
    const uint8_t *body;
    uint32_t length;    /* bytes of it */
    const char *signer; /* "rsa2048": by that private key of the vectors; null: unsigned */
};

/* Writes the file; returns its bytes. */
uint32_t trust_update(const struct trust_update *update, uint8_t out[TRUST_UPDATE_MAX]);

#endif
