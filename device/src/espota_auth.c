#include "updraft/espota_auth.h"

#include "updraft/hex.h"

#include <string.h>

static void add_text(struct ud_digest *digest, const char *text)
{
    ud_digest_add(digest, text, (uint32_t)strlen(text));
}

void ud_espota_hash(const struct ud_digest_class *class, const char *password, char *hash)
{
    struct ud_digest digest;
    uint8_t bytes[UD_DIGEST_MAX_SIZE];

    ud_digest_begin(&digest, class);
    add_text(&digest, password);
    ud_digest_end(&digest, bytes);
    ud_hex_encode(bytes, class->size, hash);
}

void ud_espota_response(const struct ud_digest_class *class, const char *key, const char *nonce,
                        const char *cnonce, uint8_t *response)
{
    struct ud_digest digest;

    ud_digest_begin(&digest, class);
    add_text(&digest, key);
    add_text(&digest, ":");
    add_text(&digest, nonce);
    add_text(&digest, ":");
    add_text(&digest, cnonce);
    ud_digest_end(&digest, response);
}
