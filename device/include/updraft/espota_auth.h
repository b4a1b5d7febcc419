/* Proof of the password in an upload: what receiver and uploader both compute.
 *
 *   MD5      (ESP8266)          response = MD5(H ":" nonce ":" cnonce)
 *   SHA-256  (ESP32 from 3.3.1) response = SHA256(DK ":" nonce ":" cnonce),
 *                               DK = PBKDF2-HMAC-SHA256(H, nonce ":" cnonce, 10000 rounds)
 *
 * H is the digest of the password. H, DK, nonce and cnonce are texts of lower-case
 * hexadecimal digits; for SHA-256, H may also be the password's MD5.
 */
#ifndef UPDRAFT_ESPOTA_AUTH_H
#define UPDRAFT_ESPOTA_AUTH_H

#include "updraft/digest.h"
#include "updraft/pbkdf2.h"

#include <stdint.h>

#define UD_ESPOTA_ROUNDS   10000u
#define UD_ESPOTA_HEX_TEXT (2 * UD_DIGEST_MAX_SIZE + 1) /* bytes that hold any of the texts */

/* H of a password. */
void ud_espota_hash(const struct ud_digest_class *digest, const char *password, char *hash);

/* Starts on DK; ud_pbkdf2_step() goes on, and the text of key->sum is DK. */
void ud_espota_key_begin(struct ud_pbkdf2 *key, const struct ud_digest_class *sha256,
                         const char *hash, const char *nonce, const char *cnonce);

/* Writes digest->size bytes. `key` is H for MD5, DK for SHA-256. */
void ud_espota_response(const struct ud_digest_class *digest, const char *key, const char *nonce,
                        const char *cnonce, uint8_t *response);

#endif
