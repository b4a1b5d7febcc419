#include "pull_parts.h"

#include "text.h"

#include "updraft/base64.h"
#include "updraft/url.h"

#include <stddef.h>
#include <string.h>

#define LINE_END "\r\n"

static bool is_esp32(const struct ud_pull *pull)
{
    return pull->config.chip == UD_CHIP_ESP32;
}

/* ---- the lines every HTTP client sends ---- */

static void put_request_line(const struct ud_pull *pull, struct ud_text *text)
{
    const struct ud_url *url = &pull->parts;
    const char *target = pull->url + url->target;

    ud_text_add(text, "GET /");
    if (url->target_length > 0 && target[0] == '/')
        ud_text_add_bytes(text, target + 1, url->target_length - 1u);
    else
        ud_text_add_bytes(text, target, url->target_length);
    ud_text_add(text, " HTTP/1.0" LINE_END);
}

static void put_host(const struct ud_pull *pull, struct ud_text *text)
{
    const struct ud_url *url = &pull->parts;
    const uint32_t bracket = url->is_address6;

    ud_text_add(text, "Host: ");
    ud_text_add_bytes(text, pull->url + url->host - bracket, url->host_length + 2 * bracket);
    if (url->port != 80 && url->port != 443)
        ud_text_add_number(text, ":", url->port);
    ud_text_add(text, LINE_END);
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* ---- credentials ---- */

#define BASIC "Authorization: Basic "

static void put_base64(struct ud_text *text, struct ud_base64 *base64, const char *bytes,
                       uint32_t length)
{
    char digits[UD_BASE64_GROUP];

    for (uint32_t i = 0; i < length; i++)
        ud_text_add_bytes(text, digits, ud_base64_add(base64, (uint8_t)bytes[i], digits));
}

static void put_base64_end(struct ud_text *text, struct ud_base64 *base64)
{
    char digits[UD_BASE64_GROUP];

    ud_text_add_bytes(text, digits, ud_base64_end(base64, digits));
    ud_text_add(text, LINE_END);
}

static void put_user_and_password(const struct ud_pull_config *config, struct ud_text *text)
{
    struct ud_base64 base64 = {0};

    ud_text_add(text, BASIC);
    put_base64(text, &base64, config->user, (uint32_t)strlen(config->user));
    put_base64(text, &base64, ":", 1);
    put_base64(text, &base64, config->password, (uint32_t)strlen(config->password));
    put_base64_end(text, &base64);
}

/* The configured credentials are for the server of the first URL; those in a
 * URL are for its own. */
static void put_authorization(const struct ud_pull *pull, struct ud_text *text)
{
    const struct ud_pull_config *config = &pull->config;
    const struct ud_url *url = &pull->parts;
    struct ud_base64 base64 = {0};

    if (!pull->is_foreign && is_given(config->user) && is_given(config->password)) {
        put_user_and_password(config, text);
    } else if (!pull->is_foreign && is_given(config->authorization)) {
        ud_text_add(text, "Authorization: ");
        ud_text_add_printable(text, config->authorization);
        ud_text_add(text, LINE_END);
    } else if (url->user_length > 0) {
        ud_text_add(text, BASIC);
        put_base64(text, &base64, pull->url + url->userinfo, url->user_length);
        put_base64_end(text, &base64);
    }
}

/* ---- what the device says of itself ---- */

enum kind { TEXT, NUMBER };

/* A field whose value stands in the config. */
struct identity_field {
    const char *name; /* after "x-ESP8266-" or "x-ESP32-" */
    uint8_t kind;
    uint8_t offset; /* in struct ud_pull_config, of a const char * or a uint32_t */
    bool is_for_esp8266;
    bool is_for_esp32;
};

#define IN_CONFIG(member) offsetof(struct ud_pull_config, member)

static const struct identity_field identity_fields[] = {
    {"Chip-ID", NUMBER, IN_CONFIG(identity.chip_id), true, false},
    {"STA-MAC", TEXT, IN_CONFIG(identity.sta_mac), true, true},
    {"AP-MAC", TEXT, IN_CONFIG(identity.ap_mac), true, true},
    {"free-space", NUMBER, IN_CONFIG(identity.free_space), true, true},
    {"sketch-size", NUMBER, IN_CONFIG(identity.sketch_size), true, true},
    {"sketch-md5", TEXT, IN_CONFIG(identity.sketch_md5), true, true},
    {"sketch-sha256", TEXT, IN_CONFIG(identity.sketch_sha256), false, true},
    {"chip-size", NUMBER, IN_CONFIG(identity.chip_size), true, true},
    {"sdk-version", TEXT, IN_CONFIG(identity.sdk_version), true, true},
    {"abilities", TEXT, IN_CONFIG(identity.abilities), true, true},
};

static void put_name(const struct ud_pull *pull, struct ud_text *text, const char *name)
{
    ud_text_add(text, is_esp32(pull) ? "x-ESP32-" : "x-ESP8266-");
    ud_text_add(text, name);
    ud_text_add(text, ": ");
}

static void put_text(const struct ud_pull *pull, struct ud_text *text, const char *name,
                     const char *value)
{
    if (!is_given(value))
        return;
    put_name(pull, text, name);
    ud_text_add_printable(text, value);
    ud_text_add(text, LINE_END);
}

static void put_number(const struct ud_pull *pull, struct ud_text *text, const char *name,
                       uint32_t value)
{
    put_name(pull, text, name);
    ud_text_add_decimal(text, value);
    ud_text_add(text, LINE_END);
}

static void put_identity(const struct ud_pull *pull, struct ud_text *text)
{
    const uint32_t count = sizeof identity_fields / sizeof identity_fields[0];

    for (uint32_t i = 0; i < count; i++) {
        const struct identity_field *field = &identity_fields[i];
        const void *member = (const char *)&pull->config + field->offset;

        const bool is_for_chip = is_esp32(pull) ? field->is_for_esp32 : field->is_for_esp8266;

        if (!is_for_chip)
            continue;
        if (field->kind == TEXT)
            put_text(pull, text, field->name, *(const char *const *)member);
        else
            put_number(pull, text, field->name, *(const uint32_t *)member);
    }
}

/* ---- the request ---- */

/* The chips' cores send the same fields but for a few, in an order of their own. */
static void put_head(const struct ud_pull *pull, struct ud_text *text)
{
    put_request_line(pull, text);
    put_host(pull, text);
    ud_text_add(text, is_esp32(pull) ? "User-Agent: ESP32-http-Update" LINE_END
                                     : "User-Agent: ESP8266-http-Update" LINE_END);
    if (!is_esp32(pull))
        put_authorization(pull, text);
    ud_text_add(text, pull->config.keep_alive ? "Connection: keep-alive" LINE_END
                                              : "Connection: close" LINE_END);
    if (is_esp32(pull)) {
        put_authorization(pull, text);
        ud_text_add(text, "Cache-Control: no-cache" LINE_END);
    }
}

static void put_request(const struct ud_pull *pull, struct ud_text *text)
{
    static const char *const modes[] = {
        [UD_PULL_SKETCH] = "sketch",
        [UD_PULL_FILESYSTEM] = "spiffs",
        [UD_PULL_VERSION] = "version",
    };

    put_head(pull, text);
    put_identity(pull, text);
    put_text(pull, text, "mode", modes[pull->config.mode]);
    put_text(pull, text, "version", pull->config.version);
    /* The ESP32's core leaves the length of no body out. */
    ud_text_add(text, is_esp32(pull) ? LINE_END : "Content-Length: 0" LINE_END LINE_END);
}

/* Puts the whole request together each time, and keeps the piece that comes next. */
void ud_pull_request_fill(struct ud_pull *pull)
{
    struct ud_text piece;

    ud_text_begin(&piece, pull->line, sizeof pull->line);
    piece.skip = pull->request_sent;
    put_request(pull, &piece);
    pull->request_sent += piece.length;
    pull->line_length = (uint16_t)piece.length;
    pull->line_sent = 0;
}

int ud_pull_request_check(struct ud_pull *pull)
{
    struct ud_text text;

    ud_text_begin(&text, pull->line, sizeof pull->line);
    put_request(pull, &text);
    return text.has_controls ? UD_ERR_ARGUMENT : UD_OK;
}
