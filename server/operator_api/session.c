/* Signing in and out, and setting a password. */
#include "server/operator_api/caller.h"
#include "server/operator_api/fields.h"
#include "server/operator_api/password_job.h"
#include "server/operator_api/recorded.h"
#include "server/operator_api/views.h"

#include "server/log/log.h"
#include "server/model/address.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- throttling --- */

/* Of a whole /64 of IPv6: who has one has all of its addresses. */
static void address_key(const struct http_request *request, char key[THROTTLE_KEY_SIZE])
{
    char text[ADDRESS_TEXT_SIZE];
    uint8_t address[16];

    http_peer(request, address);
    const bool is_ipv4 = address[10] == 0xff && address[11] == 0xff;
    if (!is_ipv4)
        memset(address + 8, 0, 8);
    snprintf(key, THROTTLE_KEY_SIZE, "address %s", address_format(address, text));
}

static void account_key(const char *user, char key[THROTTLE_KEY_SIZE])
{
    snprintf(key, THROTTLE_KEY_SIZE, "user %s", user);
}

/* May a password be tried? If not, the request is answered. */
static bool is_in_time(const struct operator_api *api, struct http_request *request,
                       const char *user)
{
    const int64_t now = accounts_now(api->accounts);
    char key[THROTTLE_KEY_SIZE];

    address_key(request, key);
    uint32_t wait_s = throttle_try(api->throttle, key, THROTTLE_ADDRESS_FREE, now);
    if (wait_s == 0) {
        account_key(user, key);
        wait_s = throttle_try(api->throttle, key, THROTTLE_ACCOUNT_FREE, now);
    }
    if (wait_s == 0)
        return true;
    http_set_header(request, "Retry-After", "%u", wait_s);
    answer_error(request, 429, "too many wrong passwords: try again in %u seconds", wait_s);
    return false;
}

static void forgive(const struct password_job *job)
{
    char key[THROTTLE_KEY_SIZE];

    account_key(job->user.name, key);
    throttle_forgive(job->api->throttle, key);
    address_key(job->request, key);
    throttle_take_back(job->api->throttle, key);
}

/* --- the cookie --- */

static void set_cookie(struct http_request *request, const char *value, uint32_t life_s)
{
    http_set_header(request, "Set-Cookie",
                    SESSION_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%u%s", value,
                    life_s, http_is_secure(request) ? "; Secure" : "");
}

static json_t *view_caller(const struct caller *caller)
{
    static const char *const kinds[] = {"nobody", "local", "token", "session"};

    return json_pack("{ss so ss sb so so}", "kind", kinds[caller->kind], "name",
                     text_or_null(caller->name), "role", role_name(caller->role), "read_only",
                     caller->is_read_only, "product", text_or_null(caller->product), "csrf",
                     text_or_null(caller->csrf));
}

/* --- signing in --- */

/* Another site cannot send this type without our leave. */
static bool is_json(struct http_request *request)
{
    const char *type = http_header(request, "Content-Type");

    if (type != NULL && strncasecmp(type, "application/json", 16) == 0)
        return true;
    answer_error(request, 400, "the Content-Type must be application/json");
    return false;
}

static struct change *open_session(struct password_job *job)
{
    const struct accounts *accounts = job->api->accounts;
    struct change *change = change_new_account(ACCOUNT_SESSION);

    if (change == NULL)
        return NULL;
    struct account_change *account = change->as.account;
    struct session *session = &account->as.session;
    strcpy(session->user, job->user.name);
    session->created_ms = session->used_ms = accounts_now(accounts);
    account->drop_before_ms =
        session->created_ms - accounts_session_life_s(accounts) * INT64_C(1000);
    if (!secret_make(job->secret, session->digest)) {
        change_free(change);
        return password_job_refuse(job, 503, "the system has no random bytes");
    }
    caller_becomes(job->request, job->user.name);
    return recorded(job->request, change, "signed in");
}

static struct change *sign_in(struct password_job *job)
{
    uint8_t peer[16];
    char address[ADDRESS_TEXT_SIZE];

    if (password_fits(job->password, job->user.password)) {
        forgive(job);
        return open_session(job);
    }
    http_peer(job->request, peer);
    log_line("a wrong password for %s from %s",
             job->user.name[0] != '\0' ? job->user.name : "no user", address_format(peer, address));
    return password_job_refuse(job, 401, "there is no such user with that password");
}

static void answer_signed_in(struct password_job *job)
{
    struct caller caller = {.kind = CALLER_SESSION, .role = job->user.role};

    strcpy(caller.name, job->user.name);
    secret_derive(job->secret, "csrf", caller.csrf);
    set_cookie(job->request, job->secret, accounts_session_life_s(job->api->accounts));
    answer_json(job->request, 200, view_caller(&caller));
}

void handle_sign_in(const struct operator_api *api, struct http_request *request, const char *name)
{
    char user[NAME_SIZE] = "", password[PASSWORD_SIZE] = "";
    const struct field fields[] = {{"user", FIELD_KIND_TEXT, true, user, sizeof user},
                                   {"password", FIELD_KIND_TEXT, true, password, sizeof password},
                                   {NULL}};

    (void)name;
    if (!is_json(request) || !fields_read(request, fields) || !is_in_time(api, request, user))
        return;
    struct password_job *job = password_job_new(api, request);
    if (job == NULL)
        return;
    accounts_user(api->accounts, user, &job->user);
    strcpy(job->password, password);
    explicit_bzero(password, sizeof password);
    job->work = sign_in;
    job->answer = answer_signed_in;
    password_job_start(job);
}

void handle_show_session(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    (void)api;
    (void)name;
    answer_json(request, 200, view_caller(http_caller(request)));
}

/* --- signing out --- */

static void answer_signed_out(struct operation *operation)
{
    set_cookie(operation->request, "", 0);
    http_answer(operation->request, 204, NULL, "", 0);
}

static void end_sessions(const struct operator_api *api, struct http_request *request,
                         enum account_change_kind kind, const char *detail)
{
    const struct caller *caller = http_caller(request);

    if (caller->kind != CALLER_SESSION) {
        answer_error(request, 409, "a token is no session: there is nothing to end");
        return;
    }
    struct operation *operation = new_operation(api, request, answer_signed_out);
    if (operation == NULL)
        return;
    struct change *change = change_new_account(kind);
    if (change != NULL) {
        struct session *session = &change->as.account->as.session;
        memcpy(session->digest, caller->proof, SECRET_DIGEST_SIZE);
        strcpy(session->user, caller->name);
    }
    operation->detail = detail;
    perform(operation, change);
}

void handle_sign_out(const struct operator_api *api, struct http_request *request, const char *name)
{
    (void)name;
    end_sessions(api, request, ACCOUNT_SESSION_END, "signed out");
}

void handle_sign_out_everywhere(const struct operator_api *api, struct http_request *request,
                                const char *name)
{
    (void)name;
    end_sessions(api, request, ACCOUNT_SESSIONS_END, "signed out everywhere");
}

/* --- passwords --- */

/* The user as he becomes with the fresh password. */
static struct change *set_password(struct password_job *job, const char *detail)
{
    const struct caller *caller = http_caller(job->request);
    struct change *change = change_new_account(job->is_first ? ACCOUNT_USER : ACCOUNT_USER_SET);

    if (change == NULL)
        return NULL;
    struct account_change *account = change->as.account;
    struct user *user = &account->as.user;
    *user = job->user;
    user->revision++;
    user->password_ms = accounts_now(job->api->accounts);
    user->ticket_until_ms = 0;
    account->is_first = job->is_first;
    account->ends_sessions = true;
    memcpy(account->keeps, caller->proof, SECRET_DIGEST_SIZE);
    if (!password_hash(job->fresh, user->password)) {
        change_free(change);
        return password_job_refuse(job, 503, "out of memory: the password was not changed");
    }
    return recorded(job->request, change, detail);
}

static struct change *change_password(struct password_job *job)
{
    if (!password_fits(job->password, job->user.password))
        return password_job_refuse(job, 403, "the old password is another one");
    forgive(job);
    return set_password(job, "changed the password");
}

static void answer_changed(struct password_job *job)
{
    if (job->result == CHANGE_CONFLICT)
        answer_error(job->request, 409, "the user was changed at the same moment: try again");
    else
        http_answer(job->request, 204, NULL, "", 0);
}

void handle_change_password(const struct operator_api *api, struct http_request *request,
                            const char *name)
{
    const struct caller *caller = http_caller(request);
    char old[PASSWORD_SIZE] = "", fresh[PASSWORD_SIZE] = "";
    const struct field fields[] = {{"old", FIELD_KIND_TEXT, true, old, sizeof old},
                                   {"new", FIELD_KIND_TEXT, true, fresh, sizeof fresh},
                                   {NULL}};

    (void)name;
    if (!fields_read(request, fields))
        return;
    const char *problem = password_problem(fresh);
    if (problem != NULL || caller->kind != CALLER_SESSION) {
        answer_error(request, problem != NULL ? 400 : 409, "%s",
                     problem != NULL ? problem : "a token has no password");
        return;
    }
    if (!is_in_time(api, request, caller->name))
        return;
    struct password_job *job = password_job_new(api, request);
    if (job == NULL)
        return;
    accounts_user(api->accounts, caller->name, &job->user);
    strcpy(job->password, old);
    strcpy(job->fresh, fresh);
    explicit_bzero(old, sizeof old);
    explicit_bzero(fresh, sizeof fresh);
    job->work = change_password;
    job->answer = answer_changed;
    password_job_start(job);
}

/* --- tickets: links that set a password, once --- */

/* Whom a ticket is for; name "" for the first user. False, and the request answered, when
 * it does not hold. */
static bool find_ticket(const struct operator_api *api, struct http_request *request,
                        const char *ticket, struct user *user)
{
    uint8_t digest[SECRET_DIGEST_SIZE];

    memset(user, 0, sizeof *user);
    secret_digest(ticket, digest);
    if (accounts_user_of_ticket(api->accounts, digest, user))
        return true;
    user->role = ROLE_ADMIN;
    if (accounts_is_first_ticket(api->accounts, digest))
        return true;
    answer_error(request, 410, "this link has expired or was used: ask for another one");
    return false;
}

void handle_show_ticket(const struct operator_api *api, struct http_request *request,
                        const char *name)
{
    char ticket[SECRET_TEXT_SIZE] = "";
    const struct field fields[] = {{"ticket", FIELD_KIND_TEXT, true, ticket, sizeof ticket},
                                   {NULL}};
    struct user user;

    (void)name;
    if (is_json(request) && fields_read(request, fields) &&
        find_ticket(api, request, ticket, &user))
        answer_json(
            request, 200,
            json_pack("{so ss}", "user", text_or_null(user.name), "role", role_name(user.role)));
}

static struct change *set_up(struct password_job *job)
{
    caller_becomes(job->request, job->user.name);
    return set_password(job, job->is_first ? "first user, admin" : "set a password");
}

static void answer_set_up(struct password_job *job)
{
    if (job->result == CHANGE_CONFLICT)
        answer_error(job->request, 410, "this link was used a moment ago");
    else
        answer_json(
            job->request, 201,
            json_pack("{ss ss}", "user", job->user.name, "role", role_name(job->user.role)));
}

/* Whom the ticket makes: the first user chooses his name, others have one. */
static bool find_owner(const struct operator_api *api, struct http_request *request,
                       const char *ticket, const char *name, struct password_job *job)
{
    if (!find_ticket(api, request, ticket, &job->user))
        return false;
    job->is_first = job->user.name[0] == '\0';
    if (!job->is_first)
        return true;
    if (!name_is_valid(name)) {
        answer_error(request, 400, "user must be 1 to 64 of A-Z a-z 0-9 . _ -");
        return false;
    }
    strcpy(job->user.name, name);
    job->user.created_ms = accounts_now(api->accounts);
    return true;
}

void handle_set_up(const struct operator_api *api, struct http_request *request, const char *name)
{
    char ticket[SECRET_TEXT_SIZE] = "", user[NAME_SIZE] = "", password[PASSWORD_SIZE] = "";
    const struct field fields[] = {{"ticket", FIELD_KIND_TEXT, true, ticket, sizeof ticket},
                                   {"user", FIELD_KIND_TEXT, false, user, sizeof user},
                                   {"password", FIELD_KIND_TEXT, true, password, sizeof password},
                                   {NULL}};

    (void)name;
    if (!is_json(request) || !fields_read(request, fields))
        return;
    const char *problem = password_problem(password);
    struct password_job *job = problem == NULL ? password_job_new(api, request) : NULL;
    if (problem != NULL)
        answer_error(request, 400, "%s", problem);
    if (job == NULL || !find_owner(api, request, ticket, user, job))
        return;
    strcpy(job->fresh, password);
    explicit_bzero(password, sizeof password);
    job->work = set_up;
    job->answer = answer_set_up;
    password_job_start(job);
}
