/* The key ring: who may sign updates.
 *
 * Trusted are the keys built into the firmware and those added in the field,
 * except the revoked ones. Key updates add and revoke; each is signed by a key
 * trusted before it. What they changed is kept in two sectors of flash, written
 * in turn, so that a power cut leaves the ring before an update or after it.
 * docs/trust.md has the layouts and the rules.
 */
#ifndef UPDRAFT_KEYS_H
#define UPDRAFT_KEYS_H

#include "updraft/flash.h"
#include "updraft/key.h"
#include "updraft/signature.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_KEYS_SECTORS 2u

/* UD_OK if the signature over the SHA-256 digest is this key's, else
 * UD_ERR_SIGNATURE. `length` is ud_key_signature_length(). A port. */
typedef int ud_key_verify(const struct ud_key *key, const uint8_t *digest, const uint8_t *signature,
                          uint32_t length);

struct ud_keys_config {
    const struct ud_key_der *built_in;
    uint32_t built_in_count;
    const struct ud_digest_class *sha256;
    ud_key_verify *rsa;           /* null: RSA keys are not taken, and none of it is linked */
    ud_key_verify *p256;          /* the same */
    const struct ud_flash *flash; /* null: the built-in keys are all there are, for ever */
    uint32_t address;             /* of UD_KEYS_SECTORS sectors that nothing else writes to */
    const char *product;          /* whose key updates are taken; null: only those for any */
};

struct ud_keys {
    struct ud_keys_config config;
    uint32_t number;  /* of the key update carried out last; 0: none */
    uint32_t entries; /* flash address of the record's entries */
    uint32_t length;  /* bytes of them */
};

/* Checks and copies config, whose pointers must outlive the ring, and reads the
 * record. UD_ERR_ARGUMENT for a built-in key that is none or of a kind not taken,
 * no built-in key at all, no SHA-256, or sectors that are not whole or not on the chip;
 * UD_ERR_FLASH_READ, since a revoked key must not come back because of that. */
UD_MUST_CHECK int ud_keys_init(struct ud_keys *keys, const struct ud_keys_config *config);

/* The verifier for an updater's config; keys must outlive it. It takes key updates
 * if the ring has flash, and then refuses with, in this order: UD_ERR_KEY_UPDATE,
 * UD_ERR_PRODUCT, UD_ERR_KEY_NUMBER, UD_ERR_KEY_UPDATE (about that key),
 * UD_ERR_LAST_KEY, UD_ERR_SPACE, or a flash error. After each of these the ring is as
 * it was; only if flash fails after the last byte has been written, the update counts
 * from the next ud_keys_init() on. */
struct ud_verifier ud_keys_verifier(struct ud_keys *keys);

/* Goes through the trusted keys. Begins all zero. */
struct ud_keys_cursor {
    int error; /* of flash, after ud_keys_next() has returned false */
    struct ud_key_der der;
    struct ud_key key;
    uint8_t id[UD_KEY_ID_SIZE];
    uint32_t index;                                    /* of built-in keys seen */
    uint32_t offset;                                   /* of entries seen */
    uint32_t bytes[UD_KEY_DER_MAX / sizeof(uint32_t)]; /* an added key's DER form */
};

/* The next trusted key, in der, key and id. False when there is none. */
bool ud_keys_next(const struct ud_keys *keys, struct ud_keys_cursor *cursor);

/* The bytes of the longest text below, its NUL included: three ids. */
#define UD_KEYS_TEXT_MAX 74u

/* " ring=2 keys=1804b9fb39ac8280,92ebb840dce2a791": what a device tells an update server of
 * its ring (docs/device-api.md), to be put behind other abilities. A ring without flash has no
 * number. With more than two keys three are told, which says just that. `text` is empty when
 * flash cannot be read. Returns text. */
const char *ud_keys_abilities(const struct ud_keys *keys, char text[UD_KEYS_TEXT_MAX]);

/* How many keys are trusted. Firmware on trial should not confirm when there are
 * none: it could not be updated any more. */
UD_MUST_CHECK int ud_keys_count(const struct ud_keys *keys, uint32_t *count);

#endif
