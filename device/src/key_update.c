#include "keys_internal.h"

#include "updraft/endian.h"

#include <stddef.h>
#include <string.h>

#define MAGIC   0x756b4455u /* "UDku" */
#define VERSION 1u

enum { ADD = 1, REVOKE = 2 };

#define PRODUCT_SIZE 64u /* bytes, filled up with NUL */

/* Offsets in the file. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_ACTION = 5,
    AT_LENGTH = 6,
    AT_NUMBER = 8,
    AT_PRODUCT = 16,
    AT_BODY = AT_PRODUCT + PRODUCT_SIZE,
};

/* The trusted keys, as seen from one id. */
struct search {
    const uint8_t *id;
    bool is_trusted;
    uint32_t others;    /* trusted keys of another id */
    uint32_t drop;      /* where the key was added: bytes into the record, */
    uint32_t drop_size; /* and bytes of that entry; 0: it is built in */
};

static int search(const struct ud_keys *keys, struct search *search)
{
    struct ud_keys_cursor cursor = {0};

    while (ud_keys_next(keys, &cursor)) {
        if (memcmp(cursor.id, search->id, UD_KEY_ID_SIZE) != 0) {
            search->others++;
            continue;
        }
        search->is_trusted = true;
        if (cursor.der.bytes != (const uint8_t *)cursor.bytes)
            continue;
        search->drop_size = ud_key_entry_size(cursor.der.length);
        search->drop = cursor.offset - search->drop_size;
    }
    return cursor.error;
}

/* The id of the key to be added, if it is one the ring can use. */
static int read_new_id(const struct ud_keys *keys, const struct ud_key_change *change,
                       uint8_t id[UD_KEY_ID_SIZE])
{
    uint32_t bytes[UD_KEY_DER_MAX / sizeof(uint32_t)];
    const struct ud_key_der der = {(const uint8_t *)bytes, change->entry.length};
    struct ud_key key;

    if (der.length > sizeof bytes)
        return UD_ERR_KEY_UPDATE;
    const int error = ud_flash_read(change->flash, change->entry.address, bytes, der.length);
    if (error != UD_OK)
        return error;
    if (ud_keys_decode(keys, &der, &key) != UD_OK)
        return UD_ERR_KEY_UPDATE;
    ud_key_id(keys->config.sha256, &der, id);
    return UD_OK;
}

static int add(struct ud_keys *keys, struct ud_key_change *change)
{
    uint8_t id[UD_KEY_ID_SIZE];
    struct search known = {.id = id};
    bool is_revoked;
    int error = read_new_id(keys, change, id);

    if (error == UD_OK)
        error = search(keys, &known);
    if (error == UD_OK)
        error = ud_keys_is_revoked(keys, id, &is_revoked);
    if (error != UD_OK)
        return error;
    if (known.is_trusted || is_revoked)
        return UD_ERR_KEY_UPDATE;
    change->entry.type = UD_KEY_ADDED;
    return ud_key_record_write(keys, change);
}

static int revoke(struct ud_keys *keys, struct ud_key_change *change)
{
    uint8_t id[UD_KEY_ID_SIZE];
    struct search known = {.id = id};
    int error = UD_ERR_KEY_UPDATE;

    if (change->entry.length == sizeof id)
        error = ud_flash_read(change->flash, change->entry.address, id, sizeof id);
    if (error == UD_OK)
        error = search(keys, &known);
    if (error != UD_OK)
        return error;
    if (!known.is_trusted)
        return UD_ERR_KEY_UPDATE;
    if (known.others == 0)
        return UD_ERR_LAST_KEY;
    change->entry.type = UD_KEY_REVOKED;
    change->drop = known.drop;
    change->drop_size = known.drop_size;
    return ud_key_record_write(keys, change);
}

/* No product stands for all. */
static bool is_for(const uint8_t *field, const char *product)
{
    if (field[0] == 0)
        return true;
    const size_t length = product != NULL ? strlen(product) : 0;
    return length > 0 && length <= PRODUCT_SIZE && memcmp(field, product, length) == 0 &&
           (length == PRODUCT_SIZE || field[length] == 0);
}

/* What a file's head says, and whether the file may be carried out next. */
static int judge_head(const struct ud_keys *keys, const uint8_t *head, uint32_t size)
{
    if (ud_get_u32(head + AT_MAGIC) != MAGIC || head[AT_VERSION] != VERSION ||
        ud_get_u16(head + AT_LENGTH) != size - AT_BODY)
        return UD_ERR_KEY_UPDATE;
    if (!is_for(head + AT_PRODUCT, keys->config.product))
        return UD_ERR_PRODUCT;
    return ud_get_u32(head + AT_NUMBER) == keys->number + 1 ? UD_OK : UD_ERR_KEY_NUMBER;
}

int ud_keys_update(void *ctx, const struct ud_flash *flash, uint32_t start, uint32_t size)
{
    struct ud_keys *keys = ctx;
    uint32_t words[AT_BODY / sizeof(uint32_t)];
    const uint8_t *head = (const uint8_t *)words;
    struct ud_key_change change = {
        .flash = flash,
        .entry = {.address = start + AT_BODY, .length = size - AT_BODY},
    };

    if (size <= AT_BODY)
        return UD_ERR_KEY_UPDATE;
    int error = ud_flash_read(flash, start, words, sizeof words);
    if (error == UD_OK)
        error = judge_head(keys, head, size);
    if (error != UD_OK)
        return error;
    switch (head[AT_ACTION]) {
    case ADD:
        return add(keys, &change);
    case REVOKE:
        return revoke(keys, &change);
    default:
        return UD_ERR_KEY_UPDATE;
    }
}
