#include "server/operator_api/password_job.h"

#include <stdlib.h>
#include <string.h>

static void free_job(void *context)
{
    struct password_job *job = context;

    explicit_bzero(job, sizeof *job);
    free(job);
}

struct password_job *password_job_new(const struct operator_api *api, struct http_request *request)
{
    struct password_job *job = calloc(1, sizeof *job);

    if (job == NULL) {
        answer_cannot_write(request);
        return NULL;
    }
    job->api = api;
    job->request = request;
    http_set_context(request, job, free_job);
    return job;
}

struct change *password_job_refuse(struct password_job *job, unsigned status, const char *message)
{
    job->status = status;
    job->message = message;
    return NULL;
}

static void written(void *ctx, enum change_result result)
{
    struct password_job *job = ctx;

    job->result = result;
    http_resume(job->request);
}

static void run(void *ctx)
{
    struct password_job *job = ctx;
    struct change *change = job->work(job);

    throttle_leave(job->api->throttle);
    if (job->status == 0)
        fleet_submit(job->api->fleet, change, written, job);
    else
        http_resume(job->request);
}

static void go_on(void *ctx, struct http_request *request)
{
    struct password_job *job = ctx;

    if (job->status == 401)
        http_set_header(request, "WWW-Authenticate", "Bearer realm=\"updraft\"");
    if (job->status != 0)
        answer_error(request, job->status, "%s", job->message);
    else if (job->result == CHANGE_FAILED)
        answer_cannot_write(request);
    else
        job->answer(job);
}

void password_job_start(struct password_job *job)
{
    struct throttle *throttle = job->api->throttle;

    if (!throttle_enter(throttle)) {
        http_set_header(job->request, "Retry-After", "5");
        answer_error(job->request, 429, "too many sign in at this moment: try again");
        return;
    }
    http_suspend(job->request, go_on, job);
    if (worker_submit(job->api->worker, run, job))
        return;
    throttle_leave(throttle);
    password_job_refuse(job, 503, "out of memory");
    http_resume(job->request);
}
