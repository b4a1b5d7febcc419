#include "server/accounts/accounts_state.h"

#include "server/model/clock.h"

#include <stdlib.h>
#include <string.h>

#define SESSION_IDLE_S (12 * 3600)
#define SESSION_LIFE_S (7 * 86400)

/* A last use is brought to the store once in this time: requests shall not each write. */
#define NOTE_MS 60000

struct accounts *accounts_new(const struct accounts_config *config)
{
    struct accounts *accounts = calloc(1, sizeof *accounts);

    if (accounts == NULL)
        return NULL;
    accounts->config = *config;
    if (accounts->config.session_idle_s == 0)
        accounts->config.session_idle_s = SESSION_IDLE_S;
    if (accounts->config.session_life_s == 0)
        accounts->config.session_life_s = SESSION_LIFE_S;
    accounts->users.size = sizeof(struct user);
    accounts->tokens.size = sizeof(struct api_token);
    accounts->sessions.size = sizeof(struct session);
    accounts->secrets.size = sizeof(struct device_secret);
    pthread_mutex_init(&accounts->lock, NULL);
    return accounts;
}

void accounts_free(struct accounts *accounts)
{
    free(accounts->users.data);
    free(accounts->tokens.data);
    free(accounts->sessions.data);
    free(accounts->secrets.data);
    pthread_mutex_destroy(&accounts->lock);
    free(accounts);
}

int64_t accounts_now(const struct accounts *accounts)
{
    const struct accounts_config *config = &accounts->config;

    return config->now_ms != NULL ? config->now_ms(config->ctx) : clock_now_ms();
}

uint32_t accounts_session_life_s(const struct accounts *accounts)
{
    return accounts->config.session_life_s;
}

struct user *accounts_find_user(struct accounts *accounts, const char *name)
{
    for (size_t i = 0; i < accounts->users.count; i++) {
        struct user *user = rows_at(&accounts->users, i);
        if (strcmp(user->name, name) == 0)
            return user;
    }
    return NULL;
}

struct session *accounts_find_session(struct accounts *accounts,
                                      const uint8_t digest[SECRET_DIGEST_SIZE])
{
    for (size_t i = 0; i < accounts->sessions.count; i++) {
        struct session *session = rows_at(&accounts->sessions, i);
        if (memcmp(session->digest, digest, SECRET_DIGEST_SIZE) == 0)
            return session;
    }
    return NULL;
}

size_t accounts_secret_place(const struct accounts *accounts,
                             const uint8_t digest[SECRET_DIGEST_SIZE])
{
    size_t first = 0, end = accounts->secrets.count;

    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        const struct device_secret *secret = rows_at(&accounts->secrets, middle);
        if (memcmp(secret->digest, digest, SECRET_DIGEST_SIZE) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

bool accounts_session_holds(const struct accounts *accounts, const struct session *session)
{
    const struct accounts_config *config = &accounts->config;
    const int64_t now = accounts_now(accounts);

    return now - session->used_ms < config->session_idle_s * INT64_C(1000) &&
           now - session->created_ms < config->session_life_s * INT64_C(1000);
}

bool accounts_has_users(struct accounts *accounts)
{
    pthread_mutex_lock(&accounts->lock);
    const bool has_users = accounts->users.count > 0;
    pthread_mutex_unlock(&accounts->lock);
    return has_users;
}

bool accounts_user(struct accounts *accounts, const char *name, struct user *copy)
{
    pthread_mutex_lock(&accounts->lock);
    const struct user *user = accounts_find_user(accounts, name);
    if (user != NULL)
        *copy = *user;
    pthread_mutex_unlock(&accounts->lock);
    return user != NULL;
}

bool accounts_user_of_ticket(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE],
                             struct user *copy)
{
    bool is_found = false;

    pthread_mutex_lock(&accounts->lock);
    for (size_t i = 0; i < accounts->users.count && !is_found; i++) {
        const struct user *user = rows_at(&accounts->users, i);
        is_found = user->ticket_until_ms > accounts_now(accounts) &&
                   memcmp(user->ticket, digest, SECRET_DIGEST_SIZE) == 0;
        if (is_found)
            *copy = *user;
    }
    pthread_mutex_unlock(&accounts->lock);
    return is_found;
}

/* Moves a last use on; true when the store's is to follow. */
static bool note_use(const struct accounts *accounts, int64_t *used_ms, int64_t *noted_ms)
{
    *used_ms = accounts_now(accounts);
    const bool is_to_note = *used_ms - *noted_ms >= NOTE_MS;

    if (is_to_note)
        *noted_ms = *used_ms;
    return is_to_note;
}

static bool token_holds(const struct accounts *accounts, const struct api_token *token)
{
    return token->expires_ms == 0 || token->expires_ms > accounts_now(accounts);
}

/* Null when there is none that holds. */
static struct api_token *find_token_of(struct accounts *accounts,
                                       const uint8_t digest[SECRET_DIGEST_SIZE])
{
    for (size_t i = 0; i < accounts->tokens.count; i++) {
        struct api_token *token = rows_at(&accounts->tokens, i);
        if (memcmp(token->digest, digest, SECRET_DIGEST_SIZE) == 0)
            return token_holds(accounts, token) ? token : NULL;
    }
    return NULL;
}

bool accounts_holds(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE])
{
    pthread_mutex_lock(&accounts->lock);
    const struct session *session = accounts_find_session(accounts, digest);
    const bool holds = session != NULL ? accounts_session_holds(accounts, session) &&
                                             accounts_find_user(accounts, session->user) != NULL
                                       : find_token_of(accounts, digest) != NULL;
    pthread_mutex_unlock(&accounts->lock);
    return holds;
}

bool accounts_token(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE],
                    struct api_token *copy, bool *is_to_note)
{
    pthread_mutex_lock(&accounts->lock);
    struct api_token *token = find_token_of(accounts, digest);
    if (token != NULL) {
        *is_to_note = note_use(accounts, &token->used_ms, &token->noted_ms);
        *copy = *token;
    }
    pthread_mutex_unlock(&accounts->lock);
    return token != NULL;
}

bool accounts_session(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE],
                      struct user *copy, bool *is_to_note)
{
    pthread_mutex_lock(&accounts->lock);
    struct session *session = accounts_find_session(accounts, digest);
    const struct user *user = session != NULL && accounts_session_holds(accounts, session)
                                  ? accounts_find_user(accounts, session->user)
                                  : NULL;
    if (user != NULL) {
        *is_to_note = note_use(accounts, &session->used_ms, &session->noted_ms);
        *copy = *user;
    }
    pthread_mutex_unlock(&accounts->lock);
    return user != NULL;
}

bool accounts_device_secret(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE],
                            mac_address *mac)
{
    pthread_mutex_lock(&accounts->lock);
    const size_t place = accounts_secret_place(accounts, digest);
    const struct device_secret *secret =
        place < accounts->secrets.count ? rows_at(&accounts->secrets, place) : NULL;
    const bool is_found = secret != NULL && memcmp(secret->digest, digest, SECRET_DIGEST_SIZE) == 0;
    if (is_found)
        *mac = secret->mac;
    pthread_mutex_unlock(&accounts->lock);
    return is_found;
}

static void *copy_rows(struct accounts *accounts, const struct rows *rows, size_t *count)
{
    pthread_mutex_lock(&accounts->lock);
    void *copy = rows_copy(rows, count);
    pthread_mutex_unlock(&accounts->lock);
    return copy;
}

struct user *accounts_copy_users(struct accounts *accounts, size_t *count)
{
    return copy_rows(accounts, &accounts->users, count);
}

struct api_token *accounts_copy_tokens(struct accounts *accounts, size_t *count)
{
    return copy_rows(accounts, &accounts->tokens, count);
}

static int compare_ids(const void *left, const void *right)
{
    const struct device_secret *a = left, *b = right;

    return (a->id > b->id) - (a->id < b->id);
}

struct device_secret *accounts_copy_device_secrets(struct accounts *accounts, size_t *count)
{
    struct device_secret *copy = copy_rows(accounts, &accounts->secrets, count);

    if (copy != NULL)
        qsort(copy, *count, sizeof *copy, compare_ids);
    return copy;
}

unsigned accounts_count_sessions(struct accounts *accounts, const char *user)
{
    unsigned count = 0;

    pthread_mutex_lock(&accounts->lock);
    for (size_t i = 0; i < accounts->sessions.count; i++) {
        const struct session *session = rows_at(&accounts->sessions, i);
        count += strcmp(session->user, user) == 0 && accounts_session_holds(accounts, session);
    }
    pthread_mutex_unlock(&accounts->lock);
    return count;
}

static uint32_t next_id(struct accounts *accounts, uint32_t *last)
{
    pthread_mutex_lock(&accounts->lock);
    const uint32_t id = ++*last;
    pthread_mutex_unlock(&accounts->lock);
    return id;
}

uint32_t accounts_next_token(struct accounts *accounts)
{
    return next_id(accounts, &accounts->last_token);
}

uint32_t accounts_next_device_secret(struct accounts *accounts)
{
    return next_id(accounts, &accounts->last_secret);
}

void accounts_set_first_ticket(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE],
                               int64_t until_ms)
{
    pthread_mutex_lock(&accounts->lock);
    memcpy(accounts->first_ticket, digest, SECRET_DIGEST_SIZE);
    accounts->first_ticket_until_ms = until_ms;
    pthread_mutex_unlock(&accounts->lock);
}

bool accounts_is_first_ticket(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE])
{
    pthread_mutex_lock(&accounts->lock);
    const bool is_it = accounts->users.count == 0 &&
                       accounts->first_ticket_until_ms > accounts_now(accounts) &&
                       memcmp(accounts->first_ticket, digest, SECRET_DIGEST_SIZE) == 0;
    pthread_mutex_unlock(&accounts->lock);
    return is_it;
}
