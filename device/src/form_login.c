#include "form_parts.h"

#include "http_parameter.h"
#include "text.h"

#include "updraft/base64.h"
#include "updraft/endian.h"
#include "updraft/hex.h"

#include <stddef.h>
#include <string.h>

#define REALM "Login Required" /* the core's */

bool ud_form_needs_login(const struct ud_form *form)
{
    return ud_form_is_given(form->config.user) && ud_form_is_given(form->config.password);
}

/* ---- Basic (RFC 7617) ---- */

/* Compares in a time that does not tell where the first difference is. */
struct comparison {
    const struct ud_http_value *given;
    uint32_t length; /* bytes compared */
    uint32_t difference;
};

static void compare(struct comparison *comparison, const char *expected, uint32_t length)
{
    const struct ud_http_value *given = comparison->given;

    for (uint32_t i = 0; i < length; i++, comparison->length++) {
        const bool is_inside = comparison->length < given->length;
        const char c = is_inside ? given->text[comparison->length] : '\0';
        comparison->difference |= (uint8_t)(c ^ expected[i]);
    }
}

static bool is_same(const struct comparison *comparison)
{
    return comparison->difference == 0 && comparison->length == comparison->given->length;
}

static void compare_encoded(struct comparison *comparison, struct ud_base64 *base64,
                            const char *text)
{
    char digits[UD_BASE64_GROUP];

    for (; *text != '\0'; text++)
        compare(comparison, digits, ud_base64_add(base64, (uint8_t)*text, digits));
}

static bool judge_basic(const struct ud_form *form, const struct ud_http_value *given)
{
    struct comparison comparison = {.given = given};
    struct ud_base64 base64 = {0};
    char digits[UD_BASE64_GROUP];

    compare_encoded(&comparison, &base64, form->config.user);
    compare_encoded(&comparison, &base64, ":");
    compare_encoded(&comparison, &base64, form->config.password);
    compare(&comparison, digits, ud_base64_end(&base64, digits));
    return is_same(&comparison);
}

/* ---- Digest (RFC 7616), with SHA-256 and qop=auth ---- */

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

void ud_form_nonce(const struct ud_form *form, char nonce[UD_FORM_NONCE_TEXT])
{
    const struct ud_http_value texts[] = {
        {(const char *)form->secret, sizeof form->secret},
        {(const char *)&form->nonce_number, sizeof form->nonce_number},
    };
    struct hash hash;

    hash_joined(form, texts, 2, &hash);
    memcpy(nonce, hash.text, UD_FORM_NONCE_TEXT - 1);
    nonce[UD_FORM_NONCE_TEXT - 1] = '\0';
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
    const struct ud_http_value account[] = {to_value(config->user), to_value(REALM),
                                            to_value(config->password)};
    const struct ud_http_value request[] = {to_value(method), texts[URI]};
    struct comparison comparison = {.given = &texts[RESPONSE]};
    struct hash key, target, response;

    hash_joined(form, account, 3, &key);
    hash_joined(form, request, 2, &target);
    texts[KEY] = to_value(key.text);
    texts[TARGET] = to_value(target.text);
    hash_joined(form, texts, PROOF_TEXTS, &response);
    compare(&comparison, response.text, sizeof response.text - 1);
    return is_same(&comparison);
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
    char nonce[UD_FORM_NONCE_TEXT];

    if (!find_texts(given, texts) || !ud_http_is(&texts[QOP], "auth") ||
        !ud_form_is_path(form, &texts[URI], &query) || !is_proof(form, method, texts))
        return UD_FORM_WRONG_CREDENTIALS;
    ud_form_nonce(form, nonce);
    return ud_http_is(&texts[NONCE], nonce) ? use_up(form, &texts[NC]) : UD_FORM_STALE;
}

/* ---- which of them ---- */

/* The value goes on behind a scheme's name. */
static bool is_scheme(const struct ud_http_value *value, const char *name,
                      struct ud_http_value *rest)
{
    const uint32_t length = (uint32_t)strlen(name);
    const struct ud_http_value start = {value->text, length};

    if (value->length < length || !ud_http_is(&start, name))
        return false;
    rest->text = value->text + length;
    rest->length = value->length - length;
    return true;
}

enum ud_form_credentials ud_form_judge(struct ud_form *form, const char *method,
                                       const struct ud_http_value *value)
{
    struct ud_http_value given;

    if (form->config.sha256 != NULL && is_scheme(value, "Digest ", &given))
        return judge_digest(form, method, &given);
    if (!form->config.digest_only && is_scheme(value, "Basic ", &given) &&
        judge_basic(form, &given))
        return UD_FORM_GOOD_CREDENTIALS;
    return UD_FORM_WRONG_CREDENTIALS;
}
