/* How durable changes, and at the start the store's rows, get into memory. */
#include "server/accounts/accounts_state.h"

#include <string.h>

static void end_sessions(struct accounts *accounts, const char *user,
                         const uint8_t keeps[SECRET_DIGEST_SIZE])
{
    for (size_t i = accounts->sessions.count; i > 0; i--) {
        const struct session *session = rows_at(&accounts->sessions, i - 1);
        if (strcmp(session->user, user) == 0 &&
            memcmp(session->digest, keeps, SECRET_DIGEST_SIZE) != 0)
            rows_remove(&accounts->sessions, i - 1);
    }
}

static void set_user(struct accounts *accounts, const struct account_change *change)
{
    struct user *user = accounts_find_user(accounts, change->as.user.name);

    if (user != NULL)
        *user = change->as.user;
    else
        rows_insert(&accounts->users, accounts->users.count, &change->as.user);
    if (change->ends_sessions)
        end_sessions(accounts, change->as.user.name, change->keeps);
}

static void remove_user(struct accounts *accounts, const char *name)
{
    static const uint8_t none[SECRET_DIGEST_SIZE];

    for (size_t i = accounts->users.count; i > 0; i--) {
        const struct user *user = rows_at(&accounts->users, i - 1);
        if (strcmp(user->name, name) == 0)
            rows_remove(&accounts->users, i - 1);
    }
    end_sessions(accounts, name, none);
}

static void drop_token(struct accounts *accounts, uint32_t id)
{
    for (size_t i = accounts->tokens.count; i > 0; i--) {
        const struct api_token *token = rows_at(&accounts->tokens, i - 1);
        if (token->id == id)
            rows_remove(&accounts->tokens, i - 1);
    }
}

static void drop_session(struct accounts *accounts, const uint8_t digest[SECRET_DIGEST_SIZE])
{
    for (size_t i = accounts->sessions.count; i > 0; i--) {
        const struct session *session = rows_at(&accounts->sessions, i - 1);
        if (memcmp(session->digest, digest, SECRET_DIGEST_SIZE) == 0)
            rows_remove(&accounts->sessions, i - 1);
    }
}

static void add_session(struct accounts *accounts, const struct session *added)
{
    for (size_t i = accounts->sessions.count; i > 0; i--)
        if (!accounts_session_holds(accounts, rows_at(&accounts->sessions, i - 1)))
            rows_remove(&accounts->sessions, i - 1);
    rows_insert(&accounts->sessions, accounts->sessions.count, added);
}

static void add_secret(struct accounts *accounts, const struct device_secret *secret)
{
    rows_insert(&accounts->secrets, accounts_secret_place(accounts, secret->digest), secret);
}

static void drop_secret(struct accounts *accounts, uint32_t id)
{
    for (size_t i = accounts->secrets.count; i > 0; i--) {
        const struct device_secret *secret = rows_at(&accounts->secrets, i - 1);
        if (secret->id == id)
            rows_remove(&accounts->secrets, i - 1);
    }
}

static void apply(struct accounts *accounts, const struct account_change *account)
{
    switch (account->kind) {
    case ACCOUNT_USER:
    case ACCOUNT_USER_SET:
        set_user(accounts, account);
        break;
    case ACCOUNT_USER_REMOVED:
        remove_user(accounts, account->as.user.name);
        break;
    case ACCOUNT_TOKEN:
        rows_insert(&accounts->tokens, accounts->tokens.count, &account->as.token);
        break;
    case ACCOUNT_TOKEN_REVOKED:
        drop_token(accounts, account->as.token.id);
        break;
    case ACCOUNT_SESSION:
        add_session(accounts, &account->as.session);
        break;
    case ACCOUNT_SESSION_END:
        drop_session(accounts, account->as.session.digest);
        break;
    case ACCOUNT_SESSIONS_END:
        end_sessions(accounts, account->as.session.user, account->keeps);
        break;
    case ACCOUNT_SECRET:
        add_secret(accounts, &account->as.secret);
        break;
    case ACCOUNT_SECRET_REVOKED:
        drop_secret(accounts, account->as.secret.id);
        break;
    case ACCOUNT_TOKEN_USED: /* these came from memory */
    case ACCOUNT_SESSION_USED:
    default:
        break;
    }
}

void accounts_committed(struct accounts *accounts, const struct account_change *change)
{
    pthread_mutex_lock(&accounts->lock);
    apply(accounts, change);
    pthread_mutex_unlock(&accounts->lock);
}

static int read_user(void *ctx, const struct user *user)
{
    struct accounts *accounts = ctx;

    return rows_insert(&accounts->users, accounts->users.count, user) ? 0 : -1;
}

/* Revoked ones are there so that their ids are not given again. */
static int read_token(void *ctx, const struct api_token *token)
{
    struct accounts *accounts = ctx;
    struct api_token noted = *token;

    noted.noted_ms = token->used_ms;
    if (token->id > accounts->last_token)
        accounts->last_token = token->id;
    return token->revoked_ms != 0 || rows_insert(&accounts->tokens, accounts->tokens.count, &noted)
               ? 0
               : -1;
}

static int read_session(void *ctx, const struct session *session)
{
    struct accounts *accounts = ctx;
    struct session noted = *session;

    noted.noted_ms = session->used_ms;
    return rows_insert(&accounts->sessions, accounts->sessions.count, &noted) ? 0 : -1;
}

static int read_secret(void *ctx, const struct device_secret *secret)
{
    struct accounts *accounts = ctx;

    if (secret->id > accounts->last_secret)
        accounts->last_secret = secret->id;
    if (secret->revoked_ms == 0)
        add_secret(accounts, secret);
    return 0;
}

int accounts_load(struct accounts *accounts, struct store *store)
{
    static const struct account_reader reader = {read_user, read_token, read_session, read_secret};

    return store->class->load_accounts(store, &reader, accounts) == 0 ? 0 : -1;
}

static void swap(struct rows *a, struct rows *b)
{
    const struct rows kept = *a;

    *a = *b;
    *b = kept;
}

static uint32_t later_of(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

int accounts_reload(struct accounts *accounts, struct store *store)
{
    struct accounts *read = accounts_new(&accounts->config);

    if (read == NULL)
        return -1;
    const int result = accounts_load(read, store);
    if (result == 0) {
        pthread_mutex_lock(&accounts->lock);
        swap(&accounts->users, &read->users);
        swap(&accounts->tokens, &read->tokens);
        swap(&accounts->sessions, &read->sessions);
        swap(&accounts->secrets, &read->secrets);
        accounts->last_token = later_of(accounts->last_token, read->last_token);
        accounts->last_secret = later_of(accounts->last_secret, read->last_secret);
        pthread_mutex_unlock(&accounts->lock);
    }
    accounts_free(read);
    return result;
}
