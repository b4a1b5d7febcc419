/* The lines of an HTTP message's head, one at a time, without their line ends. */
#ifndef UPDRAFT_SRC_HTTP_LINE_H
#define UPDRAFT_SRC_HTTP_LINE_H

#include "updraft/error.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_HTTP_SEPARATORS ";, \t" /* between the words of a value */

struct ud_http_value {
    const char *text; /* without blanks around it; not terminated */
    uint32_t length;
};

/* The same text, but for case. */
bool ud_http_is(const struct ud_http_value *value, const char *text);

/* It begins with that text, but for case; *rest is then what follows. */
bool ud_http_begins(const struct ud_http_value *value, const char *text,
                    struct ud_http_value *rest);

/* Which of `count` texts it is, but for case; `count` when it is none. */
uint32_t ud_http_which(const struct ud_http_value *value, const char *const *texts, uint32_t count);

/* Where the first of these characters is, from `at` on: value->length when none is. */
uint32_t ud_http_find(const struct ud_http_value *value, uint32_t at, const char *characters);

/* The status, 100 to 999, of a status line of HTTP/1.x; else UD_ERR_HTTP_NOT_HTTP. */
UD_MUST_CHECK int ud_http_status(const char *line, uint32_t length);

/* Which of `count` names, compared without regard to case, a header line is of, and
 * its value. `count` for all others, and for lines that are no field. */
uint32_t ud_http_field(const char *line, uint32_t length, const char *const *names, uint32_t count,
                       struct ud_http_value *value);

#endif
