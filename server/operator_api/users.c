#include "server/operator_api/fields.h"
#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a link that sets a password holds. */
#define TICKET_MS (3 * 86400 * INT64_C(1000))

static json_t *view_user(const struct operator_api *api, const struct user *user)
{
    const bool is_invited = user->ticket_until_ms > accounts_now(api->accounts);

    return json_pack("{ss ss so so so sI}", "name", user->name, "role", role_name(user->role),
                     "created", time_or_null(user->created_ms), "password_set",
                     time_or_null(user->password_ms), "link_until",
                     time_or_null(is_invited ? user->ticket_until_ms : 0), "sessions",
                     (json_int_t)accounts_count_sessions(api->accounts, user->name));
}

void handle_list_users(const struct operator_api *api, struct http_request *request,
                       const char *name)
{
    json_t *array = json_array();
    size_t count;
    struct user *users = accounts_copy_users(api->accounts, &count);

    (void)name;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, view_user(api, &users[i]));
    free(users);
    answer_json(request, 200, json_pack("{so}", "users", array));
}

/* With the link, when there is one to show. */
static void answer_user(struct operation *operation)
{
    const char *ticket = operation->secret;
    struct user user;

    if (operation->result == CHANGE_CONFLICT) {
        answer_error(operation->request, 409,
                     operation->is_new
                         ? "there is a user of that name"
                         : "the user was changed at the same moment, or is the last admin");
        return;
    }
    if (!accounts_user(operation->api->accounts, operation->name, &user)) {
        answer_error(operation->request, 404, "the user was removed meanwhile");
        return;
    }
    json_t *link = ticket[0] != '\0' ? json_sprintf("/#setup=%s", ticket) : json_null();
    answer_json(operation->request, operation->is_new ? 201 : 200,
                json_pack("{so so}", "user", view_user(operation->api, &user), "link", link));
}

/* Gives the user a link. False when the system has no random bytes. */
static bool add_ticket(const struct operator_api *api, struct user *user,
                       char ticket[SECRET_TEXT_SIZE])
{
    user->ticket_until_ms = accounts_now(api->accounts) + TICKET_MS;
    return secret_make(ticket, user->ticket);
}

/* Takes the change over, which is null when memory is out. */
static void perform_user(const struct operator_api *api, struct http_request *request,
                         struct change *change, const char *ticket, const char *detail)
{
    struct operation *operation = new_operation(api, request, answer_user);

    if (operation == NULL) {
        change_free(change);
        return;
    }
    if (change != NULL) {
        strcpy(operation->name, change->as.account->as.user.name);
        operation->is_new = change->as.account->kind == ACCOUNT_USER;
    }
    if (ticket != NULL)
        strcpy(operation->secret, ticket);
    operation->detail = detail;
    perform(operation, change);
}

/* The role named in the body; false, and the request answered, when it is none. */
static bool read_role(struct http_request *request, const char *name, enum role *role)
{
    if (role_parse(name, role))
        return true;
    answer_error(request, 400, "role must be viewer, operator or admin");
    return false;
}

void handle_add_user(const struct operator_api *api, struct http_request *request, const char *name)
{
    char user[NAME_SIZE] = "", role_text[NAME_SIZE] = "", ticket[SECRET_TEXT_SIZE];
    char detail[2 * NAME_SIZE + 20];
    const struct field fields[] = {{"name", FIELD_KIND_TEXT, true, user, sizeof user},
                                   {"role", FIELD_KIND_TEXT, true, role_text, sizeof role_text},
                                   {NULL}};
    enum role role;

    (void)name;
    if (!fields_read(request, fields) || !read_role(request, role_text, &role))
        return;
    if (!name_is_valid(user)) {
        answer_error(request, 400, "name must be 1 to 64 of A-Z a-z 0-9 . _ -");
        return;
    }
    struct change *change = change_new_account(ACCOUNT_USER);
    if (change != NULL) {
        struct user *added = &change->as.account->as.user;
        strcpy(added->name, user);
        added->role = role;
        added->created_ms = accounts_now(api->accounts);
        if (!add_ticket(api, added, ticket)) {
            change_free(change);
            change = NULL;
        }
    }
    snprintf(detail, sizeof detail, "user %s, %s", user, role_name(role));
    perform_user(api, request, change, ticket, detail);
}

/* The user of the path; false, and the request answered, when there is none. */
static bool find_user(const struct operator_api *api, struct http_request *request,
                      const char *name, struct user *user)
{
    if (accounts_user(api->accounts, name, user))
        return true;
    answer_error(request, 404, "there is no user %s", name);
    return false;
}

/* The change that makes the stored user this one; null when memory is out. */
static struct change *change_of(const struct user *user)
{
    struct change *change = change_new_account(ACCOUNT_USER_SET);

    if (change == NULL)
        return NULL;
    change->as.account->as.user = *user;
    change->as.account->as.user.revision++;
    return change;
}

void handle_set_user(const struct operator_api *api, struct http_request *request, const char *name)
{
    char role_text[NAME_SIZE] = "", detail[40];
    const struct field fields[] = {{"role", FIELD_KIND_TEXT, true, role_text, sizeof role_text},
                                   {NULL}};
    struct user user;
    enum role role;

    if (!fields_read(request, fields) || !read_role(request, role_text, &role) ||
        !find_user(api, request, name, &user))
        return;
    user.role = role;
    snprintf(detail, sizeof detail, "role %s", role_name(role));
    perform_user(api, request, change_of(&user), NULL, detail);
}

/* The old password goes on to work until the link is used; sessions go on, too. */
void handle_reset_user(const struct operator_api *api, struct http_request *request,
                       const char *name)
{
    char ticket[SECRET_TEXT_SIZE];
    struct user user;

    if (!find_user(api, request, name, &user))
        return;
    struct change *change = add_ticket(api, &user, ticket) ? change_of(&user) : NULL;
    perform_user(api, request, change, ticket, "made a link that sets a password");
}

static void answer_removed(struct operation *operation)
{
    if (operation->result == CHANGE_CONFLICT)
        answer_error(operation->request, 409,
                     "%s is the last admin: make somebody else one, then remove", operation->name);
    else
        http_answer(operation->request, 204, NULL, "", 0);
}

void handle_remove_user(const struct operator_api *api, struct http_request *request,
                        const char *name)
{
    struct user user;

    if (!find_user(api, request, name, &user))
        return;
    struct operation *operation = new_operation(api, request, answer_removed);
    if (operation == NULL)
        return;
    strcpy(operation->name, name);
    operation->detail = "";
    struct change *change = change_new_account(ACCOUNT_USER_REMOVED);
    if (change != NULL)
        strcpy(change->as.account->as.user.name, name);
    perform(operation, change);
}
