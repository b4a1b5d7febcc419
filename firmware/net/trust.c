#include "firmware/net/trust.h"

#include "bearssl/digest.h"
#include "bearssl/keys.h"
#include "esp8266-rom/rom.h"
#include "firmware/net/stack.h"

#include <string.h>

/* ---- Keys ---- */

/* False: there is no room for all of them, and then none is trusted. */
static bool copy_keys(struct trust *trust, const struct settings_record *record)
{
    uint8_t *bytes = (uint8_t *)trust->key_bytes;
    uint32_t left = sizeof trust->key_bytes;
    struct settings_item item;
    uint32_t offset = 0;

    while (settings_record_next(record, &offset, &item)) {
        if (item.tag != SETTINGS_KEY)
            continue;
        if (item.length > left || trust->key_count == SETTINGS_KEY_COUNT)
            return false;
        memcpy(bytes, item.bytes, item.length);
        trust->ders[trust->key_count++] = (struct ud_key_der){bytes, item.length};
        bytes += item.length;
        left -= item.length;
    }
    return true;
}

static int verify_nothing(void *ctx, const uint8_t *digest, const uint8_t *signature,
                          uint32_t length)
{
    (void)ctx;
    (void)digest;
    (void)signature;
    (void)length;
    return UD_ERR_SIGNATURE;
}

static void trust_nobody(struct trust *trust)
{
    ets_printf("the trusted keys in its settings cannot be used: takes no updates\n");
    trust->verifies = true;
    trust->verifier = (struct ud_verifier){
        .digest = &ud_sha256, .verify = verify_nothing, .check = ud_signature_check};
    trust->key_count = 0;
}

/* ---- Verifying, on a stack of its own ---- */

struct call {
    const struct ud_verifier *ring;
    const struct ud_flash *flash; /* of a key update; null: a signature is verified */
    const uint8_t *digest;
    const uint8_t *signature;
    uint32_t start;
    uint32_t length;
    int result;
};

static void carry_out(void *argument)
{
    struct call *call = argument;
    const struct ud_verifier *ring = call->ring;

    if (call->flash != NULL)
        call->result = ring->update_keys(ring->ctx, call->flash, call->start, call->length);
    else
        call->result = ring->verify(ring->ctx, call->digest, call->signature, call->length);
}

static int verify(void *ctx, const uint8_t *digest, const uint8_t *signature, uint32_t length)
{
    const struct trust *trust = ctx;
    struct call call = {
        .ring = &trust->ring, .digest = digest, .signature = signature, .length = length};

    stack_call(carry_out, &call, trust->stack_top);
    return call.result;
}

static int update_keys(void *ctx, const struct ud_flash *flash, uint32_t start, uint32_t size)
{
    const struct trust *trust = ctx;
    struct call call = {.ring = &trust->ring, .flash = flash, .start = start, .length = size};

    stack_call(carry_out, &call, trust->stack_top);
    return call.result;
}

/* ---- The ring ---- */

static int open_ring(struct trust *trust, const struct trust_config *config)
{
    const struct ud_keys_config ring = {
        .built_in = trust->ders,
        .built_in_count = trust->key_count,
        .sha256 = &ud_sha256,
        .rsa = ud_bearssl_rsa,
        .p256 = ud_bearssl_p256,
        .flash = config->flash,
        .address = config->place->key_ring,
        .product = trust->product,
    };
    const int error = ud_keys_init(&trust->keys, &ring);

    if (error == UD_ERR_ARGUMENT)
        trust_nobody(trust);
    if (error != UD_OK)
        return error == UD_ERR_ARGUMENT ? UD_OK : error;
    trust->verifies = true;
    trust->ring = ud_keys_verifier(&trust->keys);
    trust->stack_top = config->stack_top;
    trust->verifier = trust->ring;
    trust->verifier.ctx = trust;
    trust->verifier.verify = verify;
    trust->verifier.update_keys = update_keys;
    return UD_OK;
}

static int init_keys(struct trust *trust, const struct trust_config *config)
{
    const bool fits = copy_keys(trust, config->record);

    if (!fits)
        trust_nobody(trust);
    return fits && trust->key_count != 0 ? open_ring(trust, config) : UD_OK;
}

/* ---- Terms ---- */

static void init_terms(struct trust *trust, const struct trust_config *config)
{
    const struct settings *settings = config->settings;
    const char *product =
        settings->product[0] != '\0' ? settings->product : config->description->project;

    memcpy(trust->product, product, strlen(product) + 1);
    trust->has_terms = settings->wants_manifest != 0;
    trust->terms = (struct ud_manifest_terms){
        .judge = ud_manifest_judge,
        .product = trust->product,
        .chip = UD_MANIFEST_CHIP_ESP8266,
        .security_version = config->description->secure_version,
    };
}

int trust_init(struct trust *trust, const struct trust_config *config)
{
    memset(trust, 0, sizeof *trust);
    init_terms(trust, config);
    return init_keys(trust, config);
}

/* ---- For others ---- */

const struct ud_verifier *trust_verifier(const struct trust *trust)
{
    return trust->verifies ? &trust->verifier : NULL;
}

const struct ud_manifest_terms *trust_terms(const struct trust *trust)
{
    return trust->has_terms ? &trust->terms : NULL;
}

bool trust_has_keys_left(const struct trust *trust)
{
    uint32_t count;

    return !trust->verifies ||
           (trust->key_count != 0 && ud_keys_count(&trust->keys, &count) == UD_OK && count != 0);
}

void trust_abilities(const struct trust *trust, char text[TRUST_ABILITIES_MAX])
{
    strcpy(text, "gzip retry");
    if (trust->key_count != 0)
        ud_keys_abilities(&trust->keys, text + strlen(text));
}
