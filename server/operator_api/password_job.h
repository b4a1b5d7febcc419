/* Requests with a password in them: the worker hashes, what comes of it is written. */
#ifndef SERVER_OPERATOR_API_PASSWORD_JOB_H
#define SERVER_OPERATOR_API_PASSWORD_JOB_H

#include "server/accounts/password.h"
#include "server/operator_api/handlers.h"

struct password_job {
    const struct operator_api *api;
    struct http_request *request;
    /* On the worker's thread: the change that is to be made, or null, and `status` set. */
    struct change *(*work)(struct password_job *job);
    void (*answer)(struct password_job *job); /* once the change is durable */
    struct user user;                         /* as it is known; name "" = it is not */
    bool is_first;
    char password[PASSWORD_SIZE];
    char fresh[PASSWORD_SIZE];
    char secret[SECRET_TEXT_SIZE]; /* of the session */
    enum change_result result;
    unsigned status; /* of a refusal, 0 = none */
    const char *message;
};

/* The request's context; null, and the request answered, when memory is out. */
struct password_job *password_job_new(const struct operator_api *api, struct http_request *request);

/* Notes a refusal. Returns null, for work(). */
struct change *password_job_refuse(struct password_job *job, unsigned status, const char *message);

/* Suspends the request until the job is done. */
void password_job_start(struct password_job *job);

#endif
