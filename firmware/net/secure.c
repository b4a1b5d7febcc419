#include "firmware/net/secure.h"

#include "firmware/net/chance.h"
#include "firmware/net/stack.h"

#include <stddef.h>
#include <string.h>

/* ---- Handshakes, on their own stack ---- */

enum step { BEGIN, SENT, RECEIVED };

struct call {
    struct ud_tls tls; /* the session's own */
    enum step step;
    const char *host;
    uint32_t length;
    int result;
};

static void carry_out(void *argument)
{
    struct call *call = argument;
    const struct ud_tls_methods *methods = call->tls.methods;

    if (call->step == BEGIN)
        call->result = methods->begin(call->tls.ctx, call->host);
    else if (call->step == SENT)
        methods->sent(call->tls.ctx, call->length);
    else
        methods->received(call->tls.ctx, call->length);
}

/* Once a handshake is done its memory is others'. Only these calls can end it. */
static int call_session(void *ctx, struct call call)
{
    struct ud_bearssl_tls *session = ctx;
    struct secure *secure =
        (struct secure *)(void *)((uint8_t *)ctx - offsetof(struct secure, session));
    uint8_t *stack = secure->handshake->stack;

    call.tls = ud_bearssl_tls(session);
    if (call.step == BEGIN)
        secure->is_open = false;
    if (secure->is_open) {
        carry_out(&call);
        return call.result;
    }
    stack_call(carry_out, &call, stack + SECURE_STACK);
    secure->is_open = (call.tls.methods->want(ctx) & UD_TLS_WRITE) != 0;
    return call.result;
}

static int begin(void *ctx, const char *host)
{
    return call_session(ctx, (struct call){.step = BEGIN, .host = host});
}

static void sent(void *ctx, uint32_t length)
{
    (void)call_session(ctx, (struct call){.step = SENT, .length = length});
}

static void received(void *ctx, uint32_t length)
{
    (void)call_session(ctx, (struct call){.step = RECEIVED, .length = length});
}

static void use_stack(struct secure *secure)
{
    secure->tls = ud_bearssl_tls(&secure->session);
    secure->methods = *secure->tls.methods;
    secure->methods.begin = begin;
    secure->methods.sent = sent;
    secure->methods.received = received;
    secure->tls.methods = &secure->methods;
}

/* ---- Setting up ---- */

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
    secure->handshake = handshake;
    use_stack(secure);
    return error == UD_OK;
}
