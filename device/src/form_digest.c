/* Digest authentication (RFC 7616), with SHA-256 and qop=auth. */
#include "form_parts.h"

#include "http_parameter.h"

#include "updraft/hex.h"

#include <stddef.h>
#include <string.h>

#define NONCE_TEXT (UD_SHA256_SIZE + 1) /* half of a digest will do */

struct hash {
    char text[2 * UD_SHA256_SIZE + 1];
};

static struct ud_http_value to_value(const char *text)
{
    return (struct ud_http_value){text, (uint32_t)strlen(text)};
}

/* The digest of texts with colons between them, as hexadecimal digits. */
static void hash_joined(const struct ud_form *form, const struct ud_http_value *texts,
                        uint32_t count, struct hash *hash)
{
    struct ud_digest digest;
    uint8_t bytes[UD_SHA256_SIZE];

    ud_digest_begin(&digest, form->config.sha256);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            ud_digest_add(&digest, ":", 1);
        ud_digest_add(&digest, texts[i].text, texts[i].length);
    }
    ud_digest_end(&digest, bytes);
    ud_hex_encode(bytes, sizeof bytes, hash->text);
}

/* The nonce to answer a login with. */
static void make_nonce(const struct ud_form *form, char nonce[NONCE_TEXT])
{
    const struct ud_http_value texts[] = {
        {(const char *)form->secret, sizeof form->secret},
        {(const char *)&form->nonce_number, sizeof form->nonce_number},
    };
    struct hash hash;

    hash_joined(form, texts, 2, &hash);
    memcpy(nonce, hash.text, NONCE_TEXT - 1);
    nonce[NONCE_TEXT - 1] = '\0';
}

/* The first six are what a response is the digest of, in that order. */
enum text { KEY, NONCE, NC, CNONCE, QOP, TARGET, URI, RESPONSE, TEXTS };

#define PROOF_TEXTS (TARGET + 1)

/* All that are parameters: KEY and TARGET are not. */
static bool find_texts(const struct ud_http_value *given, struct ud_http_value texts[TEXTS])
{
    static const char *const names[TEXTS] = {
        [NONCE] = "nonce", [NC] = "nc",   [CNONCE] = "cnonce",
        [QOP] = "qop",     [URI] = "uri", [RESPONSE] = "response",
    };

    for (uint32_t i = 0; i < TEXTS; i++)
        if (names[i] != NULL && !ud_http_parameter(given, names[i], &texts[i]))
            return false;
    return true;
}

/* Whoever claims to be another user has computed another response. */
static bool is_proof(const struct ud_form *form, const char *method,
                     struct ud_http_value texts[TEXTS])
{
    const struct ud_form_config *config = &form->config;
    const struct ud_http_value account[] = {to_value(config->user), to_value(UD_FORM_REALM),
                                            to_value(config->password)};
    const struct ud_http_value request[] = {to_value(method), texts[URI]};
    struct ud_form_comparison comparison = {.given = &texts[RESPONSE]};
    struct hash key, target, response;

    hash_joined(form, account, 3, &key);
    hash_joined(form, request, 2, &target);
    texts[KEY] = to_value(key.text);
    texts[TARGET] = to_value(target.text);
    hash_joined(form, texts, PROOF_TEXTS, &response);
    ud_form_compare(&comparison, response.text, sizeof response.text - 1);
    return ud_form_is_same(&comparison);
}

/* A proof that was overheard is worth nothing: each count is taken once, in order. */
static enum ud_form_credentials use_up(struct ud_form *form, const struct ud_http_value *count)
{
    uint8_t bytes[sizeof form->count];

    if (count->length != 2 * sizeof bytes ||
        ud_hex_decode(count->text, bytes, sizeof bytes) != UD_OK)
        return UD_FORM_WRONG_CREDENTIALS;
    const uint32_t number =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    if (number > form->count) {
        form->count = number;
        return UD_FORM_GOOD_CREDENTIALS;
    }
    form->count = 0;
    form->nonce_number++;
    return UD_FORM_STALE;
}

static enum ud_form_credentials judge_digest(struct ud_form *form, const char *method,
                                             const struct ud_http_value *given)
{
    struct ud_http_value texts[TEXTS], query;
    char nonce[NONCE_TEXT];

    if (!find_texts(given, texts) || !ud_http_is(&texts[QOP], "auth") ||
        !ud_form_is_path(form, &texts[URI], &query) || !is_proof(form, method, texts))
        return UD_FORM_WRONG_CREDENTIALS;
    make_nonce(form, nonce);
    return ud_http_is(&texts[NONCE], nonce) ? use_up(form, &texts[NC]) : UD_FORM_STALE;
}

static void add_challenge(struct ud_text *text, const struct ud_form_client *client)
{
    char nonce[NONCE_TEXT];

    make_nonce(client->form, nonce);
    ud_text_add(text, "WWW-Authenticate: Digest realm=\"" UD_FORM_REALM "\", qop=\"auth\", "
                      "algorithm=SHA-256, nonce=\"");
    ud_text_add(text, nonce);
    ud_text_add(text, client->credentials == UD_FORM_STALE ? "\", stale=true\r\n" : "\"\r\n");
}

const struct ud_form_login ud_form_digest_login = {judge_digest, add_challenge};
