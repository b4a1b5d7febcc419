#include "updraft/espota_auth.h"

#include <string.h>

void ud_espota_key_begin(struct ud_pbkdf2 *key, const struct ud_digest_class *sha256,
                         const char *hash, const char *nonce, const char *cnonce)
{
    ud_pbkdf2_begin(key, sha256, hash, (uint32_t)strlen(hash));
    ud_pbkdf2_salt(key, nonce, (uint32_t)strlen(nonce));
    ud_pbkdf2_salt(key, ":", 1);
    ud_pbkdf2_salt(key, cnonce, (uint32_t)strlen(cnonce));
    ud_pbkdf2_start(key, UD_ESPOTA_ROUNDS);
}
