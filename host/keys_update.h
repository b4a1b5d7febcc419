/* Key updates: signed files that change which keys devices trust.
 *
 * docs/trust.md has the layout and what devices demand. Made here without their
 * signature; host/sign.h appends that.
 */
#ifndef HOST_KEYS_UPDATE_H
#define HOST_KEYS_UPDATE_H

#include "host/keys.h"

#include <stdint.h>

#define KEY_UPDATE_PRODUCT_MAX 64u

enum key_update_action { KEY_UPDATE_ADD = 1, KEY_UPDATE_REVOKE = 2 };

struct key_update {
    enum key_update_action action;
    uint32_t number;     /* one more than devices have carried out so far; from 1 */
    const char *product; /* "" for any; at most KEY_UPDATE_PRODUCT_MAX bytes */
    const struct key *subject;
};

/* 0 with content->data for the caller to free, or -1 with a line in error. */
int key_update_make(const struct key_update *update, struct file_bytes *content,
                    char error[KEY_ERROR_SIZE]);

/* What a key update says. */
struct key_update_facts {
    enum key_update_action action;
    uint32_t number;
    char product[KEY_UPDATE_PRODUCT_MAX + 1]; /* "" for any */
    uint8_t id[KEY_ID_SIZE];                  /* of the key it is about */
    size_t signature_length;                  /* bytes of the file's signature; 0 = none */
};

/* Reads a file, signed or not. False when it is no key update. */
bool key_update_read(const struct file_bytes *file, struct key_update_facts *facts);

#endif
