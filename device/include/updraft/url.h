/* URLs of the two schemes updates come by.
 *
 *   http://user:password@host:port/path?query#fragment
 *   https://[2001:db8::1]/path
 *
 * Parsing finds the parts and copies nothing; offsets are into the text.
 */
#ifndef UPDRAFT_URL_H
#define UPDRAFT_URL_H

#include "updraft/error.h"

#include <stdbool.h>
#include <stdint.h>

struct ud_url {
    bool tls;               /* https */
    bool is_address6;       /* host is in brackets, which are not part of it */
    uint16_t port;          /* 80 or 443 when the URL names none */
    uint16_t userinfo;      /* offset; "user:password" as written, not decoded */
    uint16_t user_length;   /* bytes of it; 0 when absent */
    uint16_t host;          /* offset */
    uint16_t host_length;   /* bytes, at least 1 */
    uint16_t target;        /* offset of path and query, where the authority ends */
    uint16_t target_length; /* bytes, without the fragment; may be 0 or begin with '?' */
};

/* UD_ERR_HTTP_URL for another scheme, no host, a bad port, or a space or
 * control character anywhere. */
UD_MUST_CHECK int ud_url_parse(const char *text, struct ud_url *url);

/* Replaces the URL in `text`, of `size` bytes with room to spare, by the one a
 * Location names relative to it (RFC 3986 section 5, dots and all). A location
 * on the same server keeps the user and password. UD_ERR_HTTP_URL when the
 * outcome is no URL for us or has no room: text is then unspecified. *is_elsewhere becomes
 * true where the location is on another server, and else stays as it was. */
UD_MUST_CHECK int ud_url_resolve(char *text, uint32_t size, const char *location,
                                 bool *is_elsewhere);

#endif
