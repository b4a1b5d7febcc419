#include "server/webhooks/hook.h"

#include "server/model/clock.h"
#include "server/webhooks/events.h"

#include <stdlib.h>
#include <string.h>

void hook_free(struct hook *hook)
{
    delivery_free_list(hook->queue);
    delivery_free_list(hook->log);
    free(hook);
}

void hook_enqueue(struct hook *hook, struct delivery *delivery)
{
    struct delivery **end = &hook->queue;

    while (*end != NULL)
        end = &(*end)->next;
    *end = delivery;
    hook->pending++;
}

void hook_put_in_log(struct hook *hook, struct delivery *delivery)
{
    free(delivery->body);
    delivery->body = NULL;
    delivery->next = hook->log;
    hook->log = delivery;
    if (++hook->logged <= WEBHOOK_LOG_SIZE)
        return;
    struct delivery **last = &hook->log;
    while ((*last)->next != NULL)
        last = &(*last)->next;
    free(*last);
    *last = NULL;
    hook->logged--;
}

/* Its id it gets from the store. */
static struct delivery *new_delivery(const struct hook *hook, const char *event,
                                     const struct change *change)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    const int64_t now = clock_now_ms();
    json_t *body = webhook_event_body(change, now);

    if (delivery == NULL || body == NULL) {
        free(delivery);
        json_decref(body);
        return NULL;
    }
    delivery->webhook = hook->webhook.id;
    strcpy(delivery->event, event);
    delivery->created_ms = now;
    json_object_set_new(body, "event", json_string(event));
    delivery->body = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(body);
    if (delivery->body != NULL)
        return delivery;
    free(delivery);
    return NULL;
}

void hook_announce(struct hook *hook, const char *event, struct change *change)
{
    const bool is_test = change->kind == CHANGE_WEBHOOK;
    struct delivery *delivery = NULL;

    if (hook->webhook.is_disabled || (is_test ? change->as.webhook->webhook.id != hook->webhook.id
                                              : !webhook_wants(&hook->webhook, event)))
        return;
    if (hook->pending < WEBHOOK_PENDING_MAX)
        delivery = new_delivery(hook, event, change);
    if (delivery == NULL) {
        hook->webhook.dropped++;
        return;
    }
    delivery->next = change->deliveries;
    change->deliveries = delivery;
}

void hook_note_tried(struct hook *hook, const struct webhook_change *change)
{
    struct webhook *webhook = &hook->webhook;
    struct delivery *head = hook->queue;

    hook->is_busy = false;
    webhook->failing_ms = change->webhook.failing_ms;
    if (change->webhook.is_disabled && !webhook->is_disabled)
        memcpy(webhook->reason, change->webhook.reason, sizeof webhook->reason);
    webhook->is_disabled |= change->webhook.is_disabled;
    if (head == NULL || head->id != change->delivery.id)
        return;
    struct delivery *next = head->next;
    char *body = head->body;
    *head = change->delivery;
    head->next = next;
    head->body = body;
    if (head->done_ms == 0)
        return;
    hook->queue = next;
    hook->pending--;
    hook_put_in_log(hook, head);
}

void hook_note_set(struct hook *hook, const struct webhook *webhook)
{
    hook->webhook = *webhook;
    for (struct delivery *delivery = hook->queue; delivery != NULL && !webhook->is_disabled;
         delivery = delivery->next)
        delivery->next_ms = 0;
}
