/* Server-sent events: what happens, to everybody who listens.
 *
 * Each listener has a bounded queue; one that does not keep up is disconnected,
 * and reads the lists anew when it comes back.
 */
#ifndef SERVER_EVENTS_HUB_H
#define SERVER_EVENTS_HUB_H

#include "server/http/http.h"

struct hub;

/* What somebody was let in with: the digest of a session or token. */
#define HUB_PASS_SIZE 32

/* Null when memory is out. */
struct hub *hub_new(void);

/* Answers the request with a stream of what is published from now on; who comes back
 * with the id of the last event it got, gets what it missed first, or an event "reset"
 * when that is not known any more. */
void hub_subscribe(struct hub *hub, struct http_request *request,
                   const uint8_t pass[HUB_PASS_SIZE]);

/* Disconnects listeners whose pass does not hold any more. */
void hub_check(struct hub *hub, bool (*holds)(void *ctx, const uint8_t pass[HUB_PASS_SIZE]),
               void *ctx);

/* Does anybody listen, or may come back for what it missed? What is not published
 * because nobody does is missed for good. */
bool hub_is_followed(struct hub *hub);

size_t hub_listener_count(struct hub *hub);

/* `json` is one line. */
void hub_publish(struct hub *hub, const char *event, const char *json);

/* A comment to all, so that nobody on the way takes the silence for an end. */
void hub_keep_alive(struct hub *hub);

/* Ends all streams; later subscriptions end at once. Free after http_stop(). */
void hub_end(struct hub *hub);
void hub_free(struct hub *hub);

#endif
