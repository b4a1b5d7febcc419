/* Webhooks over the API. Their secrets are shown once, and are in no audit log. */
#include "server/webhooks/webhooks.h"

#include "server/model/clock.h"
#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_SHORTEST 16u

static json_t *view_events(const char *events)
{
    json_t *array = json_array();

    for (const char *at = events; *at != '\0'; at += strspn(at, " ")) {
        const size_t length = strcspn(at, " ");
        json_array_append_new(array, json_stringn(at, length));
        at += length;
    }
    return array;
}

static json_t *view_webhook(const struct operator_api *api, const struct webhook *webhook)
{
    const size_t pending = webhooks_pending(api->webhooks, webhook->id);

    return json_pack("{sI ss so sb so so so sI sI}", "id", (json_int_t)webhook->id, "url",
                     webhook->url, "events", view_events(webhook->events), "enabled",
                     !webhook->is_disabled, "reason", text_or_null(webhook->reason), "created",
                     time_or_null(webhook->created_ms), "failing_since",
                     time_or_null(webhook->failing_ms), "waiting", (json_int_t)pending, "dropped",
                     (json_int_t)webhook->dropped);
}

void handle_list_webhooks(const struct operator_api *api, struct http_request *request,
                          const char *name)
{
    json_t *array = json_array();
    size_t count;
    struct webhook *webhooks = webhooks_copy(api->webhooks, &count);

    (void)name;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, view_webhook(api, &webhooks[i]));
    free(webhooks);
    answer_json(request, 200, json_pack("{so}", "webhooks", array));
}

/* The webhook of the path; false, and the request answered, when there is none. */
static bool find_webhook(const struct operator_api *api, struct http_request *request,
                         const char *name, struct webhook *webhook)
{
    uint32_t id;

    if (path_id(name, &id) && webhooks_find(api->webhooks, id, webhook))
        return true;
    answer_error(request, 404, "there is no webhook %s", name);
    return false;
}

void handle_show_webhook(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    struct webhook webhook;

    if (find_webhook(api, request, name, &webhook))
        answer_json(request, 200, view_webhook(api, &webhook));
}

void handle_list_deliveries(const struct operator_api *api, struct http_request *request,
                            const char *name)
{
    struct webhook webhook;
    json_t *array = json_array();

    if (!find_webhook(api, request, name, &webhook)) {
        json_decref(array);
        return;
    }
    struct delivery *list = webhooks_copy_deliveries(api->webhooks, webhook.id);
    for (const struct delivery *at = list; at != NULL; at = at->next)
        json_array_append_new(
            array, json_pack("{sI ss ss so sI so so so}", "id", (json_int_t)at->id, "event",
                             at->event, "state",
                             at->done_ms == 0       ? "waiting"
                             : at->error[0] == '\0' ? "delivered"
                                                    : "failed",
                             "created", time_or_null(at->created_ms), "attempts",
                             (json_int_t)at->attempts, "done", time_or_null(at->done_ms), "status",
                             at->status != 0 ? json_integer(at->status) : json_null(), "error",
                             text_or_null(at->error)));
    delivery_free_list(list);
    answer_json(request, 200, json_pack("{so}", "deliveries", array));
}

/* --- what a webhook is to be --- */

static bool is_url(const char *url)
{
    const char *rest = strncmp(url, "http://", 7) == 0    ? url + 7
                       : strncmp(url, "https://", 8) == 0 ? url + 8
                                                          : "";

    for (const char *c = url; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return rest[0] != '\0' && rest[0] != '/';
}

static bool read_events(const json_t *value, struct webhook *webhook)
{
    size_t length = 0;

    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *event = json_string_value(json_array_get(value, i));
        if (event == NULL || strchr(event, ' ') != NULL ||
            strlen(event) + 1 >= sizeof webhook->events - length)
            return false;
        length += (size_t)snprintf(webhook->events + length, sizeof webhook->events - length,
                                   "%s%s", length > 0 ? " " : "", event);
    }
    return webhook_events_are_valid(json_array_size(value) > 0 ? webhook->events : "");
}

/* One field of the body; null: it is fine. */
static const char *read_field(const char *name, const json_t *value, struct webhook *webhook)
{
    const char *text = json_string_value(value);

    if (strcmp(name, "url") == 0) {
        if (text == NULL || strlen(text) >= sizeof webhook->url || !is_url(text))
            return "url must be one of http:// or https://, of at most 512 characters";
        strcpy(webhook->url, text);
    } else if (strcmp(name, "events") == 0) {
        if (!read_events(value, webhook))
            return "events must be a list of names, like rollout.halted, or rollout.*";
    } else if (strcmp(name, "secret") == 0) {
        if (text == NULL || strlen(text) < SECRET_SHORTEST ||
            strlen(text) >= sizeof webhook->secret)
            return "secret must be of 16 to 128 characters";
        strcpy(webhook->secret, text);
    } else if (strcmp(name, "enabled") == 0) {
        if (!json_is_boolean(value))
            return "enabled must be true or false";
        webhook->is_disabled = !json_is_true(value);
        webhook->reason[0] = '\0';
        webhook->failing_ms = 0;
    } else {
        return "a webhook has url, events, secret and enabled";
    }
    return NULL;
}

/* Puts what the body says into the webhook; false, and the request answered, when that
 * is malformed. */
static bool read_webhook(struct http_request *request, struct webhook *webhook)
{
    size_t length;
    const char *body = http_body(request, &length);
    json_t *object = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
    const char *problem = json_is_object(object) ? NULL : "the body is not a JSON object";

    for (void *at = json_object_iter(object); at != NULL && problem == NULL;
         at = json_object_iter_next(object, at))
        problem = read_field(json_object_iter_key(at), json_object_iter_value(at), webhook);
    json_decref(object);
    if (problem != NULL)
        answer_error(request, 400, "%s", problem);
    return problem == NULL;
}

static void describe(const struct webhook *webhook, bool is_new, char detail[AUDIT_DETAIL_SIZE])
{
    char number[12] = "#"; /* of a new one */

    if (!is_new)
        snprintf(number, sizeof number, "%u", webhook->id);
    snprintf(detail, AUDIT_DETAIL_SIZE, "webhook %s to %.200s for %.150s%s", number, webhook->url,
             webhook->events, webhook->is_disabled ? ", disabled" : "");
}

/* --- changes --- */

static void answer_webhook(struct operation *operation)
{
    const struct operator_api *api = operation->api;
    struct webhook webhook;

    if (!find_webhook(api, operation->request, operation->name, &webhook))
        return;
    if (!operation->is_new) {
        answer_json(operation->request, 200, view_webhook(api, &webhook));
        return;
    }
    answer_json(
        operation->request, 201,
        json_pack("{so ss}", "webhook", view_webhook(api, &webhook), "secret", webhook.secret));
}

static void answer_removed(struct operation *operation)
{
    if (operation->result == CHANGE_CONFLICT)
        answer_error(operation->request, 404, "there is no webhook %s", operation->name);
    else
        http_answer(operation->request, 204, NULL, "", 0);
}

static void change_webhook(const struct operator_api *api, struct http_request *request,
                           enum webhook_change_kind kind, const struct webhook *webhook)
{
    char detail[AUDIT_DETAIL_SIZE];
    struct operation *operation =
        new_operation(api, request, kind == WEBHOOK_REMOVE ? answer_removed : answer_webhook);

    if (operation == NULL)
        return;
    describe(webhook, kind == WEBHOOK_ADD, detail);
    operation->detail = detail;
    operation->is_new = kind == WEBHOOK_ADD;
    snprintf(operation->name, sizeof operation->name, "%u", webhook->id);
    struct change *change = change_new_webhook(kind);
    if (change != NULL)
        change->as.webhook->webhook = *webhook;
    perform(operation, change);
}

void handle_add_webhook(const struct operator_api *api, struct http_request *request,
                        const char *name)
{
    struct webhook webhook = {.created_ms = clock_now_ms()};
    char secret[SECRET_TEXT_SIZE];
    uint8_t digest[SECRET_DIGEST_SIZE];

    (void)name;
    if (!read_webhook(request, &webhook))
        return;
    if (webhook.url[0] == '\0' || webhook.events[0] == '\0') {
        answer_error(request, 400, "a webhook needs a url and events");
        return;
    }
    if (webhook.secret[0] == '\0' && !secret_make(secret, digest)) {
        answer_cannot_write(request);
        return;
    }
    if (webhook.secret[0] == '\0')
        snprintf(webhook.secret, sizeof webhook.secret, "%s", secret);
    webhook.id = webhooks_next(api->webhooks);
    if (webhook.id != 0)
        change_webhook(api, request, WEBHOOK_ADD, &webhook);
    else
        answer_error(request, 409, "there are %u webhooks: remove one first", WEBHOOKS_MAX);
}

void handle_set_webhook(const struct operator_api *api, struct http_request *request,
                        const char *name)
{
    struct webhook webhook = {.id = 0};

    /* What is malformed is said first, whatever it is for. */
    if (read_webhook(request, &webhook) && find_webhook(api, request, name, &webhook) &&
        read_webhook(request, &webhook))
        change_webhook(api, request, WEBHOOK_SET, &webhook);
}

void handle_remove_webhook(const struct operator_api *api, struct http_request *request,
                           const char *name)
{
    struct webhook webhook;

    if (find_webhook(api, request, name, &webhook))
        change_webhook(api, request, WEBHOOK_REMOVE, &webhook);
}

void handle_test_webhook(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    struct webhook webhook;

    if (!find_webhook(api, request, name, &webhook))
        return;
    if (webhook.is_disabled)
        answer_error(request, 409, "webhook %s is disabled: enable it first", name);
    else
        change_webhook(api, request, WEBHOOK_TEST, &webhook);
}
