#include "http_line.h"
#include "pull_parts.h"

#include "chars.h"

#include "updraft/hex.h"
#include "updraft/url.h"

#include <stddef.h>
#include <string.h>

/* The fields an update needs. */
enum field {
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    LOCATION,
    X_MD5,
    X_VERSION,
    RETRY_AFTER,
    OTHER,
};

static const char *const field_names[OTHER] = {
    [CONTENT_LENGTH] = "Content-Length",
    [TRANSFER_ENCODING] = "Transfer-Encoding",
    [LOCATION] = "Location",
    [X_MD5] = "x-MD5",
    [X_VERSION] = "x-version",
    [RETRY_AFTER] = "Retry-After",
};

void ud_pull_head_begin(struct ud_pull *pull)
{
    pull->field = OTHER;
    pull->length_state = UD_PULL_FIELD_ABSENT;
    pull->md5_state = UD_PULL_FIELD_ABSENT;
    pull->location_state = UD_PULL_FIELD_ABSENT;
    pull->is_encoded = false;
    pull->content_length = 0;
    pull->available_version[0] = '\0';
    pull->retry_after_s = 0;
}

/* ---- fields ---- */

/* Two lengths that differ leave none to rely on. */
static void take_length(struct ud_pull *pull, const struct ud_http_value *value)
{
    static const uint8_t states[] = {
        [UD_DECIMAL_GOOD] = UD_PULL_FIELD_GOOD,
        [UD_DECIMAL_BAD] = UD_PULL_FIELD_BAD,
        [UD_DECIMAL_TOO_LARGE] = UD_PULL_FIELD_TOO_LARGE,
    };
    uint32_t bytes = 0;
    uint8_t state = states[ud_decimal(value->text, value->length, &bytes)];

    if (pull->line_overflowed)
        state = UD_PULL_FIELD_BAD;

    if (pull->length_state != UD_PULL_FIELD_ABSENT &&
        (state != pull->length_state || bytes != pull->content_length))
        state = UD_PULL_FIELD_BAD;
    pull->length_state = state;
    pull->content_length = bytes;
}

/* An empty value counts as none, as in the core. */
static void take_md5(struct ud_pull *pull, const struct ud_http_value *value)
{
    const bool is_again = pull->md5_state != UD_PULL_FIELD_ABSENT;
    uint8_t digest[UD_MD5_SIZE];

    if (value->length == 0 && !pull->line_overflowed)
        return;
    if (pull->line_overflowed || value->length != 2 * sizeof digest ||
        ud_hex_decode(value->text, digest, sizeof digest) != UD_OK ||
        (is_again && memcmp(digest, pull->md5, sizeof digest) != 0)) {
        pull->md5_state = UD_PULL_FIELD_BAD;
        return;
    }
    memcpy(pull->md5, digest, sizeof digest);
    if (!is_again)
        pull->md5_state = UD_PULL_FIELD_GOOD;
}

/* A version that would have to be cut is none: cut, it would compare wrong. */
static void take_version(struct ud_pull *pull, const struct ud_http_value *value)
{
    if (pull->line_overflowed || value->length >= sizeof pull->available_version ||
        ud_has_control(value->text, value->length))
        return;
    memcpy(pull->available_version, value->text, value->length);
    pull->available_version[value->length] = '\0';
}

/* Seconds; there is no clock to compare a date with. */
static void take_retry(struct ud_pull *pull, const struct ud_http_value *value)
{
    uint32_t seconds = 0;
    const enum ud_decimal result = ud_decimal(value->text, value->length, &seconds);

    if (result == UD_DECIMAL_BAD || pull->line_overflowed)
        return;
    if (result == UD_DECIMAL_TOO_LARGE || seconds > UD_PULL_RETRY_MAX_S)
        seconds = UD_PULL_RETRY_MAX_S;
    pull->retry_after_s = (uint16_t)seconds;
}

/* A folded line goes on with the field above. What we do not read may be folded;
 * what we have read already may not. */
static int skip_folded(const struct ud_pull *pull)
{
    uint32_t i = 0;

    while (i < pull->line_length && ud_is_blank(pull->line[i]))
        i++;
    if (i == pull->line_length || pull->field == OTHER)
        return UD_OK;
    return UD_ERR_HTTP_NOT_HTTP;
}

int ud_pull_head_line(struct ud_pull *pull)
{
    struct ud_http_value value = {0};

    if (pull->line_length > 0 && ud_is_blank(pull->line[0]))
        return skip_folded(pull);

    const enum field field =
        (enum field)ud_http_field(pull->line, pull->line_length, field_names, OTHER, &value);
    pull->field = (uint8_t)field;
    switch (field) {
    case CONTENT_LENGTH:
        take_length(pull, &value);
        break;
    case TRANSFER_ENCODING:
        pull->is_encoded = true;
        break;
    case LOCATION:
        if (pull->config.redirects != NULL)
            pull->config.redirects->take_location(pull, &value);
        break;
    case X_MD5:
        take_md5(pull, &value);
        break;
    case X_VERSION:
        take_version(pull, &value);
        break;
    case RETRY_AFTER:
        take_retry(pull, &value);
        break;
    case OTHER:
    default:
        break;
    }
    return UD_OK;
}

/* ---- URL ---- */

int ud_pull_open_url(struct ud_pull *pull)
{
    struct ud_url *parts = &pull->parts;
    const int error = ud_url_parse(pull->url, parts);

    if (error != UD_OK)
        return error;
    if (parts->host_length >= sizeof pull->host || (parts->tls && !pull->config.can_tls))
        return UD_ERR_HTTP_URL;
    memcpy(pull->host, pull->url + parts->host, parts->host_length);
    pull->host[parts->host_length] = '\0';
    return UD_OK;
}
