#include "server/operator_api/fields.h"
#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *view_secret(const struct device_secret *secret)
{
    char mac[MAC_TEXT_SIZE];

    return json_pack("{sI so so so}", "id", (json_int_t)secret->id, "name",
                     text_or_null(secret->name), "device",
                     text_or_null(secret->mac != 0 ? mac_format(secret->mac, mac) : NULL),
                     "created", time_or_null(secret->created_ms));
}

void handle_list_device_secrets(const struct operator_api *api, struct http_request *request,
                                const char *name)
{
    json_t *array = json_array();
    size_t count;
    struct device_secret *secrets = accounts_copy_device_secrets(api->accounts, &count);

    (void)name;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, view_secret(&secrets[i]));
    free(secrets);
    answer_json(
        request, 200,
        json_pack("{ss so}", "policy", device_policy_name(api->device_policy), "secrets", array));
}

/* Whose it is to be; false, and the request answered, when the body is malformed. */
static bool read_secret(struct http_request *request, struct device_secret *secret)
{
    char device[NAME_SIZE] = "";
    const struct field fields[] = {
        {"name", FIELD_KIND_TEXT, false, secret->name, sizeof secret->name},
        {"device", FIELD_KIND_TEXT, false, device, sizeof device},
        {NULL}};

    if (!fields_read(request, fields))
        return false;
    if (secret->name[0] != '\0' && !name_is_valid(secret->name))
        answer_error(request, 400, "name must be null or 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (device[0] != '\0' && !mac_parse(device, &secret->mac))
        answer_error(request, 400, "device must be null or a MAC address");
    else
        return true;
    return false;
}

static void answer_added(struct operation *operation)
{
    if (operation->result == CHANGE_CONFLICT)
        answer_cannot_write(operation->request);
    else
        answer_json(operation->request, 201,
                    json_pack("{sI ss}", "id", (json_int_t)strtoul(operation->name, NULL, 10),
                              "secret", operation->secret));
}

void handle_add_device_secret(const struct operator_api *api, struct http_request *request,
                              const char *name)
{
    struct device_secret secret = {.created_ms = accounts_now(api->accounts)};
    char detail[AUDIT_DETAIL_SIZE], mac[MAC_TEXT_SIZE];

    (void)name;
    if (!read_secret(request, &secret))
        return;
    struct operation *operation = new_operation(api, request, answer_added);
    if (operation == NULL)
        return;
    secret.id = accounts_next_device_secret(api->accounts);
    snprintf(detail, sizeof detail, "secret #, %s%s%s",
             secret.mac != 0 ? mac_format(secret.mac, mac) : "shared",
             secret.name[0] != '\0' ? ", " : "", secret.name);
    operation->detail = detail;
    struct change *change =
        secret_make(operation->secret, secret.digest) ? change_new_account(ACCOUNT_SECRET) : NULL;
    if (change != NULL)
        change->as.account->as.secret = secret;
    perform(operation, change);
}

static void answer_revoked(struct operation *operation)
{
    if (operation->result == CHANGE_CONFLICT)
        answer_error(operation->request, 404, "there is no secret %s", operation->name);
    else
        http_answer(operation->request, 204, NULL, "", 0);
}

void handle_revoke_device_secret(const struct operator_api *api, struct http_request *request,
                                 const char *name)
{
    perform_revocation(api, request, name, ACCOUNT_SECRET_REVOKED, answer_revoked);
}
