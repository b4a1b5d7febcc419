#include "server/operator_api/caller.h"

#include "server/operator_api/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Takes the same time wherever the first difference is. */
static bool is_equal(const char *left, const char *right)
{
    const size_t length = strlen(right);
    unsigned char difference = 0;

    if (strlen(left) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(left[i] ^ right[i]);
    return difference == 0;
}

static bool is_known(const struct operator_api *api, const char *authorization,
                     struct caller *caller)
{
    if (authorization == NULL)
        return true;
    if (strncasecmp(authorization, "Bearer ", 7) != 0 || !is_equal(authorization + 7, api->token))
        return false;
    caller->role = ROLE_ADMIN;
    snprintf(caller->who, sizeof caller->who, "local token");
    return true;
}

const struct caller *caller_find(const struct operator_api *api, struct http_request *request)
{
    struct caller *caller = calloc(1, sizeof *caller);

    if (caller == NULL) {
        answer_cannot_write(request);
        return NULL;
    }
    http_set_caller(request, caller, free);
    if (is_known(api, http_header(request, "Authorization"), caller))
        return caller;
    http_set_header(request, "WWW-Authenticate", "Bearer realm=\"updraft\"");
    answer_error(request, 401, "that is not the operator's token");
    return NULL;
}
