/* What every check-in has, and the answers without a file. */
#include "server/device_api/visit.h"

#include <stdlib.h>
#include <string.h>

static void end_visit(void *ctx)
{
    struct visit *visit = ctx;

    if (visit->has_download)
        fleet_download_over(visit->api->fleet, visit->address);
    free(visit);
}

struct visit *visit_new(const struct device_api *api, struct http_request *request,
                        const struct checkin *checkin)
{
    struct visit *visit = calloc(1, sizeof *visit);

    if (visit == NULL)
        return NULL;
    visit->api = api;
    visit->request = request;
    visit->mac = checkin->mac;
    visit->mode = checkin->facts.mode;
    visit->takes_retry = checkin->facts.abilities.takes_retry;
    memcpy(visit->address, checkin->facts.address, sizeof visit->address);
    http_set_context(request, visit, end_visit);
    return visit;
}

void visit_written(void *ctx, enum change_result result)
{
    struct visit *visit = ctx;

    visit->result = result;
    http_resume(visit->request);
}

void visit_answer_nothing_due(struct http_request *request)
{
    http_answer(request, 304, NULL, "", 0);
}

void visit_answer_not_written(struct http_request *request)
{
    http_set_header(request, "Retry-After", VISIT_RETRY_AFTER);
    http_answer_line(request, 503, "the server cannot write at the moment: ask again later");
}

void visit_answer_version(struct http_request *request, const struct image_choice *choice)
{
    if (choice->release == NULL) {
        http_answer_line(request, 404, "there is no release for this device");
        return;
    }
    image_set_version(request, choice);
    http_answer(request, 200, NULL, "", 0);
}
