#include "trust.h"

#include <stddef.h>
#include <string.h>

static bool has_anchors(const struct ud_bearssl_trust *trust)
{
    return trust->config.anchor_count > 0;
}

static struct ud_bearssl_trust *of(const br_x509_class **methods)
{
    return (struct ud_bearssl_trust *)(void *)methods; /* its first member */
}

static void start_chain(const br_x509_class **ctx, const char *server_name)
{
    struct ud_bearssl_trust *trust = of(ctx);

    trust->certificates = 0;
    trust->is_pinned = false;
    if (has_anchors(trust))
        trust->as.chain.vtable->start_chain(&trust->as.chain.vtable, server_name);
}

static void start_cert(const br_x509_class **ctx, uint32_t length)
{
    struct ud_bearssl_trust *trust = of(ctx);

    trust->certificates++;
    ud_bearssl_certificate_begin(&trust->certificate);
    if (has_anchors(trust))
        trust->as.chain.vtable->start_cert(&trust->as.chain.vtable, length);
    else if (trust->certificates == 1)
        br_x509_decoder_init(&trust->as.alone, NULL, NULL);
}

static void set_time(br_x509_minimal_context *chain, const struct ud_bearssl_moment *moment)
{
    br_x509_minimal_set_time(chain, moment->days, moment->seconds);
}

/* BearSSL asks for a time as soon as it has seen a certificate's dates. */
static void make_up_time(struct ud_bearssl_trust *trust)
{
    const struct ud_bearssl_moment past = ud_bearssl_moment(trust->config.past_s);
    struct ud_bearssl_moment start;

    if (ud_bearssl_certificate_start(&trust->certificate, &start))
        set_time(&trust->as.chain, ud_bearssl_is_before(&start, &past) ? &past : &start);
}

/* BearSSL's decoder does not stop by itself: behind its first error it would run on past
 * its program, with what the other end sends. */
static void push_alone(br_x509_decoder_context *alone, const uint8_t *data, size_t length)
{
    if (alone->err == 0)
        br_x509_decoder_push(alone, data, length);
}

static void append(const br_x509_class **ctx, const unsigned char *data, size_t length)
{
    struct ud_bearssl_trust *trust = of(ctx);

    ud_bearssl_certificate_add(&trust->certificate, data, (uint32_t)length);
    if (has_anchors(trust)) {
        if (trust->config.now_s == 0)
            make_up_time(trust);
        trust->as.chain.vtable->append(&trust->as.chain.vtable, data, length);
    } else if (trust->certificates == 1) {
        push_alone(&trust->as.alone, data, length);
    }
}

static void end_cert(const br_x509_class **ctx)
{
    struct ud_bearssl_trust *trust = of(ctx);
    uint8_t pin[UD_SHA256_SIZE];

    if (trust->certificates == 1 && trust->config.pin != NULL)
        trust->is_pinned = ud_bearssl_certificate_pin(&trust->certificate, pin) &&
                           memcmp(pin, trust->config.pin, sizeof pin) == 0;
    if (has_anchors(trust))
        trust->as.chain.vtable->end_cert(&trust->as.chain.vtable);
}

static unsigned end_chain(const br_x509_class **ctx)
{
    struct ud_bearssl_trust *trust = of(ctx);

    if (ud_bearssl_trust_lacks_pin(trust))
        return BR_ERR_X509_NOT_TRUSTED;
    if (has_anchors(trust))
        return trust->as.chain.vtable->end_chain(&trust->as.chain.vtable);
    if (trust->certificates == 0)
        return BR_ERR_X509_EMPTY_CHAIN;
    return (unsigned)br_x509_decoder_last_error(&trust->as.alone);
}

static const br_x509_pkey *get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
    const struct ud_bearssl_trust *trust = (const struct ud_bearssl_trust *)(const void *)ctx;

    if (has_anchors(trust))
        return trust->as.chain.vtable->get_pkey(&trust->as.chain.vtable, usages);
    if (usages != NULL)
        *usages = BR_KEYTYPE_SIGN;
    return &trust->as.alone.pkey;
}

static const br_x509_class methods = {
    sizeof(struct ud_bearssl_trust), start_chain, start_cert, append, end_cert, end_chain, get_pkey,
};

/* What public CAs sign with. */
static void init_chain(struct ud_bearssl_trust *trust)
{
    br_x509_minimal_context *chain = &trust->as.chain;

    for (uint32_t i = 0; i < trust->config.anchor_count; i++)
        trust->anchors[i] = trust->config.anchors[i].anchor;
    br_x509_minimal_init(chain, &br_sha256_vtable, trust->anchors, trust->config.anchor_count);
    br_x509_minimal_set_hash(chain, br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_hash(chain, br_sha384_ID, &br_sha384_vtable);
    br_x509_minimal_set_rsa(chain, br_rsa_pkcs1_vrfy_get_default());
    br_x509_minimal_set_ecdsa(chain, br_ec_get_default(), br_ecdsa_vrfy_asn1_get_default());
    if (trust->config.now_s != 0) {
        const struct ud_bearssl_moment now = ud_bearssl_moment(trust->config.now_s);
        set_time(chain, &now);
    }
}

int ud_bearssl_trust_init(struct ud_bearssl_trust *trust,
                          const struct ud_bearssl_trust_config *config)
{
    if (config->anchor_count > UD_BEARSSL_ANCHORS_MAX ||
        (config->anchor_count == 0 && config->pin == NULL))
        return UD_ERR_ARGUMENT;
    memset(trust, 0, sizeof *trust);
    trust->methods = &methods;
    trust->config = *config;
    if (has_anchors(trust))
        init_chain(trust);
    return UD_OK;
}

bool ud_bearssl_trust_lacks_pin(const struct ud_bearssl_trust *trust)
{
    return trust->config.pin != NULL && trust->certificates > 0 && !trust->is_pinned;
}
