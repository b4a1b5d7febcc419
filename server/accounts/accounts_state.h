/* What the files of the accounts share. */
#ifndef SERVER_ACCOUNTS_ACCOUNTS_STATE_H
#define SERVER_ACCOUNTS_ACCOUNTS_STATE_H

#include "server/accounts/accounts.h"
#include "server/accounts/rows.h"

#include <pthread.h>

struct accounts {
    struct accounts_config config;
    pthread_mutex_t lock; /* of everything below */
    struct rows users;    /* of struct user */
    struct rows tokens;   /* of struct api_token that hold */
    struct rows sessions; /* of struct session */
    struct rows secrets;  /* of struct device_secret that hold, by digest */
    uint32_t last_token;  /* the highest id given */
    uint32_t last_secret;
    uint8_t first_ticket[SECRET_DIGEST_SIZE];
    int64_t first_ticket_until_ms; /* 0 = there is none */
};

/* The lock is held for all of these; null when there is none. */

struct user *accounts_find_user(struct accounts *accounts, const char *name);
struct session *accounts_find_session(struct accounts *accounts,
                                      const uint8_t digest[SECRET_DIGEST_SIZE]);

/* Where the secret is among those sorted by digest, or would be. */
size_t accounts_secret_place(const struct accounts *accounts,
                             const uint8_t digest[SECRET_DIGEST_SIZE]);

bool accounts_session_holds(const struct accounts *accounts, const struct session *session);

#endif
