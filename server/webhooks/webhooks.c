#include "server/webhooks/webhooks.h"

#include "server/webhooks/events.h"
#include "server/webhooks/hook.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MAX_MS 60000

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

void webhooks_free(struct webhooks *webhooks)
{
    for (size_t i = 0; i < webhooks->count; i++)
        hook_free(webhooks->hooks[i]);
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
        hook_free(webhooks->hooks[i]);
        memmove(&webhooks->hooks[i], &webhooks->hooks[i + 1],
                (--webhooks->count - i) * sizeof webhooks->hooks[0]);
        return;
    }
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
        hook_put_in_log(hook, delivery);
    else
        hook_enqueue(hook, delivery);
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

void webhooks_announce(struct webhooks *webhooks, struct change *change)
{
    char event[EVENT_NAME_SIZE];

    if (webhook_event_name(change, event)[0] == '\0')
        return;
    pthread_mutex_lock(&webhooks->lock);
    for (size_t i = 0; i < webhooks->count; i++)
        hook_announce(webhooks->hooks[i], event, change);
    pthread_mutex_unlock(&webhooks->lock);
}

/* --- what was written --- */

static void apply(struct webhooks *webhooks, const struct webhook_change *change)
{
    struct hook *hook = find(webhooks, change->webhook.id);

    if (change->kind == WEBHOOK_ADD)
        add(webhooks, &change->webhook);
    else if (change->kind == WEBHOOK_REMOVE)
        drop(webhooks, change->webhook.id);
    else if (change->kind == WEBHOOK_SET && hook != NULL)
        hook_note_set(hook, &change->webhook);
    else if (change->kind == WEBHOOK_TRIED && hook != NULL)
        hook_note_tried(hook, change);
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
            hook_enqueue(hook, copy);
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
