#include "tls.h"

#include <string.h>

/* Forward secrecy and authenticated encryption; first what is quick without help from
 * the hardware. */
static const uint16_t suites[] = {
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
};

static br_ssl_engine_context *engine_of(struct ud_bearssl_tls *tls)
{
    return &tls->client.eng;
}

/* BearSSL's questions change nothing but take no const. */
static br_ssl_engine_context *asked(const void *ctx)
{
    return (br_ssl_engine_context *)(uintptr_t) & ((const struct ud_bearssl_tls *)ctx)->client.eng;
}

static void set_algorithms(br_ssl_client_context *client)
{
    br_ssl_engine_context *engine = &client->eng;

    br_ssl_client_zero(client);
    br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(engine, suites, sizeof suites / sizeof suites[0]);
    br_ssl_engine_set_default_rsavrfy(engine);
    br_ssl_engine_set_default_ecdsa(engine);
    br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_hash(engine, br_sha384_ID, &br_sha384_vtable);
    br_ssl_engine_set_prf_sha256(engine, &br_tls12_sha256_prf);
    br_ssl_engine_set_default_chapol(engine);
    br_ssl_engine_set_default_aes_gcm(engine);
    br_ssl_engine_add_flags(engine, BR_OPT_NO_RENEGOTIATION);
}

int ud_bearssl_tls_init(struct ud_bearssl_tls *tls, const struct ud_bearssl_tls_config *config,
                        const uint8_t seed[UD_BEARSSL_TLS_SEED])
{
    if (config->receive_buffer == NULL || config->receive_size < UD_BEARSSL_TLS_RECEIVE_MIN ||
        config->send_buffer == NULL || config->send_size < UD_BEARSSL_TLS_SEND_MIN ||
        config->trust == NULL)
        return UD_ERR_ARGUMENT;
    memset(tls, 0, sizeof *tls);
    tls->config = *config;
    memcpy(tls->seed, seed, sizeof tls->seed);
    return ud_bearssl_trust_init(config->trust, &config->whom);
}

void ud_bearssl_tls_set_time(struct ud_bearssl_tls *tls, uint64_t now_s)
{
    tls->config.whom.now_s = now_s;
}

/* ---- For drivers ---- */

static int begin(void *ctx, const char *host)
{
    struct ud_bearssl_tls *tls = ctx;
    br_ssl_engine_context *engine = engine_of(tls);
    const int error = ud_bearssl_trust_init(tls->config.trust, &tls->config.whom);

    if (error != UD_OK)
        return error;
    tls->lacks_pin = false;
    set_algorithms(&tls->client);
    br_ssl_engine_set_buffers_bidi(engine, tls->config.receive_buffer, tls->config.receive_size,
                                   tls->config.send_buffer, tls->config.send_size);
    br_ssl_engine_set_x509(engine, &tls->config.trust->methods);
    br_ssl_engine_inject_entropy(engine, tls->seed, sizeof tls->seed);
    if (!br_ssl_client_reset(&tls->client, host, 0))
        return UD_ERR_TLS;
    br_hmac_drbg_generate(&engine->rng, tls->seed, sizeof tls->seed);
    return UD_OK;
}

static unsigned want(const void *ctx)
{
    const unsigned state = br_ssl_engine_current_state(asked(ctx));
    static const struct {
        unsigned theirs;
        unsigned ours;
    } rows[] = {
        {BR_SSL_SENDREC, UD_TLS_SEND},  {BR_SSL_RECVREC, UD_TLS_RECEIVE},
        {BR_SSL_SENDAPP, UD_TLS_WRITE}, {BR_SSL_RECVAPP, UD_TLS_READ},
        {BR_SSL_CLOSED, UD_TLS_CLOSED},
    };
    unsigned want = 0;

    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (state & rows[i].theirs)
            want |= rows[i].ours;
    return want;
}

static const void *send_buffer(const void *ctx, uint32_t *length)
{
    size_t count = 0;
    const void *bytes = br_ssl_engine_sendrec_buf(asked(ctx), &count);

    *length = bytes != NULL ? (uint32_t)count : 0;
    return bytes;
}

static void sent(void *ctx, uint32_t length)
{
    if (length > 0)
        br_ssl_engine_sendrec_ack(engine_of(ctx), length);
}

static void *receive_buffer(void *ctx, uint32_t *length)
{
    size_t count = 0;
    void *bytes = br_ssl_engine_recvrec_buf(engine_of(ctx), &count);

    *length = bytes != NULL ? (uint32_t)count : 0;
    return bytes;
}

/* What the trust found is asked for at once: its memory may serve others later. */
static void received(void *ctx, uint32_t length)
{
    struct ud_bearssl_tls *tls = ctx;

    if (length == 0)
        return;
    br_ssl_engine_recvrec_ack(engine_of(tls), length);
    if (br_ssl_engine_last_error(engine_of(tls)) == BR_ERR_X509_NOT_TRUSTED)
        tls->lacks_pin = ud_bearssl_trust_lacks_pin(tls->config.trust);
}

static void *write_buffer(void *ctx, uint32_t *length)
{
    size_t count = 0;
    void *bytes = br_ssl_engine_sendapp_buf(engine_of(ctx), &count);

    *length = bytes != NULL ? (uint32_t)count : 0;
    return bytes;
}

static void written(void *ctx, uint32_t length)
{
    if (length > 0)
        br_ssl_engine_sendapp_ack(engine_of(ctx), length);
}

static void flush(void *ctx)
{
    br_ssl_engine_flush(engine_of(ctx), 0);
}

static const void *read_buffer(const void *ctx, uint32_t *length)
{
    size_t count = 0;
    const void *bytes = br_ssl_engine_recvapp_buf(asked(ctx), &count);

    *length = bytes != NULL ? (uint32_t)count : 0;
    return bytes;
}

static void read(void *ctx, uint32_t length)
{
    if (length > 0)
        br_ssl_engine_recvapp_ack(engine_of(ctx), length);
}

static void close(void *ctx)
{
    br_ssl_engine_close(engine_of(ctx));
}

static int error(const void *ctx)
{
    const struct ud_bearssl_tls *tls = ctx;

    switch (br_ssl_engine_last_error(asked(ctx))) {
    case BR_ERR_OK:
        return UD_OK;
    case BR_ERR_TOO_LARGE:
    case BR_ERR_BAD_LENGTH:
        return UD_ERR_TLS_RECORD;
    case BR_ERR_X509_EXPIRED:
    case BR_ERR_X509_TIME_UNKNOWN:
        return UD_ERR_TLS_DATE;
    case BR_ERR_X509_BAD_SERVER_NAME:
        return UD_ERR_TLS_NAME;
    case BR_ERR_X509_NOT_TRUSTED:
        return tls->lacks_pin ? UD_ERR_TLS_PIN : UD_ERR_TLS_TRUST;
    case BR_ERR_X509_BAD_SIGNATURE:
    case BR_ERR_X509_DN_MISMATCH:
    case BR_ERR_X509_NOT_CA:
        return UD_ERR_TLS_TRUST;
    default:
        return UD_ERR_TLS;
    }
}

struct ud_tls ud_bearssl_tls(struct ud_bearssl_tls *tls)
{
    static const struct ud_tls_methods methods = {
        begin,   want,  send_buffer, sent, receive_buffer, received, write_buffer,
        written, flush, read_buffer, read, close,          error,
    };

    return (struct ud_tls){&methods, tls};
}
