#include "server/operator_api/handlers.h"

#include "server/operator_api/caller.h"
#include "server/operator_api/recorded.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT        "/api/v1"
#define ERROR_SIZE  400
#define RETRY_AFTER "30"

/* Of the methods a path takes. */
#define ALLOWED_SIZE 40

#define BY_PRODUCT 1u /* open to tokens for one product, and minds which */
#define COUNTS     2u /* looks at all devices */

static const struct route {
    const char *method;
    const char *path; /* below ROOT; {} stands for one name */
    enum role role;   /* it needs, or more */
    operator_handler *handler;
    unsigned traits;
} routes[] = {
    {"GET", "/releases/{}", ROLE_VIEWER, handle_show_release, COUNTS},
    {"PUT", "/releases/{}", ROLE_OPERATOR, handle_edit_release},
    {"POST", "/releases/{}/live", ROLE_OPERATOR, handle_release_live},
    {"POST", "/releases/{}/withdraw", ROLE_OPERATOR, handle_withdraw_release},
    {"GET", "/releases", ROLE_VIEWER, handle_list_releases, BY_PRODUCT | COUNTS},
    {"POST", "/releases", ROLE_OPERATOR, handle_publish, BY_PRODUCT},
    {"GET", "/key-updates", ROLE_VIEWER, handle_list_key_updates, BY_PRODUCT | COUNTS},
    {"POST", "/key-updates", ROLE_OPERATOR, handle_publish_key_update, BY_PRODUCT},
    {"POST", "/key-updates/{}/withdraw", ROLE_OPERATOR, handle_withdraw_key_update},
    {"GET", "/devices", ROLE_VIEWER, handle_list_devices},
    {"POST", "/devices/import", ROLE_OPERATOR, handle_import_devices},
    {"GET", "/devices/{}", ROLE_VIEWER, handle_show_device},
    {"PUT", "/devices/{}", ROLE_OPERATOR, handle_set_device},
    {"DELETE", "/devices/{}", ROLE_OPERATOR, handle_remove_device},
    {"GET", "/devices/{}/history", ROLE_VIEWER, handle_device_history},
    {"GET", "/devices/{}/explain", ROLE_VIEWER, handle_explain_device},
    {"POST", "/devices/{}/retry", ROLE_OPERATOR, handle_retry_device},
    {"GET", "/groups", ROLE_VIEWER, handle_list_groups, COUNTS},
    {"PUT", "/groups/{}", ROLE_OPERATOR, handle_set_group},
    {"GET", "/rollouts", ROLE_VIEWER, handle_list_rollouts, COUNTS},
    {"POST", "/rollouts", ROLE_OPERATOR, handle_add_rollout},
    {"POST", "/rollouts/dry-run", ROLE_VIEWER, handle_try_rollout, COUNTS},
    {"GET", "/rollouts/{}", ROLE_VIEWER, handle_show_rollout, COUNTS},
    {"GET", "/rollouts/{}/failures", ROLE_VIEWER, handle_list_failures, COUNTS},
    {"POST", "/rollouts/{}/approve", ROLE_OPERATOR, handle_approve_rollout},
    {"POST", "/rollouts/{}/pause", ROLE_OPERATOR, handle_pause_rollout},
    {"POST", "/rollouts/{}/resume", ROLE_OPERATOR, handle_resume_rollout},
    {"POST", "/rollouts/{}/cancel", ROLE_OPERATOR, handle_cancel_rollout},
    {"POST", "/rollouts/{}/roll-back", ROLE_OPERATOR, handle_roll_back_rollout},
    {"POST", "/session", ROLE_NONE, handle_sign_in},
    {"GET", "/session", ROLE_VIEWER, handle_show_session, BY_PRODUCT},
    {"DELETE", "/session", ROLE_VIEWER, handle_sign_out},
    {"DELETE", "/sessions", ROLE_VIEWER, handle_sign_out_everywhere},
    {"PUT", "/session/password", ROLE_VIEWER, handle_change_password},
    {"POST", "/setup", ROLE_NONE, handle_set_up},
    {"POST", "/setup/ticket", ROLE_NONE, handle_show_ticket},
    {"GET", "/users", ROLE_ADMIN, handle_list_users},
    {"POST", "/users", ROLE_ADMIN, handle_add_user},
    {"PUT", "/users/{}", ROLE_ADMIN, handle_set_user},
    {"POST", "/users/{}/reset", ROLE_ADMIN, handle_reset_user},
    {"DELETE", "/users/{}", ROLE_ADMIN, handle_remove_user},
    {"GET", "/tokens", ROLE_ADMIN, handle_list_tokens},
    {"POST", "/tokens", ROLE_ADMIN, handle_add_token},
    {"DELETE", "/tokens/{}", ROLE_ADMIN, handle_revoke_token},
    {"GET", "/device-secrets", ROLE_ADMIN, handle_list_device_secrets},
    {"POST", "/device-secrets", ROLE_ADMIN, handle_add_device_secret},
    {"DELETE", "/device-secrets/{}", ROLE_ADMIN, handle_revoke_device_secret},
    {"GET", "/audit", ROLE_VIEWER, handle_list_audit},
    {"GET", "/audit/verify", ROLE_VIEWER, handle_verify_audit},
    {"GET", "/overview", ROLE_VIEWER, handle_overview, COUNTS},
    {"GET", "/trend", ROLE_VIEWER, handle_trend},
    {"GET", "/events", ROLE_VIEWER, handle_events},
    {"GET", "/openapi.json", ROLE_VIEWER, handle_openapi},
    {"GET", "/backup", ROLE_ADMIN, handle_backup},
    {"GET", "/webhooks", ROLE_ADMIN, handle_list_webhooks},
    {"POST", "/webhooks", ROLE_ADMIN, handle_add_webhook},
    {"GET", "/webhooks/{}", ROLE_ADMIN, handle_show_webhook},
    {"PUT", "/webhooks/{}", ROLE_ADMIN, handle_set_webhook},
    {"DELETE", "/webhooks/{}", ROLE_ADMIN, handle_remove_webhook},
    {"POST", "/webhooks/{}/test", ROLE_ADMIN, handle_test_webhook},
    {"GET", "/webhooks/{}/deliveries", ROLE_ADMIN, handle_list_deliveries},
};

#define ROUTE_COUNT (sizeof routes / sizeof routes[0])

bool operator_api_route(size_t index, struct operator_route *route)
{
    if (index >= ROUTE_COUNT)
        return false;
    *route = (struct operator_route){routes[index].method, routes[index].path, routes[index].role};
    return true;
}

bool operator_api_wants(const struct http_request *request)
{
    const char *path = http_path(request);

    return strncmp(path, "/api", 4) == 0 && (path[4] == '/' || path[4] == '\0');
}

void answer_json(struct http_request *request, unsigned status, json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;

    http_set_header(request, "Cache-Control", "no-store");
    http_set_header(request, "X-Content-Type-Options", "nosniff");
    if (text != NULL)
        http_answer(request, status, "application/json", text, strlen(text));
    else
        http_answer_line(request, 500, "out of memory");
    free(text);
    json_decref(value);
}

void answer_error(struct http_request *request, unsigned status, const char *format, ...)
{
    char text[ERROR_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* What was asked is quoted in some of them and need not be UTF-8. */
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?';
    answer_json(request, status, json_pack("{ss}", "error", text));
}

void operator_api_refuse(struct http_request *request, unsigned status, const char *line)
{
    answer_error(request, status, "%s", line);
}

void answer_cannot_write(struct http_request *request)
{
    http_set_header(request, "Retry-After", RETRY_AFTER);
    answer_error(request, 503, "the server cannot write (its log says why): nothing was changed");
}

#define NAME_MAX_LENGTH 64

/* Does the path fit the route? Copies what stands for {}. */
static bool fits(const char *pattern, const char *path, char name[NAME_SIZE])
{
    const char *hole = strstr(pattern, "{}");
    const size_t before = hole != NULL ? (size_t)(hole - pattern) : strlen(pattern);

    name[0] = '\0';
    if (strncmp(pattern, path, before) != 0)
        return false;
    if (hole == NULL)
        return path[before] == '\0';
    const size_t length = strcspn(path + before, "/");
    if (length == 0 || length > NAME_MAX_LENGTH || strcmp(path + before + length, hole + 2) != 0)
        return false;
    memcpy(name, path + before, length);
    name[length] = '\0';
    return true;
}

static void answer_no_route(struct http_request *request, const char *allowed)
{
    if (allowed[0] == '\0') {
        answer_error(request, 404, "there is no %s", http_path(request));
        return;
    }
    http_set_header(request, "Allow", "%s", allowed);
    answer_error(request, 405, "%s does not take %s, only %s", http_path(request),
                 http_method(request), allowed);
}

const char *operator_api_below_root(const struct http_request *request)
{
    const char *path = http_path(request);

    return strncmp(path, ROOT, strlen(ROOT)) == 0 ? path + strlen(ROOT) : "";
}

/* The route, and what stands for {}; null: there is none, and `allowed` lists what the
 * path takes. */
static const struct route *find_route(const struct http_request *request, char name[NAME_SIZE],
                                      char allowed[ALLOWED_SIZE])
{
    const char *path = operator_api_below_root(request);

    allowed[0] = '\0';
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (!fits(routes[i].path, path, name))
            continue;
        if (strcmp(routes[i].method, http_method(request)) == 0)
            return &routes[i];
        if (allowed[0] != '\0')
            strcat(allowed, ", ");
        strcat(allowed, routes[i].method);
    }
    return NULL;
}

/* The route the request may take; null, and the request answered, when there is none. */
static const struct route *admit(const struct operator_api *api, struct http_request *request,
                                 char name[NAME_SIZE])
{
    char allowed[ALLOWED_SIZE];
    const struct caller *caller = caller_find(api, request);
    const struct route *route = caller != NULL ? find_route(request, name, allowed) : NULL;

    if (caller == NULL || !caller_may(caller, request, route != NULL ? route->role : ROLE_VIEWER,
                                      route != NULL && (route->traits & BY_PRODUCT)))
        return NULL;
    if (route == NULL)
        answer_no_route(request, allowed);
    return route;
}

bool operator_api_allows(const struct operator_api *api, struct http_request *request,
                         enum role role)
{
    const struct caller *caller = caller_find(api, request);

    return caller != NULL && caller_may(caller, request, role, false);
}

void operator_api_handle(const struct operator_api *api, struct http_request *request)
{
    char name[NAME_SIZE];
    const struct route *route = admit(api, request, name);

    if (route != NULL && (route->traits & COUNTS))
        handle_by_census(api, request, name, route->handler);
    else if (route != NULL)
        route->handler(api, request, name);
}

void operator_api_headers(const struct operator_api *api, struct http_request *request)
{
    char name[NAME_SIZE];
    const struct route *route = admit(api, request, name);

    if (route != NULL && route->handler == handle_publish)
        begin_publication(api, request);
}

/* --- changes --- */

struct operation *new_operation(const struct operator_api *api, struct http_request *request,
                                void (*answer)(struct operation *operation))
{
    struct operation *operation = calloc(1, sizeof *operation);

    if (operation == NULL) {
        answer_cannot_write(request);
        return NULL;
    }
    operation->api = api;
    operation->request = request;
    operation->answer = answer;
    http_set_context(request, operation, free);
    return operation;
}

static void written(void *ctx, enum change_result result)
{
    struct operation *operation = ctx;
    const uint32_t *number = operation->change != NULL ? change_number(operation->change) : NULL;

    operation->result = result;
    if (number != NULL && result == CHANGE_DONE)
        snprintf(operation->name, sizeof operation->name, "%u", *number);
    http_resume(operation->request);
}

static void answer(void *ctx)
{
    struct operation *operation = ctx;

    operation->answer(operation);
}

static void go_on(void *ctx, struct http_request *request)
{
    const struct operation *operation = ctx;

    if (operation->result == CHANGE_FAILED)
        answer_cannot_write(request);
    else if (operation->counts)
        answer_by_census(operation->api, request, answer, ctx);
    else
        answer(ctx);
}

void perform(struct operation *operation, struct change *change)
{
    http_suspend(operation->request, go_on, operation);
    struct change *noted = recorded(operation->request, change, operation->detail);
    operation->change = noted;
    fleet_submit(operation->api->fleet, noted, written, operation);
}
