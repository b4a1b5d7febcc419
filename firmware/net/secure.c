#include "firmware/net/secure.h"

#include "firmware/net/chance.h"

#include <string.h>

static bool take_anchor(struct secure_handshake *handshake, const struct secure_config *config)
{
    return config->ca == NULL ||
           ud_bearssl_anchor_read(&handshake->anchor, config->ca, config->ca_length) == UD_OK;
}

bool secure_prepare(struct secure *secure, const struct secure_config *config)
{
    struct secure_handshake *handshake = config->handshake;
    const struct ud_bearssl_tls_config tls = {
        .receive_buffer = secure->receive_buffer,
        .receive_size = sizeof secure->receive_buffer,
        .send_buffer = secure->send_buffer,
        .send_size = sizeof secure->send_buffer,
        .trust = &handshake->trust,
        .whom =
            {
                .anchors = &handshake->anchor,
                .anchor_count = config->ca != NULL ? 1 : 0,
                .pin = config->pin != NULL ? secure->pin : NULL,
                .past_s = config->built_s,
            },
    };
    uint8_t seed[UD_BEARSSL_TLS_SEED];

    if (!take_anchor(handshake, config))
        return false;
    if (config->pin != NULL)
        memcpy(secure->pin, config->pin, sizeof secure->pin);
    chance_bytes(seed, sizeof seed);
    const int error = ud_bearssl_tls_init(&secure->session, &tls, seed);
    memset(seed, 0, sizeof seed);
    secure->tls = ud_bearssl_tls(&secure->session);
    return error == UD_OK;
}
