/* Users, tokens, sessions and devices' secrets. Their statements are prepared for each
 * change: these changes are rare. */
#include "server/store/sql_store.h"

#include <string.h>

#define NO_ADMIN_LEFT                                                                              \
    "(SELECT count(*) FROM users WHERE role = 'admin' AND password <> '' AND name <> ?1) = 0"

/* What a statement may bind: ?1 and so on, in this order. */
struct value {
    const char *text; /* null: */
    const void *blob; /* null: number */
    int64_t number;
};

#define TEXT(value)                                                                                \
    {                                                                                              \
        .text = (value)                                                                            \
    }
#define DIGEST(value)                                                                              \
    {                                                                                              \
        .blob = (value)                                                                            \
    }
#define NUMBER(value)                                                                              \
    {                                                                                              \
        .number = (int64_t)(value)                                                                 \
    }

/* Runs one statement; *changed, unless null: how many rows it changed. */
static int run(struct sql_store *store, const char *sql, const struct value *values, int count,
               int *changed)
{
    struct db_statement *statement;
    int status = db_prepare(store->database, sql, &statement);

    if (status != DB_OK)
        return status;
    for (int i = 0; i < count; i++) {
        if (values[i].text != NULL)
            db_bind_text(statement, i + 1, values[i].text);
        else if (values[i].blob != NULL)
            db_bind_bytes(statement, i + 1, values[i].blob, SECRET_DIGEST_SIZE);
        else
            db_bind_number(statement, i + 1, values[i].number);
    }
    status = db_step(statement);
    db_finalize(statement);
    if (changed != NULL)
        *changed = db_changes(store->database);
    return status == DB_DONE ? DB_OK : status;
}

#define RUN(store, sql, changed, ...)                                                              \
    run(store, sql, (const struct value[]){__VA_ARGS__},                                           \
        (int)(sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value)), changed)

/* Conflict, when a statement that had to change a row did not. */
static int expect_one(int status, int changed, enum change_result *result)
{
    if (status == DB_OK && changed == 0)
        *result = CHANGE_CONFLICT;
    return status;
}

static int end_sessions(struct sql_store *store, const char *user, const uint8_t *keeps)
{
    return RUN(store, "DELETE FROM sessions WHERE user_name = ?1 AND digest <> ?2", NULL,
               TEXT(user), DIGEST(keeps));
}

static int add_user(struct sql_store *store, const struct account_change *change,
                    enum change_result *result)
{
    static const char sql[] =
        "INSERT INTO users (name, role, password, created_ms, password_ms, ticket,"
        " ticket_until_ms, revision) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8"
        " WHERE ?9 = 0 OR (SELECT count(*) FROM users) = 0 ON CONFLICT (name) DO NOTHING";
    const struct user *user = &change->as.user;
    int changed = 0;
    const int status = RUN(
        store, sql, &changed, TEXT(user->name), TEXT(role_name(user->role)), TEXT(user->password),
        NUMBER(user->created_ms), NUMBER(user->password_ms), DIGEST(user->ticket),
        NUMBER(user->ticket_until_ms), NUMBER(user->revision), NUMBER(change->is_first));

    return expect_one(status, changed, result);
}

static int set_user(struct sql_store *store, const struct account_change *change,
                    enum change_result *result)
{
    static const char sql[] =
        "UPDATE users SET role = ?2, password = ?3, password_ms = ?4, ticket = ?5,"
        " ticket_until_ms = ?6, revision = ?7 WHERE name = ?1 AND revision = ?7 - 1"
        " AND NOT (role = 'admin' AND ?2 <> 'admin' AND " NO_ADMIN_LEFT ")";
    const struct user *user = &change->as.user;
    int changed = 0;
    const int status = RUN(store, sql, &changed, TEXT(user->name), TEXT(role_name(user->role)),
                           TEXT(user->password), NUMBER(user->password_ms), DIGEST(user->ticket),
                           NUMBER(user->ticket_until_ms), NUMBER(user->revision));

    if (status == DB_OK && changed > 0 && change->ends_sessions)
        return end_sessions(store, user->name, change->keeps);
    return expect_one(status, changed, result);
}

static int remove_user(struct sql_store *store, const struct account_change *change,
                       enum change_result *result)
{
    static const char sql[] =
        "DELETE FROM users WHERE name = ?1 AND NOT (role = 'admin' AND " NO_ADMIN_LEFT ")";
    static const uint8_t none[SECRET_DIGEST_SIZE];
    const char *name = change->as.user.name;
    int changed = 0;
    const int status = RUN(store, sql, &changed, TEXT(name));

    if (status == DB_OK && changed > 0)
        return end_sessions(store, name, none);
    return expect_one(status, changed, result);
}

static int add_token(struct sql_store *store, const struct api_token *token,
                     enum change_result *result)
{
    static const char sql[] =
        "INSERT INTO tokens (id, name, role, read_only, product, created_by, created_ms,"
        " expires_ms, used_ms, revoked_ms, digest)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9) ON CONFLICT (id) DO NOTHING";
    int changed = 0;
    const int status = RUN(store, sql, &changed, NUMBER(token->id), TEXT(token->name),
                           TEXT(role_name(token->role)), NUMBER(token->is_read_only),
                           TEXT(token->product), TEXT(token->created_by), NUMBER(token->created_ms),
                           NUMBER(token->expires_ms), DIGEST(token->digest));

    return expect_one(status, changed, result);
}

static int revoke_token(struct sql_store *store, const struct api_token *token,
                        enum change_result *result)
{
    int changed = 0;
    const int status =
        RUN(store, "UPDATE tokens SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms = 0", &changed,
            NUMBER(token->id), NUMBER(token->revoked_ms));

    return expect_one(status, changed, result);
}

static int add_session(struct sql_store *store, const struct account_change *change)
{
    const struct session *session = &change->as.session;
    const int status = RUN(store, "DELETE FROM sessions WHERE created_ms < ?1", NULL,
                           NUMBER(change->drop_before_ms));

    if (status != DB_OK)
        return status;
    return RUN(
        store,
        "INSERT INTO sessions (digest, user_name, created_ms, used_ms) VALUES (?1, ?2, ?3, ?4)",
        NULL, DIGEST(session->digest), TEXT(session->user), NUMBER(session->created_ms),
        NUMBER(session->used_ms));
}

static int add_secret(struct sql_store *store, const struct device_secret *secret,
                      enum change_result *result)
{
    static const char sql[] =
        "INSERT INTO device_secrets (id, mac, name, created_ms, revoked_ms, digest)"
        " VALUES (?1, ?2, ?3, ?4, 0, ?5) ON CONFLICT (id) DO NOTHING";
    int changed = 0;
    const int status = RUN(store, sql, &changed, NUMBER(secret->id), NUMBER(secret->mac),
                           TEXT(secret->name), NUMBER(secret->created_ms), DIGEST(secret->digest));

    return expect_one(status, changed, result);
}

static int revoke_secret(struct sql_store *store, const struct device_secret *secret,
                         enum change_result *result)
{
    int changed = 0;
    const int status =
        RUN(store, "UPDATE device_secrets SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms = 0",
            &changed, NUMBER(secret->id), NUMBER(secret->revoked_ms));

    return expect_one(status, changed, result);
}

int sql_apply_account(struct sql_store *store, const struct account_change *change,
                      enum change_result *result)
{
    const struct session *session = &change->as.session;

    switch (change->kind) {
    case ACCOUNT_USER:
        return add_user(store, change, result);
    case ACCOUNT_USER_SET:
        return set_user(store, change, result);
    case ACCOUNT_USER_REMOVED:
        return remove_user(store, change, result);
    case ACCOUNT_TOKEN:
        return add_token(store, &change->as.token, result);
    case ACCOUNT_TOKEN_USED:
        return RUN(store, "UPDATE tokens SET used_ms = ?2 WHERE id = ?1", NULL,
                   NUMBER(change->as.token.id), NUMBER(change->as.token.used_ms));
    case ACCOUNT_TOKEN_REVOKED:
        return revoke_token(store, &change->as.token, result);
    case ACCOUNT_SESSION:
        return add_session(store, change);
    case ACCOUNT_SESSION_USED:
        return RUN(store, "UPDATE sessions SET used_ms = ?2 WHERE digest = ?1", NULL,
                   DIGEST(session->digest), NUMBER(session->used_ms));
    case ACCOUNT_SESSION_END:
        return RUN(store, "DELETE FROM sessions WHERE digest = ?1", NULL, DIGEST(session->digest));
    case ACCOUNT_SESSIONS_END:
        return end_sessions(store, session->user, change->keeps);
    case ACCOUNT_SECRET:
        return add_secret(store, &change->as.secret, result);
    case ACCOUNT_SECRET_REVOKED:
        return revoke_secret(store, &change->as.secret, result);
    default:
        return DB_FAILED;
    }
}

/* --- loading --- */

static void copy_text(struct db_statement *row, int column, char *out, size_t size)
{
    const char *text = db_text(row, column);

    strncpy(out, text != NULL ? text : "", size - 1);
    out[size - 1] = '\0';
}

static void copy_digest(struct db_statement *row, int column, uint8_t digest[SECRET_DIGEST_SIZE])
{
    if (db_length(row, column) == SECRET_DIGEST_SIZE)
        memcpy(digest, db_bytes(row, column), SECRET_DIGEST_SIZE);
}

/* What is no role any more may do nothing. */
static enum role role_at(struct db_statement *row, int column)
{
    char name[NAME_SIZE];
    enum role role;

    copy_text(row, column, name, sizeof name);
    return role_parse(name, &role) ? role : ROLE_NONE;
}

static int load_user(struct db_statement *row, const struct account_reader *reader, void *ctx)
{
    struct user user = {.role = role_at(row, 1),
                        .created_ms = db_number(row, 3),
                        .password_ms = db_number(row, 4),
                        .ticket_until_ms = db_number(row, 6),
                        .revision = (uint32_t)db_number(row, 7)};

    copy_text(row, 0, user.name, sizeof user.name);
    copy_text(row, 2, user.password, sizeof user.password);
    copy_digest(row, 5, user.ticket);
    return reader->user(ctx, &user);
}

static int load_token(struct db_statement *row, const struct account_reader *reader, void *ctx)
{
    struct api_token token = {.id = (uint32_t)db_number(row, 0),
                              .role = role_at(row, 2),
                              .is_read_only = db_number(row, 3) != 0,
                              .created_ms = db_number(row, 6),
                              .expires_ms = db_number(row, 7),
                              .used_ms = db_number(row, 8),
                              .revoked_ms = db_number(row, 9)};

    copy_text(row, 1, token.name, sizeof token.name);
    copy_text(row, 4, token.product, sizeof token.product);
    copy_text(row, 5, token.created_by, sizeof token.created_by);
    copy_digest(row, 10, token.digest);
    return reader->token(ctx, &token);
}

static int load_session(struct db_statement *row, const struct account_reader *reader, void *ctx)
{
    struct session session = {.created_ms = db_number(row, 2), .used_ms = db_number(row, 3)};

    copy_digest(row, 0, session.digest);
    copy_text(row, 1, session.user, sizeof session.user);
    return reader->session(ctx, &session);
}

static int load_secret(struct db_statement *row, const struct account_reader *reader, void *ctx)
{
    struct device_secret secret = {.id = (uint32_t)db_number(row, 0),
                                   .mac = (mac_address)db_number(row, 1),
                                   .created_ms = db_number(row, 3),
                                   .revoked_ms = db_number(row, 4)};

    copy_text(row, 2, secret.name, sizeof secret.name);
    copy_digest(row, 5, secret.digest);
    return reader->secret(ctx, &secret);
}

static const struct {
    const char *query;
    int (*load)(struct db_statement *row, const struct account_reader *reader, void *ctx);
} tables[] = {
    {"SELECT name, role, password, created_ms, password_ms, ticket, ticket_until_ms, revision"
     " FROM users ORDER BY created_ms, name",
     load_user},
    {"SELECT id, name, role, read_only, product, created_by, created_ms, expires_ms, used_ms,"
     " revoked_ms, digest FROM tokens ORDER BY id",
     load_token},
    {"SELECT digest, user_name, created_ms, used_ms FROM sessions", load_session},
    {"SELECT id, mac, name, created_ms, revoked_ms, digest FROM device_secrets", load_secret},
};

int sql_load_accounts(struct store *base, const struct account_reader *reader, void *ctx)
{
    struct sql_store *store = (struct sql_store *)base;
    int result = 0;

    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && result == 0; i++) {
        struct db_statement *row;
        int status = db_prepare(store->database, tables[i].query, &row);
        if (status != DB_OK)
            return -1;
        while (result == 0 && (status = db_step(row)) == DB_ROW)
            result = tables[i].load(row, reader, ctx);
        db_finalize(row);
        if (result == 0 && status != DB_DONE)
            result = -1;
    }
    return result;
}
