/* Webhooks in memory, each with its queue of deliveries. Memory follows the store, as
 * the fleet's does. All functions may be called from any thread. */
#ifndef SERVER_WEBHOOKS_WEBHOOKS_H
#define SERVER_WEBHOOKS_WEBHOOKS_H

#include "server/store/store.h"

#include <stddef.h>

#define WEBHOOKS_MAX 32u

struct webhooks;

struct webhooks *webhooks_new(void); /* null when memory is out */
void webhooks_free(struct webhooks *webhooks);

/* 0 or -1. */
int webhooks_load(struct webhooks *webhooks, struct store *store);

/* Again, after other servers have changed something: 0, or -1, and then all stays as it is. */
int webhooks_reload(struct webhooks *webhooks, struct store *store);

/* Called when there may be something to deliver; null: nobody. */
void webhooks_set_waker(struct webhooks *webhooks, void (*wake)(void *ctx), void *ctx);

/* Before a change is written: adds the deliveries it gives rise to. */
void webhooks_announce(struct webhooks *webhooks, struct change *change);

/* After it was written. */
void webhooks_committed(struct webhooks *webhooks, const struct change *change);

uint32_t webhooks_next(struct webhooks *webhooks); /* an id; each is given once. 0: too many */
size_t webhooks_pending(struct webhooks *webhooks, uint32_t id);
bool webhooks_find(struct webhooks *webhooks, uint32_t id, struct webhook *webhook);

/* A copy of all of them, by id. free() it; null when memory is out. */
struct webhook *webhooks_copy(struct webhooks *webhooks, size_t *count);

/* Copies of its deliveries, the waiting ones and then what is over, newest first; without
 * bodies. Free with delivery_free_list(). */
struct delivery *webhooks_copy_deliveries(struct webhooks *webhooks, uint32_t id);

/* The next delivery that is due, of a webhook that nobody delivers to now; from then on
 * somebody does, until webhooks_committed() or webhooks_give_back(). Null when there is
 * none; *wait_ms is how long then. */
struct delivery *webhooks_take_due(struct webhooks *webhooks, int64_t now_ms,
                                   struct webhook *webhook, int64_t *wait_ms);
void webhooks_give_back(struct webhooks *webhooks, uint32_t id, int64_t next_ms);

#endif
