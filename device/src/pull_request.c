#include "pull_parts.h"

#include "text.h"

#include "updraft/base64.h"
#include "updraft/url.h"

#include <stddef.h>
#include <string.h>

typedef void put_line(const struct ud_pull *pull, struct ud_text *line);

/* ---- the lines every HTTP client sends ---- */

static void put_request_line(const struct ud_pull *pull, struct ud_text *line)
{
    const struct ud_url *url = &pull->parts;
    const char *target = pull->url + url->target;

    ud_text_add(line, "GET ");
    if (url->target_length == 0 || target[0] != '/')
        ud_text_add(line, "/");
    ud_text_add_bytes(line, target, url->target_length);
    ud_text_add(line, " HTTP/1.0");
}

static void put_host(const struct ud_pull *pull, struct ud_text *line)
{
    const struct ud_url *url = &pull->parts;

    ud_text_add(line, "Host: ");
    ud_text_add(line, url->is_address6 ? "[" : "");
    ud_text_add_bytes(line, pull->url + url->host, url->host_length);
    ud_text_add(line, url->is_address6 ? "]" : "");
    if (url->port == 80 || url->port == 443)
        return;
    ud_text_add(line, ":");
    ud_text_add_decimal(line, url->port);
}

static void put_user_agent(const struct ud_pull *pull, struct ud_text *line)
{
    ud_text_add(line, pull->config.chip == UD_CHIP_ESP32 ? "User-Agent: ESP32-http-Update"
                                                         : "User-Agent: ESP8266-http-Update");
}

static void put_connection(const struct ud_pull *pull, struct ud_text *line)
{
    ud_text_add(line, pull->config.keep_alive ? "Connection: keep-alive" : "Connection: close");
}

static void put_cache_control(const struct ud_pull *pull, struct ud_text *line)
{
    (void)pull;
    ud_text_add(line, "Cache-Control: no-cache");
}

/* ---- credentials ---- */

static void put_base64(struct ud_text *line, struct ud_base64 *base64, const char *bytes,
                       uint32_t length)
{
    char digits[UD_BASE64_GROUP];

    for (uint32_t i = 0; i < length; i++)
        ud_text_add_bytes(line, digits, ud_base64_add(base64, (uint8_t)bytes[i], digits));
}

static void put_base64_end(struct ud_text *line, struct ud_base64 *base64)
{
    char digits[UD_BASE64_GROUP];

    ud_text_add_bytes(line, digits, ud_base64_end(base64, digits));
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static void put_user_and_password(const struct ud_pull_config *config, struct ud_text *line)
{
    struct ud_base64 base64 = {0};

    ud_text_add(line, "Authorization: Basic ");
    put_base64(line, &base64, config->user, (uint32_t)strlen(config->user));
    put_base64(line, &base64, ":", 1);
    put_base64(line, &base64, config->password, (uint32_t)strlen(config->password));
    put_base64_end(line, &base64);
}

/* The configured credentials are for the server of the first URL; those in a
 * URL are for its own. */
static void put_authorization(const struct ud_pull *pull, struct ud_text *line)
{
    const struct ud_pull_config *config = &pull->config;
    const struct ud_url *url = &pull->parts;
    struct ud_base64 base64 = {0};

    if (!pull->is_foreign && is_given(config->user) && is_given(config->password)) {
        put_user_and_password(config, line);
    } else if (!pull->is_foreign && is_given(config->authorization)) {
        ud_text_add(line, "Authorization: ");
        ud_text_add_printable(line, config->authorization);
    } else if (url->user_length > 0) {
        ud_text_add(line, "Authorization: Basic ");
        put_base64(line, &base64, pull->url + url->userinfo, url->user_length);
        put_base64_end(line, &base64);
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

static void put_name(const struct ud_pull *pull, struct ud_text *line, const char *name)
{
    ud_text_add(line, pull->config.chip == UD_CHIP_ESP32 ? "x-ESP32-" : "x-ESP8266-");
    ud_text_add(line, name);
    ud_text_add(line, ": ");
}

static void put_text_field(const struct ud_pull *pull, struct ud_text *line, const char *name,
                           const char *value)
{
    if (!is_given(value))
        return;
    put_name(pull, line, name);
    ud_text_add_printable(line, value);
}

static void put_identity(const struct ud_pull *pull, struct ud_text *line,
                         const struct identity_field *field)
{
    const void *member = (const char *)&pull->config + field->offset;

    if (pull->config.chip == UD_CHIP_ESP32 ? !field->is_for_esp32 : !field->is_for_esp8266)
        return;
    if (field->kind == TEXT) {
        put_text_field(pull, line, field->name, *(const char *const *)member);
        return;
    }
    put_name(pull, line, field->name);
    ud_text_add_decimal(line, *(const uint32_t *)member);
}

static void put_mode(const struct ud_pull *pull, struct ud_text *line)
{
    static const char *const modes[] = {
        [UD_PULL_SKETCH] = "sketch",
        [UD_PULL_FILESYSTEM] = "spiffs",
        [UD_PULL_VERSION] = "version",
    };

    put_text_field(pull, line, "mode", modes[pull->config.mode]);
}

static void put_version(const struct ud_pull *pull, struct ud_text *line)
{
    put_text_field(pull, line, "version", pull->config.version);
}

/* The ESP32's core leaves the length of no body out. */
static void put_content_length(const struct ud_pull *pull, struct ud_text *line)
{
    if (pull->config.chip != UD_CHIP_ESP32)
        ud_text_add(line, "Content-Length: 0");
}

/* ---- the request ---- */

#define HEAD_LINES     6u
#define IDENTITY_LINES ((uint32_t)(sizeof identity_fields / sizeof identity_fields[0]))
#define TAIL_LINES     3u
#define END_STEP       (HEAD_LINES + IDENTITY_LINES + TAIL_LINES) /* the empty line */

static put_line *const esp8266_head[HEAD_LINES] = {
    put_request_line, put_host, put_user_agent, put_authorization, put_connection, NULL,
};
static put_line *const esp32_head[HEAD_LINES] = {
    put_request_line, put_host,          put_user_agent,
    put_connection,   put_authorization, put_cache_control,
};
static put_line *const tail[TAIL_LINES] = {put_mode, put_version, put_content_length};

static void put_step(const struct ud_pull *pull, uint32_t step, struct ud_text *line)
{
    if (step < HEAD_LINES) {
        put_line *const *head = pull->config.chip == UD_CHIP_ESP32 ? esp32_head : esp8266_head;
        if (head[step] != NULL)
            head[step](pull, line);
        return;
    }
    step -= HEAD_LINES;
    if (step < IDENTITY_LINES) {
        put_identity(pull, line, &identity_fields[step]);
        return;
    }
    step -= IDENTITY_LINES;
    if (step < TAIL_LINES)
        tail[step](pull, line);
}

/* Adds the line of a step with its end; nothing for one that is left out. The
 * step after the last is the empty line. */
static void add_line(const struct ud_pull *pull, uint32_t step, struct ud_text *lines)
{
    const uint32_t before = lines->length;

    put_step(pull, step, lines);
    if (lines->length > before || step == END_STEP)
        ud_text_add(lines, "\r\n");
}

void ud_pull_request_begin(struct ud_pull *pull)
{
    pull->request_step = 0;
}

int ud_pull_request_fill(struct ud_pull *pull)
{
    struct ud_text lines;

    ud_text_begin(&lines, pull->line, sizeof pull->line);
    pull->line_length = 0;
    pull->line_sent = 0;
    while (pull->request_step <= END_STEP) {
        add_line(pull, pull->request_step, &lines);
        if (lines.is_cut)
            break;
        pull->line_length = (uint16_t)lines.length;
        pull->request_step++;
    }
    return lines.is_cut && pull->line_length == 0 ? UD_ERR_HTTP_URL : UD_OK;
}

int ud_pull_request_check(struct ud_pull *pull)
{
    for (uint32_t step = 0; step < END_STEP; step++) {
        struct ud_text line;

        ud_text_begin(&line, pull->line, sizeof pull->line);
        add_line(pull, step, &line);
        if (line.is_cut || line.has_controls)
            return UD_ERR_ARGUMENT;
    }
    return UD_OK;
}
