/* Changes that operators ask for, with their entries in the audit log. */
#ifndef SERVER_OPERATOR_API_RECORDED_H
#define SERVER_OPERATOR_API_RECORDED_H

#include "server/http/http.h"
#include "server/store/change.h"

/* Notes in the change who asked for it, from where and what: method and path, and
 * `detail`; null: the request's body, which must then hold no secret. Returns the
 * change, or null, and the change freed, when memory is out; null stays null. */
struct change *recorded(const struct http_request *request, struct change *change,
                        const char *detail);

#endif
