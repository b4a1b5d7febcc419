/* One webhook in memory, with its deliveries: those that wait, and those that are over. Who has
 * it guards it with a lock. */
#ifndef SERVER_WEBHOOKS_HOOK_H
#define SERVER_WEBHOOKS_HOOK_H

#include "server/store/change.h"

#include <stdbool.h>
#include <stddef.h>

#define WEBHOOK_PENDING_MAX 1000u /* what comes then is counted as dropped */
#define WEBHOOK_LOG_SIZE    100u  /* deliveries that are over, kept */

struct hook {
    struct webhook webhook;
    struct delivery *queue; /* oldest first */
    size_t pending;
    struct delivery *log; /* what is over, newest first */
    size_t logged;
    bool is_busy;
};

void hook_free(struct hook *hook);

/* These two take the delivery over. */
void hook_enqueue(struct hook *hook, struct delivery *delivery);
void hook_put_in_log(struct hook *hook, struct delivery *delivery);

/* Adds the delivery of the event to the change that it comes of, if the webhook wants it. */
void hook_announce(struct hook *hook, const char *event, struct change *change);

/* A delivery was tried, and that is written. */
void hook_note_tried(struct hook *hook, const struct webhook_change *change);

/* A webhook that is enabled again has what waits tried at once. */
void hook_note_set(struct hook *hook, const struct webhook *webhook);

#endif
