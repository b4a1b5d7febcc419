/* Which changes are events, and what is said of them. */
#ifndef SERVER_WEBHOOKS_EVENTS_H
#define SERVER_WEBHOOKS_EVENTS_H

#include "server/store/change.h"

#include <jansson.h>

/* The event's name, "" when the change is none. */
const char *webhook_event_name(const struct change *change, char name[EVENT_NAME_SIZE]);

/* Its body, but for id and event. A new value; null when memory is out. */
json_t *webhook_event_body(const struct change *change, int64_t now_ms);

#endif
