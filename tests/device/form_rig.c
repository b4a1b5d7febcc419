#include "form_rig.h"

#include "device/port/bearssl/digest.h"

#include <openssl/evp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t rig_random[UD_FORM_RANDOM] = "0123456789abcdef";

/* ---- life ---- */

static void init_rest(struct form_rig *rig)
{
    rig->now_ms = UINT32_MAX - 3000; /* the clock wraps on the way */
    rig->config = (struct ud_form_config){
        .updater = &rig->device.updater,
        .page = RIG_PAGE,
        .page_length = sizeof RIG_PAGE - 1,
        .sha256 = &ud_sha256,
        .digest_login = &ud_form_digest_login,
        .about = {.product = "lamp",
                  .version = "1.0.0",
                  .free_space = 900000,
                  .filesystem_space = 65536},
    };
    memset(&rig->form, 0xa5, sizeof rig->form); /* as memory is before init */
}

void form_rig_init(struct form_rig *rig, const char *layout)
{
    memset(rig, 0, sizeof *rig);
    rig_init(&rig->device, &(struct rig_setup){.layout = layout});
    init_rest(rig);
}

void form_rig_renew(struct form_rig *rig, const char *layout)
{
    *rig = (struct form_rig){.device = rig->device};
    rig_renew(&rig->device, &(struct rig_setup){.layout = layout});
    init_rest(rig);
}

void form_rig_free(struct form_rig *rig)
{
    rig_free(&rig->device);
}

void form_rig_start(struct form_rig *rig)
{
    assert_int_equal(ud_form_init(&rig->form, &rig->config, rig_random), UD_OK);
}

/* ---- requests ---- */

static void add(struct form_request *request, const void *bytes, uint32_t length)
{
    memcpy(request->bytes + request->length, bytes, length);
    request->length += length;
}

struct form_request form_rig_request(const char *text, const void *file, uint32_t file_length)
{
    struct form_request request = {malloc(2 * strlen(text) + 2 * (size_t)file_length + 64), 0};
    char digits[16];

    assert_non_null(request.bytes);
    snprintf(digits, sizeof digits, "%u", (unsigned)file_length);
    for (; *text != '\0'; text++) {
        if (*text == '#')
            add(&request, digits, (uint32_t)strlen(digits));
        else if (*text == '$')
            add(&request, file, file_length);
        else if (*text == '\n')
            add(&request, "\r\n", 2);
        else
            add(&request, text, 1);
    }
    /* Of just that size, so that reading past it is seen. */
    request.bytes = realloc(request.bytes, request.length + (request.length == 0));
    assert_non_null(request.bytes);
    return request;
}

/* ---- driving ---- */

static void send(struct form_rig *rig)
{
    uint32_t length;
    const void *bytes = ud_form_send_buffer(&rig->client, &length);

    assert_true(length > 0);
    if (rig->send_step != 0 && length > rig->send_step)
        length = rig->send_step;
    assert_true(length < RIG_ANSWER_MAX - rig->answer_length);
    memcpy(rig->answer + rig->answer_length, bytes, length);
    rig->answer_length += length;
    ud_form_sent(&rig->client, length, rig->now_ms);
}

/* A wrong password is answered after a while. */
static void wait_if_held(struct form_rig *rig)
{
    uint32_t deadline_ms;

    if (ud_form_want(&rig->client) != 0 || !ud_form_deadline(&rig->client, &deadline_ms))
        return;
    assert_int_equal(deadline_ms - rig->now_ms, UD_FORM_HOLD_MS);
    rig->now_ms = deadline_ms;
    ud_form_tick(&rig->client, rig->now_ms);
}

void form_rig_serve(struct form_rig *rig)
{
    unsigned want;

    wait_if_held(rig);
    while (((want = ud_form_want(&rig->client)) & ~(unsigned)UD_FORM_RECEIVE) != 0) {
        if (want & UD_FORM_SEND)
            send(rig);
        if (want & UD_FORM_CLOSE)
            ud_form_closed(&rig->client);
        rig->restarts = rig->restarts || (want & UD_FORM_RESTART) != 0;
        if (want & UD_FORM_RESTART)
            return;
    }
}

void form_rig_receive(struct form_rig *rig, const uint8_t *bytes, uint32_t length)
{
    form_rig_serve(rig);
    if (length > 0 && (ud_form_want(&rig->client) & UD_FORM_RECEIVE) != 0)
        ud_form_received(&rig->client, bytes, length, rig->now_ms);
    form_rig_serve(rig);
}

static void begin_answer(struct form_rig *rig)
{
    memset(rig->answer, 0, sizeof rig->answer);
    rig->answer_length = 0;
    rig->restarts = false;
}

int form_rig_play(struct form_rig *rig, const struct form_request *request,
                  struct form_pieces pieces)
{
    const uint8_t *next = request->bytes;
    uint32_t left = request->length;

    begin_answer(rig);
    ud_form_open(&rig->client, &rig->form, rig->now_ms);
    if (pieces.split > 0 && pieces.split < left) {
        form_rig_receive(rig, next, pieces.split);
        next += pieces.split;
        left -= pieces.split;
    }
    while (left > 0) {
        const uint32_t part = pieces.step > 0 && pieces.step < left ? pieces.step : left;
        form_rig_receive(rig, next, part);
        next += part;
        left -= part;
    }
    ud_form_peer_closed(&rig->client);
    form_rig_serve(rig);
    assert_int_equal(ud_form_want(&rig->client), rig->restarts ? UD_FORM_RESTART : 0);
    assert_false(ud_updater_is_running(&rig->device.updater));
    return form_rig_status(rig);
}

int form_rig_say(struct form_rig *rig, const char *text)
{
    const struct form_request request = form_rig_request(text, "", 0);
    const int status = form_rig_play(rig, &request, (struct form_pieces){0});

    free(request.bytes);
    return status;
}

/* ---- looking ---- */

#define INVITATION "HTTP/1.1 100 Continue\r\n\r\n"

static const char *last_answer(const struct form_rig *rig)
{
    const bool is_invited = strncmp(rig->answer, INVITATION, sizeof INVITATION - 1) == 0;

    return rig->answer + (is_invited ? sizeof INVITATION - 1 : 0);
}

int form_rig_status(const struct form_rig *rig)
{
    int status = 0;

    if (rig->answer_length == 0)
        return 0;
    assert_int_equal(sscanf(last_answer(rig), "HTTP/1.1 %d ", &status), 1);
    return status;
}

const char *form_rig_body(const struct form_rig *rig)
{
    const char *end = strstr(last_answer(rig), "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

const char *form_rig_field(const struct form_rig *rig, const char *name)
{
    static char value[512];
    char start[64];

    snprintf(start, sizeof start, "\r\n%s: ", name);
    const char *at = strstr(last_answer(rig), start);
    if (at == NULL || at > form_rig_body(rig))
        return NULL;
    at += strlen(start);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

const char *form_rig_nonce(const struct form_rig *rig)
{
    static char nonce[80];
    const char *challenge = form_rig_field(rig, "WWW-Authenticate");

    assert_non_null(challenge);
    assert_non_null(strstr(challenge, "nonce=\""));
    assert_int_equal(sscanf(strstr(challenge, "nonce=\""), "nonce=\"%79[^\"]", nonce), 1);
    return nonce;
}

/* ---- digests ---- */

__attribute__((format(printf, 2, 3))) static void hash(char hex[65], const char *format, ...)
{
    char text[512];
    uint8_t digest[32];
    va_list arguments;

    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    assert_int_equal(EVP_Digest(text, (size_t)length, digest, NULL, EVP_sha256(), NULL), 1);
    for (int i = 0; i < 32; i++)
        sprintf(hex + 2 * i, "%02x", digest[i]);
}

void form_rig_authorize(const struct form_digest *digest, char *text)
{
    char account[65], request[65], response[65], nc[16];

    snprintf(nc, sizeof nc, "%08x", digest->count);
    if (digest->nc != NULL)
        snprintf(nc, sizeof nc, "%s", digest->nc);
    hash(account, "%s:Login Required:%s", digest->user, digest->password);
    hash(request, "%s:%s", digest->method, digest->uri);
    hash(response, "%s:%s:%s:client:auth:%s", account, digest->nonce, nc, request);
    snprintf(text, 512,
             "Digest username=\"%s\", realm=\"Login Required\", nonce=\"%s\", uri=\"%s\", "
             "algorithm=SHA-256, response=\"%s\", qop=auth, nc=%s, cnonce=\"client\"",
             digest->user, digest->nonce, digest->uri, response, nc);
}
