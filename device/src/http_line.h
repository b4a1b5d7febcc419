/* The lines of an HTTP answer's head, one at a time, without their line ends. */
#ifndef UPDRAFT_SRC_HTTP_LINE_H
#define UPDRAFT_SRC_HTTP_LINE_H

#include "updraft/error.h"

#include <stdint.h>

/* The fields an update needs; their names are compared without regard to case. */
enum ud_http_field {
    UD_HTTP_OTHER = 0,
    UD_HTTP_CONTENT_LENGTH,
    UD_HTTP_TRANSFER_ENCODING,
    UD_HTTP_LOCATION,
    UD_HTTP_X_MD5,
    UD_HTTP_X_VERSION,
};

struct ud_http_value {
    const char *text; /* without blanks around it; not terminated */
    uint32_t length;
};

/* The status, 100 to 999, of a status line of HTTP/1.x; else UD_ERR_HTTP_NOT_HTTP. */
UD_MUST_CHECK int ud_http_status(const char *line, uint32_t length);

/* What a header line is, and its value. Lines that are no field are OTHER. */
enum ud_http_field ud_http_field(const char *line, uint32_t length, struct ud_http_value *value);

/* A Content-Length. UD_ERR_HTTP_TOO_LARGE above 32 bits; UD_ERR_HTTP_NO_LENGTH
 * for anything but digits. */
UD_MUST_CHECK int ud_http_length(const struct ud_http_value *value, uint32_t *bytes);

#endif
