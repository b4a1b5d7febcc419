/* Signed files: content || signature || u32 length of the signature.
 *
 * The length word is little-endian and does not count itself. An RSA signature is
 * PKCS#1 v1.5 over SHA-256, as long as the modulus; a P-256 one is r || s, 64 bytes.
 * The legacy form, of Arduino cores up to 2.5.2, pads the bare digest and does
 * not name the hash: RSA only.
 */
#ifndef HOST_SIGN_H
#define HOST_SIGN_H

#include "host/keys.h"

#include <stddef.h>
#include <stdint.h>

#define SIGN_LENGTH_WORD 4u

enum sign_form { SIGN_STANDARD, SIGN_LEGACY };

/* Makes the signed file of some content. 0 with signed_file->data for the caller
 * to free, or -1 with a line in error. */
int sign_content(const struct key *key, enum sign_form form, const struct file_bytes *content,
                 struct file_bytes *signed_file, char error[KEY_ERROR_SIZE]);

enum sign_verdict {
    SIGN_GOOD,
    SIGN_GOOD_LEGACY, /* this key's, in the legacy form */
    SIGN_GOOD_DER,    /* this key's, but DER, as openssl writes ECDSA: no device takes it */
    SIGN_WRONG,       /* a trailer fit for this key, whose signature is not its own over this */
    SIGN_ABSENT,      /* no trailer fit for this key */
};

/* Checks a signed file. *content_length becomes the bytes before the trailer, or
 * for SIGN_ABSENT all of them. */
enum sign_verdict sign_check(const struct key *key, const struct file_bytes *signed_file,
                             size_t *content_length);

/* Bytes of the signature a file's last word announces, when that many could be
 * one and are there, behind some content; else 0. */
size_t sign_announced_length(const struct file_bytes *file);

#endif
