/* What the key ring's files share. keys.c says who is trusted, key_record.c keeps
 * in flash what the field changed, key_update.c changes it. */
#ifndef UPDRAFT_SRC_KEYS_INTERNAL_H
#define UPDRAFT_SRC_KEYS_INTERNAL_H

#include "updraft/keys.h"

#define UD_KEY_RECORD_HEAD 16u /* bytes before the entries */
#define UD_KEY_ENTRY_HEAD  4u  /* type and length */

enum ud_key_entry_type { UD_KEY_ADDED = 1, UD_KEY_REVOKED = 2 };

struct ud_key_entry {
    enum ud_key_entry_type type;
    uint32_t address; /* of its bytes in flash */
    uint32_t length;  /* bytes */
};

/* Bytes an entry of so many takes in a record. */
static inline uint32_t ud_key_entry_size(uint32_t length)
{
    return UD_KEY_ENTRY_HEAD + ((length + UD_FLASH_WORD - 1) & ~(UD_FLASH_WORD - 1));
}

/* Finds the record that counts and fills in number, entries and length; after an error
 * they are as they were. */
UD_MUST_CHECK int ud_key_record_load(struct ud_keys *keys);

/* The entry `*offset` bytes into the record, which moves on to the next one. False
 * at the end, or with *error set. */
bool ud_key_record_next(const struct ud_keys *keys, uint32_t *offset, struct ud_key_entry *entry,
                        int *error);

/* What the next record has beyond the one that counts. */
struct ud_key_change {
    struct ud_key_entry entry;    /* comes last; its address is in */
    const struct ud_flash *flash; /* this flash */
    uint32_t drop;                /* an entry left out: bytes into the record, */
    uint32_t drop_size;           /* and bytes of it; 0: none is */
};

/* Writes the next record and makes it the one that counts. UD_ERR_SPACE, or a flash
 * error; then the old one counts. */
UD_MUST_CHECK int ud_key_record_write(struct ud_keys *keys, const struct ud_key_change *change);

/* Has a key with this id been revoked? */
UD_MUST_CHECK int ud_keys_is_revoked(const struct ud_keys *keys, const uint8_t *id, bool *is);

/* Decodes a key, if it is of a kind the ring verifies. */
UD_MUST_CHECK int ud_keys_decode(const struct ud_keys *keys, const struct ud_key_der *der,
                                 struct ud_key *key);

/* Carries out a verified key update: update_keys of struct ud_verifier. */
int ud_keys_update(void *ctx, const struct ud_flash *flash, uint32_t start, uint32_t size);

#endif
