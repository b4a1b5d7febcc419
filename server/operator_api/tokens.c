#include "server/operator_api/caller.h"
#include "server/operator_api/fields.h"
#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include "server/model/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *view_token(const struct api_token *token)
{
    return json_pack("{sI ss ss sb so ss so so so}", "id", (json_int_t)token->id, "name",
                     token->name, "role", role_name(token->role), "read_only", token->is_read_only,
                     "product", text_or_null(token->product), "created_by", token->created_by,
                     "created", time_or_null(token->created_ms), "expires",
                     time_or_null(token->expires_ms), "used", time_or_null(token->used_ms));
}

void handle_list_tokens(const struct operator_api *api, struct http_request *request,
                        const char *name)
{
    json_t *array = json_array();
    size_t count;
    struct api_token *tokens = accounts_copy_tokens(api->accounts, &count);

    (void)name;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, view_token(&tokens[i]));
    free(tokens);
    answer_json(request, 200, json_pack("{so}", "tokens", array));
}

/* What a token may be; false, and the request answered, when the body is malformed. */
static bool read_token(struct http_request *request, int64_t now, struct api_token *token)
{
    char role[NAME_SIZE] = "", expires[CLOCK_TEXT_SIZE] = "";
    const struct field fields[] = {
        {"name", FIELD_KIND_TEXT, true, token->name, sizeof token->name},
        {"role", FIELD_KIND_TEXT, true, role, sizeof role},
        {"read_only", FIELD_KIND_FLAG, false, &token->is_read_only, sizeof(bool)},
        {"product", FIELD_KIND_TEXT, false, token->product, sizeof token->product},
        {"expires", FIELD_KIND_TEXT, false, expires, sizeof expires},
        {NULL}};

    if (!fields_read(request, fields))
        return false;
    if (!name_is_valid(token->name))
        answer_error(request, 400, "name must be 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (!role_parse(role, &token->role))
        answer_error(request, 400, "role must be viewer, operator or admin");
    else if (token->product[0] != '\0' && !name_is_valid(token->product))
        answer_error(request, 400, "product must be null or 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (expires[0] != '\0' && !clock_parse(expires, &token->expires_ms))
        answer_error(request, 400, "expires must be null or a time like 2026-11-21T10:20:30Z");
    else if (expires[0] != '\0' && token->expires_ms <= now)
        answer_error(request, 400, "expires is over already");
    else
        return true;
    return false;
}

static void answer_added(struct operation *operation)
{
    const uint32_t id = (uint32_t)strtoul(operation->name, NULL, 10);
    struct api_token *tokens, *token = NULL;
    size_t count;

    tokens = accounts_copy_tokens(operation->api->accounts, &count);
    for (size_t i = 0; i < count; i++)
        if (tokens[i].id == id)
            token = &tokens[i];
    if (operation->result == CHANGE_CONFLICT || token == NULL)
        answer_error(operation->request, 409, "the token was revoked at the same moment");
    else
        answer_json(operation->request, 201,
                    json_pack("{so ss}", "token", view_token(token), "secret", operation->secret));
    free(tokens);
}

static void describe(const struct api_token *token, char *detail, size_t size)
{
    char expires[CLOCK_TEXT_SIZE] = "never";

    if (token->expires_ms != 0)
        clock_format(token->expires_ms, expires);
    snprintf(detail, size, "token # (%s), %s%s%s%s, expires %s", token->name,
             role_name(token->role), token->is_read_only ? ", read-only" : "",
             token->product[0] != '\0' ? ", product " : "", token->product, expires);
}

void handle_add_token(const struct operator_api *api, struct http_request *request,
                      const char *name)
{
    const struct caller *caller = http_caller(request);
    struct api_token token = {.created_ms = accounts_now(api->accounts)};
    char detail[AUDIT_DETAIL_SIZE];

    (void)name;
    if (!read_token(request, token.created_ms, &token))
        return;
    struct operation *operation = new_operation(api, request, answer_added);
    if (operation == NULL)
        return;
    token.id = accounts_next_token(api->accounts);
    audit_text(token.created_by, sizeof token.created_by, caller->who);
    describe(&token, detail, sizeof detail);
    operation->detail = detail;
    struct change *change =
        secret_make(operation->secret, token.digest) ? change_new_account(ACCOUNT_TOKEN) : NULL;
    if (change != NULL)
        change->as.account->as.token = token;
    perform(operation, change);
}

static void answer_revoked(struct operation *operation)
{
    if (operation->result == CHANGE_CONFLICT)
        answer_error(operation->request, 404, "there is no token %s", operation->name);
    else
        http_answer(operation->request, 204, NULL, "", 0);
}

void perform_revocation(const struct operator_api *api, struct http_request *request,
                        const char *name, enum account_change_kind kind,
                        void (*answer)(struct operation *operation))
{
    uint32_t id;

    if (!path_id(name, &id)) {
        answer_error(request, 404, "there is no %s", name);
        return;
    }
    struct operation *operation = new_operation(api, request, answer);
    if (operation == NULL)
        return;
    strcpy(operation->name, name);
    operation->detail = "";
    struct change *change = change_new_account(kind);
    if (change != NULL && kind == ACCOUNT_TOKEN_REVOKED) {
        change->as.account->as.token.id = id;
        change->as.account->as.token.revoked_ms = accounts_now(api->accounts);
    } else if (change != NULL) {
        change->as.account->as.secret.id = id;
        change->as.account->as.secret.revoked_ms = accounts_now(api->accounts);
    }
    perform(operation, change);
}

void handle_revoke_token(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    perform_revocation(api, request, name, ACCOUNT_TOKEN_REVOKED, answer_revoked);
}
