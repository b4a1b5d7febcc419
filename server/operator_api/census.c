/* Answers for which all devices are looked at. With a million of them that takes long, and who
 * checks in is not to wait for it: so another thread makes them. */
#include "server/operator_api/handlers.h"

#include <stdlib.h>
#include <string.h>

struct census {
    struct http_request *request;
    void (*look)(void *ctx);
    void *ctx;
};

static void take(void *ctx)
{
    const struct census census = *(struct census *)ctx;

    free(ctx);
    census.look(census.ctx);
    http_resume(census.request);
}

void look_at_all(const struct operator_api *api, struct http_request *request,
                 void (*look)(void *ctx), http_next *next, void *ctx)
{
    struct census *census = malloc(sizeof *census);

    if (census == NULL) {
        next(ctx, request);
        return;
    }
    *census = (struct census){request, look, ctx};
    http_suspend(request, next, ctx);
    if (worker_submit(api->census, take, census))
        return;
    free(census);
    http_resume(request);
}

static void answer_no_memory(void *ctx, struct http_request *request)
{
    (void)ctx;
    answer_json(request, 500, NULL);
}

void answer_by_census(const struct operator_api *api, struct http_request *request,
                      void (*answer)(void *ctx), void *ctx)
{
    look_at_all(api, request, answer, answer_no_memory, ctx);
}

/* A handler that is called by the other thread. */
struct errand {
    const struct operator_api *api;
    struct http_request *request;
    operator_handler *handler;
    char name[NAME_SIZE];
};

static void run(void *ctx)
{
    const struct errand *errand = ctx;

    errand->handler(errand->api, errand->request, errand->name);
}

void handle_by_census(const struct operator_api *api, struct http_request *request,
                      const char *name, operator_handler *handler)
{
    struct errand *errand = calloc(1, sizeof *errand);

    if (errand == NULL) {
        answer_no_memory(NULL, request);
        return;
    }
    *errand = (struct errand){.api = api, .request = request, .handler = handler};
    strcpy(errand->name, name);
    http_set_context(request, errand, free);
    answer_by_census(api, request, run, errand);
}
