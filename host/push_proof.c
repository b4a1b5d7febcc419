#include "device/port/bearssl/digest.h"
#include "host/push.h"
#include "updraft/espota_auth.h"
#include "updraft/hex.h"

#include <stdio.h>
#include <string.h>

/* DK: one derivation of ten thousand rounds, some milliseconds here. */
static void derive(const char *nonce, const char *cnonce, const char *hash,
                   char text[UD_ESPOTA_HEX_TEXT])
{
    struct ud_pbkdf2 key;

    ud_espota_key_begin(&key, &ud_sha256, hash, nonce, cnonce);
    ud_pbkdf2_step(&key, UD_ESPOTA_ROUNDS);
    ud_hex_encode(key.sum, UD_SHA256_SIZE, text);
}

void push_proof(const char *nonce, const char *cnonce, const char *password, bool by_md5,
                char proof[2 * UD_ESPOTA_HEX_TEXT + 8])
{
    const bool is_sha256 = strlen(nonce) == 2 * UD_SHA256_SIZE;
    const struct ud_digest_class *digest = is_sha256 ? &ud_sha256 : &ud_md5;
    uint8_t response[UD_DIGEST_MAX_SIZE];
    char key[UD_ESPOTA_HEX_TEXT], text[UD_ESPOTA_HEX_TEXT];

    ud_espota_hash(by_md5 ? &ud_md5 : digest, password, key);
    if (is_sha256) {
        memcpy(text, key, sizeof text);
        derive(nonce, cnonce, text, key);
    }
    ud_espota_response(digest, key, nonce, cnonce, response);
    ud_hex_encode(response, digest->size, text);
    snprintf(proof, 2 * UD_ESPOTA_HEX_TEXT + 8, "200 %s %s\n", cnonce, text);
}
