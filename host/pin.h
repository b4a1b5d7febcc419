/* What pins a TLS server: SHA-256 over its public key (SubjectPublicKeyInfo in DER).
 * As text it is what curl has, "sha256//" and base64, or 64 hexadecimal digits.
 */
#ifndef HOST_PIN_H
#define HOST_PIN_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#define PIN_SIZE      32u
#define PIN_TEXT_SIZE 53u /* "sha256//…" with its NUL */

/* False when the text is neither form. */
bool pin_parse(const char *text, uint8_t pin[PIN_SIZE]);

/* In curl's form. Returns text. */
const char *pin_format(const uint8_t pin[PIN_SIZE], char text[PIN_TEXT_SIZE]);

/* False when OpenSSL fails. */
bool pin_of_key(EVP_PKEY *key, uint8_t pin[PIN_SIZE]);

#endif
