/* Users, tokens, sessions and devices' secrets in memory. Memory follows the store, as
 * the fleet's does. All functions may be called from any thread.
 */
#ifndef SERVER_ACCOUNTS_ACCOUNTS_H
#define SERVER_ACCOUNTS_ACCOUNTS_H

#include "server/store/store.h"

#include <stddef.h>

struct accounts;

/* Zeros stand for the defaults. */
struct accounts_config {
    uint32_t session_idle_s; /* without a request: 12 hours */
    uint32_t session_life_s; /* in all: 7 days */
    void *ctx;
    int64_t (*now_ms)(void *ctx); /* UTC, since 1970; null: the clock */
};

/* Null when memory is out. */
struct accounts *accounts_new(const struct accounts_config *config);
void accounts_free(struct accounts *accounts);

int64_t accounts_now(const struct accounts *accounts);
uint32_t accounts_session_life_s(const struct accounts *accounts);

/* Reads the store: 0 or -1. For struct fleet_config. */
int accounts_load(struct accounts *accounts, struct store *store);

/* Reads it again, after other servers have changed it: 0, or -1, and then all stays as it is. */
int accounts_reload(struct accounts *accounts, struct store *store);

/* A change is durable. For struct fleet_config. */
void accounts_committed(struct accounts *accounts, const struct account_change *change);

/* --- lookups: false when there is none, or it does not hold any more --- */

bool accounts_has_users(struct accounts *accounts);
bool accounts_user(struct accounts *accounts, const char *name, struct user *user);
bool accounts_user_of_ticket(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE],
                             struct user *user);

/* `is_to_note`: its last use in the store is old enough to be brought up to date. */
bool accounts_token(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE],
                    struct api_token *token, bool *is_to_note);

/* A session counts only together with its user. */
bool accounts_session(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE],
                      struct user *user, bool *is_to_note);

/* Is it the digest of a session or token that holds? Does not count as a use. */
bool accounts_holds(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE]);

/* The device a secret is of; 0: shared. */
bool accounts_device_secret(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE],
                            mac_address *mac);

/* --- lists: copies, by age; the caller frees the array. Null when memory is out --- */

struct user *accounts_copy_users(struct accounts *accounts, size_t *count);
struct api_token *accounts_copy_tokens(struct accounts *accounts, size_t *count);
struct device_secret *accounts_copy_device_secrets(struct accounts *accounts, size_t *count);
unsigned accounts_count_sessions(struct accounts *accounts, const char *user);

/* Ids for what is about to be made; each is given once. */
uint32_t accounts_next_token(struct accounts *accounts);
uint32_t accounts_next_device_secret(struct accounts *accounts);

/* --- the first start: a ticket that makes the first user, in memory alone --- */

void accounts_set_first_ticket(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE],
                               int64_t until_ms);
bool accounts_is_first_ticket(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE]);

#endif
