/* What the handlers of the operator API share. */
#ifndef SERVER_OPERATOR_API_HANDLERS_H
#define SERVER_OPERATOR_API_HANDLERS_H

#include "server/accounts/secret.h"
#include "server/operator_api/operator_api.h"

#include <jansson.h>

/* `name` is what stands for {} in the route's path, or "". */
typedef void operator_handler(const struct operator_api *api, struct http_request *request,
                              const char *name);

operator_handler handle_list_releases, handle_publish, handle_show_release, handle_edit_release,
    handle_release_live, handle_withdraw_release;
operator_handler handle_list_key_updates, handle_publish_key_update, handle_withdraw_key_update;
operator_handler handle_list_devices, handle_show_device, handle_set_device, handle_retry_device,
    handle_remove_device, handle_device_history, handle_explain_device, handle_import_devices;
operator_handler handle_list_groups, handle_set_group;
operator_handler handle_list_rollouts, handle_show_rollout, handle_add_rollout, handle_try_rollout,
    handle_approve_rollout, handle_pause_rollout, handle_resume_rollout, handle_cancel_rollout,
    handle_roll_back_rollout, handle_list_failures;
operator_handler handle_overview, handle_trend, handle_events, handle_openapi;
operator_handler handle_sign_in, handle_show_session, handle_sign_out, handle_sign_out_everywhere,
    handle_change_password, handle_set_up, handle_show_ticket;
operator_handler handle_list_users, handle_add_user, handle_set_user, handle_reset_user,
    handle_remove_user;
operator_handler handle_list_tokens, handle_add_token, handle_revoke_token;
operator_handler handle_list_device_secrets, handle_add_device_secret, handle_revoke_device_secret;
operator_handler handle_list_audit, handle_verify_audit;
operator_handler handle_backup;
operator_handler handle_list_webhooks, handle_add_webhook, handle_show_webhook, handle_set_webhook,
    handle_remove_webhook, handle_test_webhook, handle_list_deliveries;

/* Has `look`, which looks at all devices, called on another thread, the request suspended
 * meanwhile. If it did not answer, or could not be called as memory was out, next does. */
void look_at_all(const struct operator_api *api, struct http_request *request,
                 void (*look)(void *ctx), http_next *next, void *ctx);

/* The same where it always answers. */
void answer_by_census(const struct operator_api *api, struct http_request *request,
                      void (*answer)(void *ctx), void *ctx);

/* The same with a handler, which sets no context of its own and suspends nothing. */
void handle_by_census(const struct operator_api *api, struct http_request *request,
                      const char *name, operator_handler *handler);

/* Before the body of a publication is sent: takes it, or refuses. */
void begin_publication(const struct operator_api *api, struct http_request *request);

/* Answers {"error": …} in a line for people. */
void answer_error(struct http_request *request, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 503, for what could not be made durable. */
void answer_cannot_write(struct http_request *request);

/* Takes the value over; null: out of memory. */
void answer_json(struct http_request *request, unsigned status, json_t *value);

#define SETTINGS_ERROR_SIZE 160

/* Reads {"product": …, …} with the settings allowed. False, with a line for people, when it
 * is malformed. */
bool settings_from_json(json_t *object, unsigned allowed, struct settings *settings,
                        char error[SETTINGS_ERROR_SIZE]);

/* The same for a request's body, which is answered when it is malformed. */
bool read_settings(struct http_request *request, unsigned allowed, struct settings *settings);

/* The id in a path: 1 to 2^32 - 1 in digits alone, without zeros before them, so that each has
 * one path. False when it is none. */
bool path_id(const char *name, uint32_t *id);

/* A number in the query: digits, up to 2^63 - 1. Stays as it was where there is none; false, and
 * the request answered, where it is something else. */
bool query_number(struct http_request *request, const char *name, uint64_t *number);

/* The device of the path. False, and the request answered, when the text is no
 * MAC, or (view not null) the device not known. */
bool find_device(const struct operator_api *api, struct http_request *request, const char *name,
                 mac_address *mac, struct device_view *view);

/* The rollout of the path; false, and the request answered, when there is none. */
bool find_rollout(const struct operator_api *api, struct http_request *request, const char *name,
                  struct rollout_view *view);

/* Is there such a release, to pin devices to? False, and answered, when not. */
bool can_pin(const struct operator_api *api, struct http_request *request, const char *product,
             const char *version);

/* A request that waits for its change to be durable. */
struct operation {
    const struct operator_api *api;
    struct http_request *request;
    const struct change *change; /* as long as it is being written; null: memory is out */
    enum change_result result;
    void (*answer)(struct operation *operation); /* when the change is durable */
    mac_address mac;
    char name[NAME_SIZE];          /* of what it is about; its number, once it got one */
    const char *detail;            /* for the audit log; null: the body. Lives until perform(). Of
                                    * what gets a number, the first # in it stands for that */
    char secret[SECRET_TEXT_SIZE]; /* to be shown this once */
    bool is_new;                   /* answer 201 */
    bool counts;                   /* the answer looks at all devices */
};

/* The request's context; null, and the request answered, when memory is out. */
struct operation *new_operation(const struct operator_api *api, struct http_request *request,
                                void (*answer)(struct operation *operation));

/* Suspends the request until the change, recorded in the audit log, is durable, then answers. Takes
 * the change over (null: out of memory). */
void perform(struct operation *operation, struct change *change);

/* Revokes the token, or the device's secret, whose number `name` is. `answer` minds
 * CHANGE_CONFLICT: it is gone. */
void perform_revocation(const struct operator_api *api, struct http_request *request,
                        const char *name, enum account_change_kind kind,
                        void (*answer)(struct operation *operation));

#endif
