/* A backup over the API: made on the worker's thread, then sent as it is read. */
#include "server/operator_api/handlers.h"

#include "server/backup/backup.h"
#include "server/log/log.h"

#include <stdlib.h>

struct copying {
    const struct operator_api *api;
    struct http_request *request;
    struct backup *backup; /* null: it failed. The stream's from its begin on */
    char error[BACKUP_ERROR_SIZE];
};

static void free_copying(void *context)
{
    struct copying *copying = context;

    if (copying->backup != NULL)
        backup_end(copying->backup);
    free(copying);
}

static ssize_t read_some(void *ctx, char *buffer, size_t size)
{
    struct backup *backup = ctx;
    char error[BACKUP_ERROR_SIZE];
    const ssize_t length = backup_read(backup, buffer, size, error);

    if (length > 0)
        return length;
    if (length < 0)
        log_line("a backup broke off: %s", error);
    return length < 0 ? HTTP_STREAM_BROKEN : HTTP_STREAM_END;
}

static void end(void *ctx)
{
    backup_end(ctx);
}

static void go_on(void *ctx, struct http_request *request)
{
    static const struct http_stream_class class = {read_some, end};
    struct copying *copying = ctx;
    struct backup *backup = copying->backup;

    if (backup == NULL) {
        log_line("a backup cannot be made: %s", copying->error);
        http_set_header(request, "Retry-After", "30");
        answer_error(request, 503, "the backup cannot be made: %s", copying->error);
        return;
    }
    log_line("a backup is sent: %zu files, %llu bytes", backup_manifest(backup)->count,
             (unsigned long long)backup_size(backup));
    copying->backup = NULL;
    http_set_header(request, "Cache-Control", "no-store");
    http_set_header(request, "Content-Disposition", "attachment; filename=\"updraft-backup.tar\"");
    http_answer_stream(request, "application/x-tar", &class, backup);
}

static void make(void *ctx)
{
    struct copying *copying = ctx;
    const struct operator_api *api = copying->api;
    const struct backup_source source = {
        api->store, api->database, api->blobs_folder, api->token, api->scratch,
    };

    copying->backup = backup_begin(&source, copying->error);
    http_resume(copying->request);
}

/* On the writer's thread, once it has written when devices were last heard of; a backup lacks
 * these where that failed, as it does beside a server. */
static void copy(void *ctx, enum change_result result)
{
    struct copying *copying = ctx;

    (void)result;
    if (worker_submit(copying->api->worker, make, copying))
        return;
    snprintf(copying->error, sizeof copying->error, "out of memory");
    http_resume(copying->request);
}

void handle_backup(const struct operator_api *api, struct http_request *request, const char *name)
{
    struct copying *copying = calloc(1, sizeof *copying);

    (void)name;
    if (copying == NULL) {
        answer_cannot_write(request);
        return;
    }
    copying->api = api;
    copying->request = request;
    http_set_context(request, copying, free_copying);
    http_suspend(request, go_on, copying);
    fleet_submit(api->fleet, fleet_take_heard(api->fleet), copy, copying);
}
