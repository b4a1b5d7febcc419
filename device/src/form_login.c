#include "form_parts.h"

#include "http_parameter.h"

#include "updraft/base64.h"

#include <stddef.h>
#include <string.h>

void ud_form_add_challenge(struct ud_text *text, const struct ud_form_client *client)
{
    const struct ud_form_config *config = &client->form->config;

    if (config->digest_login != NULL)
        config->digest_login->add_challenge(text, client);
    if (!config->digest_only)
        ud_text_add(text, "WWW-Authenticate: Basic realm=\"" UD_FORM_REALM "\"\r\n");
}

bool ud_form_needs_login(const struct ud_form *form)
{
    return ud_form_is_given(form->config.user) && ud_form_is_given(form->config.password);
}

/* ---- Basic (RFC 7617) ---- */

void ud_form_compare(struct ud_form_comparison *comparison, const char *expected, uint32_t length)
{
    const struct ud_http_value *given = comparison->given;

    for (uint32_t i = 0; i < length; i++, comparison->length++) {
        const bool is_inside = comparison->length < given->length;
        const char c = is_inside ? given->text[comparison->length] : '\0';
        comparison->difference |= (uint8_t)(c ^ expected[i]);
    }
}

bool ud_form_is_same(const struct ud_form_comparison *comparison)
{
    return comparison->difference == 0 && comparison->length == comparison->given->length;
}

static void compare_encoded(struct ud_form_comparison *comparison, struct ud_base64 *base64,
                            const char *text)
{
    char digits[UD_BASE64_GROUP];

    for (; *text != '\0'; text++)
        ud_form_compare(comparison, digits, ud_base64_add(base64, (uint8_t)*text, digits));
}

static bool judge_basic(const struct ud_form *form, const struct ud_http_value *given)
{
    struct ud_form_comparison comparison = {.given = given};
    struct ud_base64 base64 = {0};
    char digits[UD_BASE64_GROUP];

    compare_encoded(&comparison, &base64, form->config.user);
    compare_encoded(&comparison, &base64, ":");
    compare_encoded(&comparison, &base64, form->config.password);
    ud_form_compare(&comparison, digits, ud_base64_end(&base64, digits));
    return ud_form_is_same(&comparison);
}

/* ---- which of them ---- */

enum ud_form_credentials ud_form_judge(struct ud_form *form, const char *method,
                                       const struct ud_http_value *value)
{
    struct ud_http_value given;
    const struct ud_form_login *digest = form->config.digest_login;

    if (digest != NULL && ud_http_begins(value, "Digest ", &given))
        return digest->judge(form, method, &given);
    if (!form->config.digest_only && ud_http_begins(value, "Basic ", &given) &&
        judge_basic(form, &given))
        return UD_FORM_GOOD_CREDENTIALS;
    return UD_FORM_WRONG_CREDENTIALS;
}
