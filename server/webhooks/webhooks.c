#include "server/webhooks/webhooks.h"

#include "server/model/clock.h"
#include "server/webhooks/events.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MAX_MS 60000

struct hook {
    struct webhook webhook;
    struct delivery *queue; /* oldest first */
    size_t pending;
    struct delivery *log; /* what is over, newest first */
    size_t logged;
    bool is_busy;
};

struct webhooks {
    pthread_mutex_t lock; /* of all that follows */
    struct hook *hooks[WEBHOOKS_MAX];
    size_t count;
    uint32_t last_id;
    void (*wake)(void *ctx);
    void *wake_ctx;
};

struct webhooks *webhooks_new(void)
{
    struct webhooks *webhooks = calloc(1, sizeof *webhooks);

    if (webhooks != NULL)
        pthread_mutex_init(&webhooks->lock, NULL);
    return webhooks;
}

static void free_hook(struct hook *hook)
{
    delivery_free_list(hook->queue);
    delivery_free_list(hook->log);
    free(hook);
}

void webhooks_free(struct webhooks *webhooks)
{
    for (size_t i = 0; i < webhooks->count; i++)
        free_hook(webhooks->hooks[i]);
    pthread_mutex_destroy(&webhooks->lock);
    free(webhooks);
}

void webhooks_set_waker(struct webhooks *webhooks, void (*wake)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&webhooks->lock);
    webhooks->wake = wake;
    webhooks->wake_ctx = ctx;
    pthread_mutex_unlock(&webhooks->lock);
}

/* --- the lock is held from here --- */

static struct hook *find(const struct webhooks *webhooks, uint32_t id)
{
    for (size_t i = 0; i < webhooks->count; i++)
        if (webhooks->hooks[i]->webhook.id == id)
            return webhooks->hooks[i];
    return NULL;
}

static struct hook *add(struct webhooks *webhooks, const struct webhook *webhook)
{
    struct hook *hook = webhooks->count < WEBHOOKS_MAX ? calloc(1, sizeof *hook) : NULL;

    if (hook == NULL)
        return NULL;
    hook->webhook = *webhook;
    webhooks->hooks[webhooks->count++] = hook;
    if (webhook->id > webhooks->last_id)
        webhooks->last_id = webhook->id;
    return hook;
}

static void drop(struct webhooks *webhooks, uint32_t id)
{
    for (size_t i = 0; i < webhooks->count; i++) {
        if (webhooks->hooks[i]->webhook.id != id)
            continue;
        free_hook(webhooks->hooks[i]);
        memmove(&webhooks->hooks[i], &webhooks->hooks[i + 1],
                (--webhooks->count - i) * sizeof webhooks->hooks[0]);
        return;
    }
}

static void enqueue(struct hook *hook, struct delivery *delivery)
{
    struct delivery **end = &hook->queue;

    while (*end != NULL)
        end = &(*end)->next;
    *end = delivery;
    hook->pending++;
}

/* Takes it over. */
static void put_in_log(struct hook *hook, struct delivery *delivery)
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

/* One too many, of two that were added at the same moment, stays in the tables alone. */
static int read_webhook(void *ctx, const struct webhook *webhook)
{
    add(ctx, webhook);
    return 0;
}

static int read_delivery(void *ctx, const struct delivery *stored)
{
    struct webhooks *webhooks = ctx;
    struct hook *hook = find(webhooks, stored->webhook);
    struct delivery *delivery = hook != NULL ? delivery_copy(stored) : NULL;

    if (delivery == NULL)
        return hook != NULL ? -1 : 0;
    if (delivery->done_ms != 0)
        put_in_log(hook, delivery);
    else
        enqueue(hook, delivery);
    return 0;
}

int webhooks_load(struct webhooks *webhooks, struct store *store)
{
    static const struct webhook_reader reader = {read_webhook, read_delivery};

    return store->class->load_webhooks(store, &reader, webhooks);
}

/* Takes the other's webhooks in exchange; who is being delivered to still is. */
static void exchange(struct webhooks *webhooks, struct webhooks *read)
{
    for (size_t i = 0; i < read->count; i++) {
        const struct hook *known = find(webhooks, read->hooks[i]->webhook.id);
        read->hooks[i]->is_busy = known != NULL && known->is_busy;
    }
    for (size_t i = 0; i < WEBHOOKS_MAX; i++) {
        struct hook *kept = webhooks->hooks[i];
        webhooks->hooks[i] = read->hooks[i];
        read->hooks[i] = kept;
    }
    const size_t count = webhooks->count;
    webhooks->count = read->count;
    read->count = count;
    if (read->last_id > webhooks->last_id)
        webhooks->last_id = read->last_id;
}

int webhooks_reload(struct webhooks *webhooks, struct store *store)
{
    struct webhooks *read = webhooks_new();

    if (read == NULL)
        return -1;
    const int result = webhooks_load(read, store);
    if (result == 0) {
        pthread_mutex_lock(&webhooks->lock);
        exchange(webhooks, read);
        if (webhooks->wake != NULL)
            webhooks->wake(webhooks->wake_ctx);
        pthread_mutex_unlock(&webhooks->lock);
    }
    webhooks_free(read);
    return result;
}

/* --- events become deliveries --- */

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

static void announce_to(struct hook *hook, const char *event, struct change *change)
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

void webhooks_announce(struct webhooks *webhooks, struct change *change)
{
    char event[EVENT_NAME_SIZE];

    if (webhook_event_name(change, event)[0] == '\0')
        return;
    pthread_mutex_lock(&webhooks->lock);
    for (size_t i = 0; i < webhooks->count; i++)
        announce_to(webhooks->hooks[i], event, change);
    pthread_mutex_unlock(&webhooks->lock);
}

/* --- what was written --- */

static void note_tried(struct hook *hook, const struct webhook_change *change)
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
    put_in_log(hook, head);
}

/* A webhook that is enabled again has what waits tried at once. */
static void note_set(struct hook *hook, const struct webhook *webhook)
{
    hook->webhook = *webhook;
    for (struct delivery *delivery = hook->queue; delivery != NULL && !webhook->is_disabled;
         delivery = delivery->next)
        delivery->next_ms = 0;
}

static void apply(struct webhooks *webhooks, const struct webhook_change *change)
{
    struct hook *hook = find(webhooks, change->webhook.id);

    if (change->kind == WEBHOOK_ADD)
        add(webhooks, &change->webhook);
    else if (change->kind == WEBHOOK_REMOVE)
        drop(webhooks, change->webhook.id);
    else if (change->kind == WEBHOOK_SET && hook != NULL)
        note_set(hook, &change->webhook);
    else if (change->kind == WEBHOOK_TRIED && hook != NULL)
        note_tried(hook, change);
}

void webhooks_committed(struct webhooks *webhooks, const struct change *change)
{
    pthread_mutex_lock(&webhooks->lock);
    if (change->kind == CHANGE_WEBHOOK)
        apply(webhooks, change->as.webhook);
    for (const struct delivery *made = change->deliveries; made != NULL; made = made->next) {
        struct hook *hook = find(webhooks, made->webhook);
        struct delivery *copy = hook != NULL ? delivery_copy(made) : NULL;
        if (copy != NULL)
            enqueue(hook, copy);
    }
    if (webhooks->wake != NULL && (change->kind == CHANGE_WEBHOOK || change->deliveries != NULL))
        webhooks->wake(webhooks->wake_ctx);
    pthread_mutex_unlock(&webhooks->lock);
}

/* --- for those who ask --- */

uint32_t webhooks_next(struct webhooks *webhooks)
{
    pthread_mutex_lock(&webhooks->lock);
    const uint32_t id = webhooks->count < WEBHOOKS_MAX ? ++webhooks->last_id : 0;
    pthread_mutex_unlock(&webhooks->lock);
    return id;
}

size_t webhooks_pending(struct webhooks *webhooks, uint32_t id)
{
    pthread_mutex_lock(&webhooks->lock);
    const struct hook *hook = find(webhooks, id);
    const size_t pending = hook != NULL ? hook->pending : 0;
    pthread_mutex_unlock(&webhooks->lock);
    return pending;
}

bool webhooks_find(struct webhooks *webhooks, uint32_t id, struct webhook *webhook)
{
    pthread_mutex_lock(&webhooks->lock);
    const struct hook *hook = find(webhooks, id);
    if (hook != NULL)
        *webhook = hook->webhook;
    pthread_mutex_unlock(&webhooks->lock);
    return hook != NULL;
}

struct webhook *webhooks_copy(struct webhooks *webhooks, size_t *count)
{
    struct webhook *copies = calloc(WEBHOOKS_MAX, sizeof *copies);

    *count = 0;
    pthread_mutex_lock(&webhooks->lock);
    for (size_t i = 0; i < webhooks->count && copies != NULL; i++)
        copies[(*count)++] = webhooks->hooks[i]->webhook;
    pthread_mutex_unlock(&webhooks->lock);
    return copies;
}

/* Appends copies without bodies; returns the end of the list they are in. */
static struct delivery **copy_list(const struct delivery *list, struct delivery **end)
{
    for (; list != NULL; list = list->next) {
        struct delivery bare = *list;
        bare.body = NULL;
        *end = delivery_copy(&bare);
        if (*end == NULL)
            break;
        end = &(*end)->next;
    }
    return end;
}

struct delivery *webhooks_copy_deliveries(struct webhooks *webhooks, uint32_t id)
{
    struct delivery *list = NULL;

    pthread_mutex_lock(&webhooks->lock);
    const struct hook *hook = find(webhooks, id);
    if (hook != NULL)
        copy_list(hook->log, copy_list(hook->queue, &list));
    pthread_mutex_unlock(&webhooks->lock);
    return list;
}

/* --- for who delivers --- */

struct delivery *webhooks_take_due(struct webhooks *webhooks, int64_t now_ms,
                                   struct webhook *webhook, int64_t *wait_ms)
{
    struct delivery *taken = NULL;

    *wait_ms = WAIT_MAX_MS;
    pthread_mutex_lock(&webhooks->lock);
    for (size_t i = 0; i < webhooks->count && taken == NULL; i++) {
        struct hook *hook = webhooks->hooks[i];
        if (hook->is_busy || hook->webhook.is_disabled || hook->queue == NULL)
            continue;
        const int64_t left = hook->queue->next_ms - now_ms;
        if (left > 0) {
            *wait_ms = left < *wait_ms ? left : *wait_ms;
            continue;
        }
        taken = delivery_copy(hook->queue);
        hook->is_busy = taken != NULL;
        *webhook = hook->webhook;
    }
    pthread_mutex_unlock(&webhooks->lock);
    return taken;
}

void webhooks_give_back(struct webhooks *webhooks, uint32_t id, int64_t next_ms)
{
    pthread_mutex_lock(&webhooks->lock);
    struct hook *hook = find(webhooks, id);
    if (hook != NULL) {
        hook->is_busy = false;
        if (hook->queue != NULL)
            hook->queue->next_ms = next_ms;
    }
    pthread_mutex_unlock(&webhooks->lock);
}
