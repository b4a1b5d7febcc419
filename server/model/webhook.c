#include "server/model/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELAY_FIRST_MS 1000
#define DELAY_FACTOR   4
#define DELAY_MAX_MS   3600000

struct delivery *delivery_copy(const struct delivery *delivery)
{
    struct delivery *copy = malloc(sizeof *copy);
    char *body = delivery->body != NULL ? strdup(delivery->body) : NULL;

    if (copy == NULL || (body == NULL && delivery->body != NULL)) {
        free(copy);
        free(body);
        return NULL;
    }
    *copy = *delivery;
    copy->next = NULL;
    copy->body = body;
    return copy;
}

void delivery_free_list(struct delivery *list)
{
    while (list != NULL) {
        struct delivery *next = list->next;
        free(list->body);
        free(list);
        list = next;
    }
}

static bool matches(const char *pattern, size_t length, const char *event)
{
    if (length > 0 && pattern[length - 1] == '*')
        return strncmp(pattern, event, length - 1) == 0;
    return strlen(event) == length && memcmp(pattern, event, length) == 0;
}

bool webhook_wants(const struct webhook *webhook, const char *event)
{
    for (const char *at = webhook->events; *at != '\0'; at += strspn(at, " ")) {
        const size_t length = strcspn(at, " ");
        if (matches(at, length, event))
            return true;
        at += length;
    }
    return false;
}

bool webhook_events_are_valid(const char *events)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz-.";

    if (events[0] == '\0')
        return false;
    while (*events != '\0') {
        const size_t length = strcspn(events, " ");
        const size_t name = strspn(events, characters);
        const bool is_pattern = events[name] == '*' && name + 1 == length;
        if (length == 0 || length >= EVENT_NAME_SIZE || (name != length && !is_pattern))
            return false;
        events += length;
        events += *events == ' ';
    }
    return true;
}

static int64_t delay_after(uint32_t attempts)
{
    int64_t delay = DELAY_FIRST_MS;

    for (uint32_t i = 1; i < attempts && delay < DELAY_MAX_MS; i++)
        delay *= DELAY_FACTOR;
    return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS;
}

void webhook_note_attempt(struct webhook *webhook, struct delivery *delivery, unsigned status,
                          const char *error, int64_t now_ms)
{
    delivery->attempts++;
    delivery->status = status;
    snprintf(delivery->error, sizeof delivery->error, "%s", error);
    if (error[0] == '\0') {
        delivery->done_ms = now_ms;
        webhook->failing_ms = 0;
        return;
    }
    if (webhook->failing_ms == 0)
        webhook->failing_ms = now_ms;
    if (delivery->attempts >= WEBHOOK_ATTEMPTS_MAX)
        delivery->done_ms = now_ms;
    delivery->next_ms = now_ms + delay_after(delivery->attempts);
    if (now_ms - webhook->failing_ms < WEBHOOK_PATIENCE_MS)
        return;
    webhook->is_disabled = true;
    snprintf(webhook->reason, sizeof webhook->reason, "nothing got through for a day: %.120s",
             error);
}
