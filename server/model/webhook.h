/* A webhook, who is told of events by HTTP, and one telling of it. */
#ifndef SERVER_MODEL_WEBHOOK_H
#define SERVER_MODEL_WEBHOOK_H

#include <stdbool.h>
#include <stdint.h>

#define WEBHOOK_URL_SIZE    513
#define WEBHOOK_EVENTS_SIZE 257 /* names or patterns, a space between */
#define WEBHOOK_SECRET_SIZE 129
#define WEBHOOK_ERROR_SIZE  160
#define EVENT_NAME_SIZE     32

struct webhook {
    uint32_t id;
    char url[WEBHOOK_URL_SIZE];
    char events[WEBHOOK_EVENTS_SIZE]; /* "rollout.* release.published" */
    char secret[WEBHOOK_SECRET_SIZE];
    bool is_disabled;
    char reason[WEBHOOK_ERROR_SIZE]; /* why it is disabled; "" = by an operator, or not at all */
    int64_t created_ms;
    int64_t failing_ms; /* since when nothing got through; 0 = the last one did */
    uint32_t dropped;   /* events that were not queued: the queue was full */
};

struct delivery {
    struct delivery *next; /* of a list, which owns it */
    uint32_t id;
    uint32_t webhook;
    char event[EVENT_NAME_SIZE];
    int64_t created_ms;
    uint32_t attempts;
    int64_t next_ms;                /* not tried again before */
    int64_t done_ms;                /* delivered, or given up; 0 = neither */
    unsigned status;                /* HTTP, of the last attempt; 0 = no answer */
    char error[WEBHOOK_ERROR_SIZE]; /* "" = delivered, or not tried */
    char *body;                     /* JSON; null where it does not matter */
};

/* A copy without a next; null when memory is out. */
struct delivery *delivery_copy(const struct delivery *delivery);
void delivery_free_list(struct delivery *list);

#define WEBHOOK_ATTEMPTS_MAX 16u               /* of one delivery */
#define WEBHOOK_PATIENCE_MS  INT64_C(86400000) /* failing for so long disables it */

/* Does it want to be told of an event? "*" matches all, "rollout.*" all of a kind. */
bool webhook_wants(const struct webhook *webhook, const char *event);

/* Is the text a list of such patterns? */
bool webhook_events_are_valid(const char *events);

/* An attempt is over; error "" means that it got through. Sets what follows of that in
 * both: the next attempt, the end of the delivery, or of the webhook. */
void webhook_note_attempt(struct webhook *webhook, struct delivery *delivery, unsigned status,
                          const char *error, int64_t now_ms);

#endif
