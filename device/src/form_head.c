#include "form_parts.h"

#include "chars.h"
#include "http_parameter.h"

#include <stddef.h>
#include <string.h>

#define BODY_LIMIT (16u << 20) /* bytes; no chip holds more: such a body is not waited for */

static const char *const methods[UD_FORM_OTHER_METHOD] = {
    [UD_FORM_GET] = "GET",
    [UD_FORM_OPTIONS] = "OPTIONS",
    [UD_FORM_POST] = "POST",
    [UD_FORM_PUT] = "PUT",
};

static void refuse(struct ud_form_client *client, uint16_t status)
{
    if (client->problem == 0)
        client->problem = status;
}

/* ---- the request line ---- */

bool ud_form_is_path(const struct ud_form *form, const struct ud_http_value *target,
                     struct ud_http_value *query)
{
    const char *path = form->config.path;

    return ud_http_begins(target, path, query) &&
           memcmp(target->text, path, target->length - query->length) == 0 && /* case counts */
           (query->length == 0 || query->text[0] == '?');
}

static enum ud_form_resource find_resource(const struct ud_form *form,
                                           const struct ud_http_value *target)
{
    static const char *const queries[UD_FORM_PAGE] = {
        [UD_FORM_INFO] = "?info",
        [UD_FORM_FILESYSTEM] = "?filesystem",
    };
    struct ud_http_value query;

    if (!ud_form_is_path(form, target, &query))
        return UD_FORM_ELSEWHERE;
    return (enum ud_form_resource)ud_http_which(&query, queries, UD_FORM_PAGE);
}

/* The line is about to be forgotten, so who answers for another path does it now. */
static void ask_application(struct ud_form_client *client, const char *method, const char *target)
{
    const struct ud_form_config *config = &client->form->config;

    if (config->other == NULL)
        client->answer.status = target[1] == '\0' ? 303 : 404;
    else if (!config->other(config->ctx, method, target, &client->answer))
        client->answer = (struct ud_form_answer){.status = 404};
}

/* Parts the text at the next space, and returns what is behind it. Null: there is none. */
static char *part(char *text)
{
    while (*text != ' ' && *text != '\0')
        text++;
    if (*text == '\0')
        return NULL;
    *text = '\0';
    return text + 1;
}

static void request_line(struct ud_form_client *client)
{
    char *target = part(client->text);
    const char *version = target != NULL ? part(target) : NULL;

    client->has_request = true;
    if (version == NULL || client->line_overflowed || target[0] != '/' ||
        strlen(version) != sizeof "HTTP/1.1" - 1 || memcmp(version, "HTTP/1.", 7) != 0) {
        refuse(client, 400);
        return;
    }
    const struct ud_http_value method = {client->text, (uint32_t)strlen(client->text)};
    const struct ud_http_value value = {target, (uint32_t)strlen(target)};
    client->method = (uint8_t)ud_http_which(&method, methods, UD_FORM_OTHER_METHOD);
    client->resource = (uint8_t)find_resource(client->form, &value);
    if (client->resource == UD_FORM_ELSEWHERE)
        ask_application(client, method.text, target);
}

/* ---- fields ---- */

/* An origin is a scheme and an authority; "null" has none. */
static void cut_scheme(struct ud_http_value *origin)
{
    uint32_t i = ud_http_find(origin, 0, "/");

    i = origin->length - i > 2 ? i + 2 : origin->length;
    origin->text += i;
    origin->length -= i;
}

/* Keeps the first of the two that comes, and compares the other. */
static void take_authority(struct ud_form_client *client, enum ud_form_host which,
                           const struct ud_http_value *value)
{
    const bool fits = value->length > 0 && value->length < sizeof client->authority;

    if (fits && client->host == UD_FORM_NO_ORIGIN)
        memcpy(client->authority, value->text, value->length);
    else if (!fits || !ud_http_is(value, client->authority))
        client->host |= UD_FORM_ORIGIN_DIFFERS;
    client->host |= (uint8_t)which;
}

static bool take_host(struct ud_form_client *client, struct ud_http_value *value)
{
    take_authority(client, UD_FORM_HOST_SEEN, value);
    return true;
}

static bool take_origin(struct ud_form_client *client, struct ud_http_value *value)
{
    cut_scheme(value);
    take_authority(client, UD_FORM_ORIGIN_SEEN, value);
    return true;
}

static bool take_length(struct ud_form_client *client, struct ud_http_value *value)
{
    uint32_t length;
    const enum ud_decimal decimal = ud_decimal(value->text, value->length, &length);

    if (decimal == UD_DECIMAL_BAD || (client->has_length && length != client->remaining))
        return false;
    if (decimal == UD_DECIMAL_TOO_LARGE || length > BODY_LIMIT)
        refuse(client, 413);
    else
        client->remaining = length;
    client->has_length = true;
    return true;
}

static bool take_credentials(struct ud_form_client *client, struct ud_http_value *value)
{
    if (client->method < UD_FORM_OTHER_METHOD && ud_form_needs_login(client->form))
        client->credentials = (uint8_t)ud_form_judge(client->form, methods[client->method], value);
    return true;
}

static bool take_type(struct ud_form_client *client, struct ud_http_value *value)
{
    struct ud_http_value parameters;

    client->is_multipart = ud_http_begins(value, "multipart/form-data", &parameters);
    return !client->is_multipart || ud_form_boundary(client, &parameters);
}

static bool take_encoding(struct ud_form_client *client, struct ud_http_value *value)
{
    client->is_chunked = true;
    return ud_http_is(value, "chunked");
}

static bool take_expectation(struct ud_form_client *client, struct ud_http_value *value)
{
    client->wants_continue = ud_http_is(value, "100-continue");
    return true;
}

/* What a request's head may have, and who takes it in: false for nonsense. */
enum field {
    HOST,
    ORIGIN,
    AUTHORIZATION,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    TRANSFER_ENCODING,
    EXPECT,
    X_SIZE,
    X_MD5,
    X_SHA256,
    FIELDS,
};

static const char *const field_names[FIELDS] = {
    [HOST] = "Host",
    [ORIGIN] = "Origin",
    [AUTHORIZATION] = "Authorization",
    [CONTENT_LENGTH] = "Content-Length",
    [CONTENT_TYPE] = "Content-Type",
    [TRANSFER_ENCODING] = "Transfer-Encoding",
    [EXPECT] = "Expect",
    [X_SIZE] = "x-size",
    [X_MD5] = "x-MD5",
    [X_SHA256] = "x-SHA256",
};

static ud_form_take_field *const takers[FIELDS] = {
    [HOST] = take_host,
    [ORIGIN] = take_origin,
    [AUTHORIZATION] = take_credentials,
    [CONTENT_LENGTH] = take_length,
    [CONTENT_TYPE] = take_type,
    [TRANSFER_ENCODING] = take_encoding,
    [EXPECT] = take_expectation,
    [X_SIZE] = ud_form_expect_size,
    [X_MD5] = ud_form_expect_md5,
    [X_SHA256] = ud_form_expect_sha256,
};

static void field_line(struct ud_form_client *client)
{
    struct ud_http_value value = {0};
    const uint32_t field =
        ud_http_field(client->text, client->line_length, field_names, FIELDS, &value);

    /* A line that begins with a blank goes on with the one above, which has been read. */
    if (ud_is_blank(client->text[0]) ||
        (field < FIELDS && (client->line_overflowed || !takers[field](client, &value))))
        refuse(client, 400);
}

/* ---- the end of the head ---- */

/* A browser says of every upload which page it comes from. */
static bool is_foreign(const struct ud_form_client *client)
{
    if ((client->host & UD_FORM_ORIGIN_SEEN) == 0)
        return false;
    return client->host != (UD_FORM_ORIGIN_SEEN | UD_FORM_HOST_SEEN);
}

static void upload_announced(struct ud_form_client *client)
{
    if (is_foreign(client))
        ud_form_answer_words(client, 403, "Wrong origin received!");
    else if (!client->has_length && !client->is_chunked)
        ud_form_answer_status(client, 411);
    else if (ud_updater_is_running(client->form->config.updater))
        ud_form_answer_error(client, UD_ERR_BUSY);
    else
        ud_form_body_begin(client);
}

static void page_asked(struct ud_form_client *client)
{
    const struct ud_form_config *config = &client->form->config;

    if (client->resource == UD_FORM_INFO) {
        ud_form_answer_info(client);
        return;
    }
    client->answer = (struct ud_form_answer){
        .status = 200,
        .is_gzip = true,
        .type = "text/html; charset=utf-8",
        .body = config->page,
        .length = config->page_length,
    };
    ud_form_answer_given(client);
}

/* Both a length and chunks: someone on the way may have read another request. */
static bool is_ambiguous(const struct ud_form_client *client)
{
    return client->has_length && client->is_chunked;
}

static void head_ended(struct ud_form_client *client)
{
    const bool needs_login =
        ud_form_needs_login(client->form) && client->credentials != UD_FORM_GOOD_CREDENTIALS;

    if (!client->has_length && !client->is_chunked)
        client->remaining = 0; /* there is no body */
    if (client->problem != 0 || is_ambiguous(client))
        ud_form_answer_status(client, client->problem != 0 ? client->problem : 400);
    else if (client->resource == UD_FORM_ELSEWHERE)
        ud_form_answer_given(client);
    else if (client->method == UD_FORM_OPTIONS)
        ud_form_answer_status(client, 200);
    else if (client->method == UD_FORM_OTHER_METHOD)
        ud_form_answer_status(client, 405);
    else if (needs_login && client->credentials == UD_FORM_WRONG_CREDENTIALS)
        client->state = UD_FORM_HELD;
    else if (needs_login)
        ud_form_answer_status(client, 401);
    else if (client->method == UD_FORM_GET)
        page_asked(client);
    else
        upload_announced(client);
}

void ud_form_head_line(struct ud_form_client *client)
{
    if (!client->has_request && client->line_length > 0)
        request_line(client);
    else if (client->has_request && client->line_length > 0)
        field_line(client);
    else if (client->has_request)
        head_ended(client);
}
