#include "keys_internal.h"

#include <stddef.h>
#include <string.h>

static ud_key_verify *verify_of(const struct ud_keys *keys, const struct ud_key *key)
{
    return key->kind == UD_KEY_RSA ? keys->config.rsa : keys->config.p256;
}

int ud_keys_decode(const struct ud_keys *keys, const struct ud_key_der *der, struct ud_key *key)
{
    const int error = ud_key_decode(der, key);

    return error == UD_OK && verify_of(keys, key) == NULL ? UD_ERR_ARGUMENT : error;
}

static bool is_place_sound(const struct ud_keys_config *config)
{
    const uint32_t room = UD_KEYS_SECTORS * UD_FLASH_SECTOR;

    if (config->flash == NULL)
        return true;
    return ud_flash_check(config->flash) == UD_OK && config->address % UD_FLASH_SECTOR == 0 &&
           config->flash->size >= room && config->address <= config->flash->size - room;
}

int ud_keys_init(struct ud_keys *keys, const struct ud_keys_config *config)
{
    struct ud_key key;

    if (config->built_in_count == 0 || config->sha256 == NULL || !is_place_sound(config))
        return UD_ERR_ARGUMENT;
    memset(keys, 0, sizeof *keys);
    keys->config = *config;
    for (uint32_t i = 0; i < config->built_in_count; i++)
        if (ud_keys_decode(keys, &config->built_in[i], &key) != UD_OK)
            return UD_ERR_ARGUMENT;
    return config->flash != NULL ? ud_key_record_load(keys) : UD_OK;
}

int ud_keys_is_revoked(const struct ud_keys *keys, const uint8_t *id, bool *is)
{
    uint32_t revoked[UD_KEY_ID_SIZE / sizeof(uint32_t)];
    struct ud_key_entry entry;
    uint32_t offset = 0;
    int error = UD_OK;

    *is = false;
    while (!*is && ud_key_record_next(keys, &offset, &entry, &error)) {
        if (entry.type != UD_KEY_REVOKED)
            continue;
        error = ud_flash_read(keys->config.flash, entry.address, revoked, sizeof revoked);
        if (error != UD_OK)
            return error;
        *is = memcmp(revoked, id, UD_KEY_ID_SIZE) == 0;
    }
    return error;
}

/* ---- one key after another ---- */

/* The next key that was added, into the cursor's bytes. */
static bool next_added(const struct ud_keys *keys, struct ud_keys_cursor *cursor)
{
    struct ud_key_entry entry;

    while (ud_key_record_next(keys, &cursor->offset, &entry, &cursor->error)) {
        if (entry.type != UD_KEY_ADDED)
            continue;
        cursor->error =
            ud_flash_read(keys->config.flash, entry.address, cursor->bytes, entry.length);
        cursor->der = (struct ud_key_der){(const uint8_t *)cursor->bytes, entry.length};
        return cursor->error == UD_OK;
    }
    return false;
}

static bool next_key(const struct ud_keys *keys, struct ud_keys_cursor *cursor)
{
    if (cursor->index == keys->config.built_in_count)
        return next_added(keys, cursor);
    cursor->der = keys->config.built_in[cursor->index++];
    return true;
}

/* Keys of a kind that firmware no longer verifies stay in the record, for the day
 * it goes back. */
bool ud_keys_next(const struct ud_keys *keys, struct ud_keys_cursor *cursor)
{
    bool is_revoked;

    while (next_key(keys, cursor)) {
        if (ud_keys_decode(keys, &cursor->der, &cursor->key) != UD_OK)
            continue;
        ud_key_id(keys->config.sha256, &cursor->der, cursor->id);
        cursor->error = ud_keys_is_revoked(keys, cursor->id, &is_revoked);
        if (cursor->error != UD_OK)
            return false;
        if (!is_revoked)
            return true;
    }
    return false;
}

int ud_keys_count(const struct ud_keys *keys, uint32_t *count)
{
    struct ud_keys_cursor cursor = {0};

    for (*count = 0; ud_keys_next(keys, &cursor);)
        ++*count;
    return cursor.error;
}

/* ---- the verifier ---- */

static int verify(void *ctx, const uint8_t *digest, const uint8_t *signature, uint32_t length)
{
    const struct ud_keys *keys = ctx;
    struct ud_keys_cursor cursor = {0};

    while (ud_keys_next(keys, &cursor))
        if (ud_key_signature_length(&cursor.key) == length &&
            verify_of(keys, &cursor.key)(&cursor.key, digest, signature, length) == UD_OK)
            return UD_OK;
    return cursor.error != UD_OK ? cursor.error : UD_ERR_SIGNATURE;
}

struct ud_verifier ud_keys_verifier(struct ud_keys *keys)
{
    return (struct ud_verifier){
        .ctx = keys,
        .digest = keys->config.sha256,
        .verify = verify,
        .update_keys = keys->config.flash != NULL ? ud_keys_update : NULL,
        .check = ud_signature_check,
    };
}
