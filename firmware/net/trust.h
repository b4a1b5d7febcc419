/* Whose updates the device takes, and of which kind: the keys and terms of its settings,
 * and the key ring that key updates change.
 */
#ifndef FIRMWARE_NET_TRUST_H
#define FIRMWARE_NET_TRUST_H

#include "firmware/settings.h"
#include "updraft/image.h"
#include "updraft/keys.h"
#include "updraft/manifest.h"

#include <stdbool.h>
#include <stdint.h>

#define TRUST_STACK         8192u
#define TRUST_ABILITIES_MAX (sizeof "gzip retry" + UD_KEYS_TEXT_MAX)

struct trust {
    struct ud_keys keys;
    struct ud_verifier ring; /* the key ring's own */
    struct ud_verifier
        verifier; /* the same, on the stack below: curves go deeper than the core's */
    void *stack_top;
    struct ud_manifest_terms terms;
    char product[UD_MANIFEST_PRODUCT_MAX + 1];
    bool verifies;
    bool has_terms;
    uint32_t key_count;
    struct ud_key_der ders[SETTINGS_KEY_COUNT];
    uint32_t key_bytes[SETTINGS_KEYS_MAX / sizeof(uint32_t)];
};

/* Everything in config may go afterwards, but for flash. */
struct trust_config {
    const struct ud_flash *flash;
    const struct settings_place *place;
    const struct settings_record *record;
    const struct settings *settings;
    const struct ud_image_description *description; /* of the running program */
    void *stack_top; /* of TRUST_STACK bytes that are free when an update is verified; aligned to
                      * 16 bytes */
};

/* With keys in the settings that cannot be used, nothing is taken any more: someone was to
 * be trusted, and nobody can be. UD_ERR_FLASH_READ. trust must not be moved. */
UD_MUST_CHECK int trust_init(struct trust *trust, const struct trust_config *config);

/* For an updater's config; null: not asked for. */
const struct ud_verifier *trust_verifier(const struct trust *trust);
const struct ud_manifest_terms *trust_terms(const struct trust *trust);

/* False: a program that confirmed itself could not be updated any more. */
bool trust_has_keys_left(const struct trust *trust);

/* "gzip retry ring=0 keys=ID,ID", as the server wants to know it. */
void trust_abilities(const struct trust *trust, char text[TRUST_ABILITIES_MAX]);

#endif
