/* Who asks: found once for each request, kept with it. */
#ifndef SERVER_OPERATOR_API_CALLER_H
#define SERVER_OPERATOR_API_CALLER_H

#include "server/model/audit.h"
#include "server/model/names.h"
#include "server/model/role.h"
#include "server/operator_api/operator_api.h"

struct caller {
    enum role role;           /* ROLE_NONE: nobody that is known */
    char who[AUDIT_WHO_SIZE]; /* for the audit log */
};

/* Null, and the request answered, when memory is out or what it proves itself with is
 * wrong. Who brings no proof gets ROLE_NONE. */
const struct caller *caller_find(const struct operator_api *api, struct http_request *request);

#endif
