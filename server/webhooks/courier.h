/* Delivers what waits for webhooks: a thread of its own, one delivery at a time to each,
 * in order, and each again until it gets through, so that some arrive twice. */
#ifndef SERVER_WEBHOOKS_COURIER_H
#define SERVER_WEBHOOKS_COURIER_H

#include "server/fleet/fleet.h"
#include "server/webhooks/webhooks.h"

struct courier;

/* Null when it cannot be started. Both outlive it. */
struct courier *courier_start(struct webhooks *webhooks, struct fleet *fleet);

/* Lets go of what is on its way: it is delivered again after the next start. */
void courier_stop(struct courier *courier);

#define SIGNATURE_SIZE 96

/* "t=SECONDS,v1=HEX": HMAC-SHA-256 with the secret of "SECONDS.BODY". Returns text. */
const char *courier_sign(const char *secret, int64_t time_s, const char *body,
                         char text[SIGNATURE_SIZE]);

#endif
