/* Guessing made slow: after some failures each further one closes the door for twice as
 * long as the one before, for a name and for an address. */
#ifndef SERVER_ACCOUNTS_THROTTLE_H
#define SERVER_ACCOUNTS_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_KEY_SIZE 96

/* Failures without a delay: of one account, and of one address, behind which several
 * people may sit. */
#define THROTTLE_ACCOUNT_FREE 5
#define THROTTLE_ADDRESS_FREE 20
#define THROTTLE_LONGEST_S    900
#define THROTTLE_MEMORY_S     3600 /* after which failures are forgotten */

struct throttle;

/* Null when memory is out. */
struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);

/* Seconds until the next attempt may be made; 0: now. Attempts that may be made count as
 * failures until throttle_forgive(), so that many at once get no more than one after another. */
uint32_t throttle_try(struct throttle *throttle, const char *key, uint32_t free_failures,
                      int64_t now_ms);

/* Room for one more attempt at the same time; false: too many are on their way. */
bool throttle_enter(struct throttle *throttle);
void throttle_leave(struct throttle *throttle);

/* The attempt was right: forgets the failures before it, too. */
void throttle_forgive(struct throttle *throttle, const char *key);

/* The attempt was right, which says nothing of those before it. */
void throttle_take_back(struct throttle *throttle, const char *key);

#endif
