/* Entity tags in conditional requests. Ours are strong. */
#ifndef SERVER_HTTP_ETAG_H
#define SERVER_HTTP_ETAG_H

#include <stdbool.h>

/* Is the tag (with its quotes) in the value of If-None-Match? "*" is any, and
 * weak tags compare as strong ones. Null value: false. */
bool etag_is_in(const char *value, const char *etag);

/* Does If-Range (null: absent, which is fine) ask for exactly this tag? A date
 * is never ours. */
bool etag_allows_range(const char *value, const char *etag);

#endif
