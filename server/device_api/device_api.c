/* What devices ask is looked at, and who answers it is chosen. */
#include "server/device_api/device_api.h"
#include "server/device_api/visit.h"

#include <string.h>

bool device_api_wants(const struct http_request *request)
{
    const char *path = http_path(request);

    return strcmp(path, "/update") == 0 || strncmp(path, "/firmware/", 10) == 0 ||
           checkin_updater(http_header(request, "User-Agent")) != UD_CHIP_UNKNOWN;
}

static void answer_busy(const struct visit *visit)
{
    http_set_header(visit->request, "Retry-After", "%u", visit->decision.retry_s);
    http_answer_line(visit->request, 503, "others are being served: ask again later");
}

/* On another node it may be; here it will be. */
static void answer_missing(const struct visit *visit)
{
    http_set_header(visit->request, "Retry-After", VISIT_RETRY_AFTER);
    http_answer_line(visit->request, 503, "the file is not here at the moment: ask again later");
}

static bool is_for_sketch(enum device_mode mode)
{
    return mode == DEVICE_MODE_NONE || mode == DEVICE_MODE_SKETCH;
}

static void answer_known(struct visit *visit)
{
    const struct policy_decision *decision = &visit->decision;
    const bool has_none = decision->state == STATE_WAITING || decision->state == STATE_AHEAD ||
                          decision->state == STATE_NO_RELEASE;
    const struct image_choice choice = {has_none ? NULL : decision->next, decision->file};

    if (visit->mode == DEVICE_MODE_VERSION)
        visit_answer_version(visit->request, &choice);
    else if (visit->mode == DEVICE_MODE_SPIFFS && decision->offer)
        visit_offer_files(visit);
    else if (decision->offer)
        visit_offer_release(visit);
    else if (decision->keys.rule == RULE_DUE && is_for_sketch(visit->mode))
        visit_offer_keys(visit);
    else if (decision->rule == RULE_BUSY && visit->takes_retry)
        answer_busy(visit);
    else if (decision->rule == RULE_FILE_MISSING && visit->takes_retry)
        answer_missing(visit);
    else
        visit_answer_nothing_due(visit->request);
}

/* Does it ask for the rest of a file? */
static bool is_continuing(const struct http_request *request)
{
    struct range range;

    return range_parse(http_header(request, "Range"), UINT64_MAX, &range) == RANGE_PART &&
           range.first > 0;
}

/* Whoever asks here is taken for one that takes signed files only. */
static void ask_for_signed(struct device_abilities *abilities)
{
    abilities->is_told = true;
    abilities->verifies = true;
}

static void check_in(const struct device_api *api, struct http_request *request)
{
    struct checkin_headers headers = {.user_agent = NULL};
    char error[CHECKIN_ERROR_SIZE];
    struct checkin checkin;

    http_each_header(request, checkin_take_header, &headers);
    if (!checkin_read(&headers, &checkin, error)) {
        http_answer_line(request, 403, "%s", error);
        return;
    }
    if (!device_access_allows(&api->access, request, checkin.mac))
        return;
    http_peer(request, checkin.facts.address);
    if (api->is_signed_only)
        ask_for_signed(&checkin.facts.abilities);
    struct visit *visit = visit_new(api, request, &checkin);
    if (visit == NULL) {
        visit_answer_not_written(request);
        return;
    }
    if (!fleet_check_in(api->fleet, checkin.mac, &checkin.facts, is_continuing(request),
                        &visit->decision)) {
        visit_register(visit, &checkin);
        return;
    }
    counter_add(&api->counters->decisions[visit->decision.state], 1);
    visit->has_download = visit->decision.offer;
    answer_known(visit);
}

void device_api_handle(const struct device_api *api, struct http_request *request)
{
    const char *method = http_method(request);
    const bool is_download = strncmp(http_path(request), "/firmware/", 10) == 0;

    if (strcmp(method, "GET") != 0 && !(is_download && strcmp(method, "HEAD") == 0)) {
        http_set_header(request, "Allow", is_download ? "GET, HEAD" : "GET");
        http_answer_line(request, 405, "devices ask with GET");
        return;
    }
    http_set_mark(request, is_download ? COUNTED_DOWNLOAD : COUNTED_CHECKIN);
    if (is_download && device_access_allows(&api->access, request, 0))
        device_api_download(api, request);
    else if (!is_download)
        check_in(api, request);
}
