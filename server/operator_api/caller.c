#include "server/operator_api/caller.h"

#include "server/operator_api/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- proofs --- */

/* Its use is noted, sooner or later; nobody waits for it. */
static void note_token_use(const struct operator_api *api, const struct api_token *token)
{
    struct change *change = change_new_account(ACCOUNT_TOKEN_USED);

    if (change == NULL)
        return;
    change->as.account->as.token.id = token->id;
    change->as.account->as.token.used_ms = token->used_ms;
    fleet_submit(api->fleet, change, NULL, NULL);
}

static bool is_token(const struct operator_api *api, const char *text, struct caller *caller)
{
    uint8_t digest[SECRET_DIGEST_SIZE];
    struct api_token token;
    bool is_to_note;

    secret_digest(text, digest);
    if (!accounts_token(api->accounts, digest, &token, &is_to_note))
        return false;
    if (is_to_note)
        note_token_use(api, &token);
    caller->kind = CALLER_TOKEN;
    memcpy(caller->proof, digest, sizeof caller->proof);
    caller->role = token.role;
    caller->is_read_only = token.is_read_only;
    strcpy(caller->name, token.name);
    strcpy(caller->product, token.product);
    snprintf(caller->who, sizeof caller->who, "token %u (%s)", token.id, token.name);
    return true;
}

static bool is_bearer(const struct operator_api *api, const char *authorization,
                      struct caller *caller)
{
    if (strncasecmp(authorization, "Bearer ", 7) != 0)
        return false;
    if (!secret_is_equal(authorization + 7, api->token))
        return is_token(api, authorization + 7, caller);
    caller->kind = CALLER_LOCAL;
    caller->role = ROLE_ADMIN;
    snprintf(caller->who, sizeof caller->who, "local token");
    return true;
}

static void note_session_use(const struct operator_api *api, const struct caller *caller)
{
    struct change *change = change_new_account(ACCOUNT_SESSION_USED);

    if (change == NULL)
        return;
    memcpy(change->as.account->as.session.digest, caller->proof, SECRET_DIGEST_SIZE);
    change->as.account->as.session.used_ms = accounts_now(api->accounts);
    fleet_submit(api->fleet, change, NULL, NULL);
}

static void find_session(const struct operator_api *api, const char *secret, struct caller *caller)
{
    struct user user;
    bool is_to_note;

    secret_digest(secret, caller->proof);
    if (!accounts_session(api->accounts, caller->proof, &user, &is_to_note))
        return;
    if (is_to_note)
        note_session_use(api, caller);
    caller->kind = CALLER_SESSION;
    caller->role = user.role;
    strcpy(caller->name, user.name);
    snprintf(caller->who, sizeof caller->who, "user %s", user.name);
    secret_derive(secret, "csrf", caller->csrf);
}

const struct caller *caller_find(const struct operator_api *api, struct http_request *request)
{
    const char *authorization = http_header(request, "Authorization");
    const char *cookie = http_cookie(request, SESSION_COOKIE);
    struct caller *caller = calloc(1, sizeof *caller);

    if (caller == NULL) {
        answer_cannot_write(request);
        return NULL;
    }
    http_set_caller(request, caller, free);
    snprintf(caller->who, sizeof caller->who, "nobody");
    if (authorization == NULL) {
        if (cookie != NULL && strlen(cookie) == SECRET_TEXT_SIZE - 1)
            find_session(api, cookie, caller);
        return caller;
    }
    if (is_bearer(api, authorization, caller))
        return caller;
    http_set_header(request, "WWW-Authenticate", "Bearer realm=\"updraft\"");
    answer_error(request, 401, "that token is not known here, has expired or was revoked");
    return NULL;
}

void caller_becomes(struct http_request *request, const char *user)
{
    struct caller *caller = http_caller(request);

    snprintf(caller->who, sizeof caller->who, "user %s", user);
}

/* --- rights --- */

static bool is_safe(const struct http_request *request)
{
    const char *method = http_method(request);

    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* A browser sends the cookie whoever made it send the request; only our own page can
 * know what goes with it. */
static bool is_from_page(const struct caller *caller, struct http_request *request)
{
    const char *sent = http_header(request, CSRF_HEADER);

    if (caller->kind != CALLER_SESSION || is_safe(request))
        return true;
    if (sent != NULL && secret_is_equal(sent, caller->csrf))
        return true;
    answer_error(request, 403, "%s",
                 sent == NULL ? "a change with a cookie needs the header " CSRF_HEADER
                              : "that " CSRF_HEADER " is of another session: load the page again");
    return false;
}

static bool is_within_token(const struct caller *caller, struct http_request *request,
                            enum role needed, bool is_by_product)
{
    if (caller->product[0] != '\0' && !is_by_product)
        answer_error(request, 403, "this token is for the releases of %s alone", caller->product);
    else if (caller->is_read_only && !is_safe(request) && needed > ROLE_VIEWER)
        answer_error(request, 403, "this token is for reading alone");
    else
        return true;
    return false;
}

bool caller_may(const struct caller *caller, struct http_request *request, enum role needed,
                bool is_by_product)
{
    if (needed == ROLE_NONE)
        return true;
    if (caller->role == ROLE_NONE) {
        http_set_header(request, "WWW-Authenticate", "Bearer realm=\"updraft\"");
        answer_error(request, 401,
                     "sign in, or send a token: Authorization: Bearer TOKEN, for example from "
                     "operator.token in the server's data folder");
        return false;
    }
    if (caller->role < needed) {
        answer_error(request, 403, "this needs the role %s, and yours is %s", role_name(needed),
                     role_name(caller->role));
        return false;
    }
    return is_within_token(caller, request, needed, is_by_product) && is_from_page(caller, request);
}
