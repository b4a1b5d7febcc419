/* Keys that sign updates, and those that verify them: made, read, written, named.
 *
 * RSA of 1024 to 4096 bits, and ECDSA on P-256. Files are PEM or DER in any form
 * OpenSSL reads; those written are PEM, PKCS#8 and SubjectPublicKeyInfo.
 */
#ifndef HOST_KEYS_H
#define HOST_KEYS_H

#include "host/file.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_ERROR_SIZE 256
#define KEY_NAME_SIZE  16 /* "RSA-2048", "P-256" */
#define KEY_ID_SIZE    8  /* bytes */
#define KEY_ID_TEXT    17 /* 16 hexadecimal digits and a NUL */

enum key_kind { KEY_RSA, KEY_P256 };

struct key {
    EVP_PKEY *pkey; /* owned */
    enum key_kind kind;
    unsigned bits;
    size_t signature_length; /* bytes of a signature in a trailer */
    bool is_private;         /* can sign */
};

/* The kinds `updraft keygen` makes, by name: "rsa2048", "rsa3072", "p256". */
struct key_type {
    const char *name; /* null ends the list */
    enum key_kind kind;
    unsigned bits;
};
extern const struct key_type key_types[];

/* All return 0, or -1 with a line in error. A key that was filled in is to be
 * freed with key_free(). */
int key_generate(const struct key_type *type, struct key *key, char error[KEY_ERROR_SIZE]);

/* Reads a private key. One that is encrypted is opened with UPDRAFT_KEY_PASSWORD,
 * or, if that is not set, by asking on the terminal. */
int key_read_private(const char *path, struct key *key, char error[KEY_ERROR_SIZE]);

/* Reads a public key; a private key's file will do. */
int key_read_public(const char *path, struct key *key, char error[KEY_ERROR_SIZE]);

/* Reads a public key from memory, without asking anybody for anything. `name` is
 * what errors call it. */
int key_parse_public(const struct file_bytes *bytes, const char *name, struct key *key,
                     char error[KEY_ERROR_SIZE]);

/* Write new files, of mode 0600 and 0644; one that exists is left as it is, and an error. */
int key_write_private(const struct key *key, const char *path, char error[KEY_ERROR_SIZE]);
int key_write_public(const struct key *key, const char *path, char error[KEY_ERROR_SIZE]);

void key_free(struct key *key);

/* The public key as it travels: SubjectPublicKeyInfo in DER. Fills in *der, whose
 * data the caller frees. */
int key_der(const struct key *key, struct file_bytes *der, char error[KEY_ERROR_SIZE]);

/* What a key goes by: the first bytes of SHA-256 over its DER form. */
int key_id(const struct key *key, uint8_t id[KEY_ID_SIZE], char error[KEY_ERROR_SIZE]);

/* The id as text; "?" if OpenSSL fails. Returns text. */
const char *key_id_text(const struct key *key, char text[KEY_ID_TEXT]);

/* "RSA-2048", "P-256". Returns name. */
const char *key_name(const struct key *key, char name[KEY_NAME_SIZE]);

#endif
