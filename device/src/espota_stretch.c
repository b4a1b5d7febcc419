#include "espota_parts.h"

#include "updraft/hex.h"

void ud_espota_stretch(struct ud_espota *espota, struct ud_pbkdf2 *key, uint32_t rounds,
                       uint32_t now_ms)
{
    char text[UD_ESPOTA_HEX_TEXT], nonce[UD_ESPOTA_HEX_TEXT];

    if (espota->state != UD_ESPOTA_STRETCHING)
        return;
    if (!espota->is_stretching) {
        ud_espota_own_hash(espota, text);
        ud_hex_encode(espota->said.nonce, UD_SHA256_SIZE, nonce);
        ud_espota_key_begin(key, espota->config.digest, text, nonce, espota->said.proof.cnonce);
        espota->is_stretching = true;
    }
    espota->last_event_ms = now_ms;
    if (ud_pbkdf2_step(key, rounds) > 0)
        return;
    ud_hex_encode(key->sum, UD_SHA256_SIZE, text);
    ud_espota_judge(espota, text, now_ms);
}
