#include "updraft/url.h"

#include "chars.h"

#include <string.h>

#define LENGTH_MAX  0xffffu /* offsets are 16 bits */
#define PORT_DIGITS 5u
#define HTTP_PORT   80u
#define HTTPS_PORT  443u

static bool ends_authority(char c)
{
    return c == '\0' || c == '/' || c == '?' || c == '#';
}

/* The prefix is in lower case. */
static bool starts_with(const char *text, const char *prefix)
{
    for (; *prefix != '\0'; prefix++, text++) {
        if (ud_to_lower(*text) != *prefix)
            return false;
    }
    return true;
}

/* The digits after the colon; none at all leaves the scheme's port. */
static int parse_port(const char *digits, uint32_t length, uint16_t *port)
{
    uint32_t number;

    if (length == 0)
        return UD_OK;
    if (length > PORT_DIGITS || ud_decimal(digits, length, &number) != UD_DECIMAL_GOOD ||
        number == 0 || number > UINT16_MAX)
        return UD_ERR_HTTP_URL;
    *port = (uint16_t)number;
    return UD_OK;
}

/* host, host:port, [address] or [address]:port in [start, end) of text. */
static int parse_host(const char *text, uint32_t start, uint32_t end, struct ud_url *url)
{
    const bool is_address6 = start < end && text[start] == '[';
    const uint32_t host = start + is_address6;
    uint32_t colon = start;

    while (colon < end && text[colon] != (is_address6 ? ']' : ':'))
        colon++;
    url->is_address6 = is_address6;
    url->host = (uint16_t)host;
    url->host_length = (uint16_t)(colon - host);
    if (colon == host)
        return UD_ERR_HTTP_URL;
    if (is_address6) {
        if (colon == end)
            return UD_ERR_HTTP_URL;
        colon++;
    }
    if (colon == end)
        return UD_OK;
    if (text[colon] != ':')
        return UD_ERR_HTTP_URL;
    return parse_port(text + colon + 1, end - colon - 1, &url->port);
}

static uint32_t after_last_at_sign(const char *text, uint32_t start, uint32_t end)
{
    while (end > start && text[end - 1] != '@')
        end--;
    return end;
}

/* Everything from the authority, which begins at `start`, on. */
static int parse_authority(const char *text, uint32_t start, struct ud_url *url)
{
    uint32_t target = start;

    url->port = url->tls ? HTTPS_PORT : HTTP_PORT;
    while (!ends_authority(text[target]))
        target++;
    uint32_t end = target;
    const uint32_t host = after_last_at_sign(text, start, target);
    url->userinfo = (uint16_t)start;
    url->user_length = (uint16_t)(host > start ? host - start - 1 : 0);
    url->target = (uint16_t)target;
    while (text[end] != '\0' && text[end] != '#')
        end++;
    url->target_length = (uint16_t)(end - target);
    return parse_host(text, host, target, url);
}

/* No text that would end a request line or a header early. */
static bool is_clean(const char *text)
{
    for (uint32_t i = 0; text[i] != '\0'; i++) {
        if (i == LENGTH_MAX || ud_is_control(text[i]) || text[i] == ' ')
            return false;
    }
    return true;
}

int ud_url_parse(const char *text, struct ud_url *url)
{
    memset(url, 0, sizeof *url);
    if (!is_clean(text))
        return UD_ERR_HTTP_URL;
    url->tls = starts_with(text, "https://");
    if (!url->tls && !starts_with(text, "http://"))
        return UD_ERR_HTTP_URL;
    return parse_authority(text, url->tls ? 8 : 7, url);
}

/* ---- resolving ---- */

/* "name:" before any other delimiter makes a reference absolute. */
static bool has_scheme(const char *reference)
{
    uint32_t i = 0;

    while (!ends_authority(reference[i]) && reference[i] != ':')
        i++;
    return i > 0 && reference[i] == ':';
}

static bool is_same_server(const char *a_text, const struct ud_url *a, const char *b_text,
                           const struct ud_url *b)
{
    return a->tls == b->tls && a->port == b->port && a->host_length == b->host_length &&
           ud_same_ignoring_case(a_text + a->host, b_text + b->host, a->host_length);
}

/* Where a reference without scheme and authority is put in: what of the base
 * stays in front of it. */
static uint32_t kept_length(const char *text, const struct ud_url *url, const char *reference)
{
    const uint32_t target_end = (uint32_t)url->target + url->target_length;
    uint32_t path_end = url->target;
    uint32_t kept;

    if (reference[0] == '/')
        return url->target;
    if (reference[0] == '#' || reference[0] == '\0')
        return target_end;
    while (path_end < target_end && text[path_end] != '?')
        path_end++;
    if (reference[0] == '?')
        return path_end;
    kept = path_end;
    while (kept > url->target && text[kept - 1] != '/')
        kept--;
    return kept;
}

/* Takes "." and ".." segments out of the path at `path`, in place. */
static void remove_dot_segments(char *path)
{
    char *in = path;
    char *out = path;

    while (*in == '/') {
        uint32_t length = 1;
        while (!ends_authority(in[length]))
            length++;
        const bool is_last = in[length] != '/';
        const bool is_dot = length == 2 && in[1] == '.';
        const bool is_dots = length == 3 && in[1] == '.' && in[2] == '.';

        if (is_dots) {
            while (out > path && *--out != '/')
                ;
        }
        if (!is_dot && !is_dots) {
            memmove(out, in, length);
            out += length;
        } else if (is_last) {
            *out++ = '/';
        }
        in += length;
    }
    memmove(out, in, strlen(in) + 1);
}

/* Puts `reference` in place of everything from `kept` on, with a '/' between
 * when the base has no path to be relative to. */
static int splice(char *text, uint32_t size, uint32_t kept, const char *reference, bool needs_slash)
{
    const size_t length = strlen(reference);

    if (kept + needs_slash >= size || length >= size - kept - needs_slash)
        return UD_ERR_HTTP_URL;
    if (needs_slash)
        text[kept++] = '/';
    memcpy(text + kept, reference, length + 1);
    return UD_OK;
}

/* A location that names a server. `kept` bytes of the base stay in front of it:
 * the scheme, if it has none of its own. */
static int resolve_server(char *text, uint32_t size, const struct ud_url *base, uint32_t kept,
                          const char *location, bool *is_elsewhere)
{
    struct ud_url url = {.tls = base->tls};
    const int error = kept == 0 ? ud_url_parse(location, &url) : parse_authority(location, 2, &url);

    if (error != UD_OK)
        return error;
    if (!is_same_server(text, base, location, &url)) {
        *is_elsewhere = true;
        return splice(text, size, kept, location, false);
    }
    const char *target = location + url.target;
    return splice(text, size, base->target, target, target[0] != '/');
}

static int resolve_target(char *text, uint32_t size, const struct ud_url *base,
                          const char *reference)
{
    const uint32_t kept = kept_length(text, base, reference);

    return splice(text, size, kept, reference, kept == base->target && reference[0] != '/');
}

int ud_url_resolve(char *text, uint32_t size, const char *location, bool *is_elsewhere)
{
    struct ud_url base;
    int error = is_clean(location) ? ud_url_parse(text, &base) : UD_ERR_HTTP_URL;

    if (error != UD_OK)
        return error;
    if (has_scheme(location))
        error = resolve_server(text, size, &base, 0, location, is_elsewhere);
    else if (location[0] == '/' && location[1] == '/')
        error = resolve_server(text, size, &base, base.tls ? 6 : 5, location, is_elsewhere);
    else
        error = resolve_target(text, size, &base, location);
    if (error == UD_OK)
        error = ud_url_parse(text, &base);
    if (error != UD_OK)
        return error;
    remove_dot_segments(text + base.target);
    return UD_OK;
}
