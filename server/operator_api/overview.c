#include "server/operator_api/caller.h"
#include "server/operator_api/handlers.h"

#include "server/model/clock.h"
#include "server/openapi/openapi.h"
#include "server/trend/sampler.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    (1440 * MINUTE_MS)

/* Devices of a product that run a version. Texts live as long as the fleet, or
 * are copied: what a device says of itself is its own. */
struct version_count {
    char product[NAME_SIZE];
    char version[VERSION_SIZE];
    json_int_t devices;
};

struct tally {
    int64_t now_ms;
    json_int_t devices, silent;
    json_int_t by_state[STATE_COUNT];
    struct version_count *versions;
    size_t version_count, capacity;
};

static void count_version(struct tally *tally, const char *product, const char *version)
{
    for (size_t i = 0; i < tally->version_count; i++)
        if (strcmp(tally->versions[i].version, version) == 0 &&
            strcmp(tally->versions[i].product, product) == 0) {
            tally->versions[i].devices++;
            return;
        }
    if (tally->version_count == tally->capacity) {
        const size_t capacity = tally->capacity ? tally->capacity * 2 : 16;
        struct version_count *versions = realloc(tally->versions, capacity * sizeof *versions);
        if (versions == NULL)
            return;
        tally->versions = versions;
        tally->capacity = capacity;
    }
    struct version_count *entry = &tally->versions[tally->version_count++];
    strcpy(entry->product, product);
    strcpy(entry->version, version);
    entry->devices = 1;
}

static void count_device(void *ctx, const struct device_view *device)
{
    struct tally *tally = ctx;

    tally->by_state[device->decision.state]++;
    if (device->assignment.is_decommissioned)
        return;
    tally->devices++;
    tally->silent += device->last_seen_ms != 0 && device->last_seen_ms < tally->now_ms - SILENT_MS;
    if (device->product != NULL && device->version != NULL)
        count_version(tally, device->product, device->version);
}

static int compare(const void *left, const void *right)
{
    const struct version_count *a = left, *b = right;
    const int products = strcmp(a->product, b->product);

    return products != 0 ? products : strcmp(a->version, b->version);
}

static json_t *view_versions(struct tally *tally)
{
    json_t *array = json_array();

    if (tally->version_count > 0)
        qsort(tally->versions, tally->version_count, sizeof *tally->versions, compare);
    for (size_t i = 0; i < tally->version_count; i++) {
        const struct version_count *entry = &tally->versions[i];
        json_array_append_new(array, json_pack("{ss ss sI}", "product", entry->product, "version",
                                               entry->version, "devices", entry->devices));
    }
    return array;
}

static json_t *view_states(const struct tally *tally)
{
    json_t *object = json_object();

    for (int i = 0; i < STATE_COUNT; i++)
        json_object_set_new(object, policy_state_name((enum device_state)i),
                            json_integer(tally->by_state[i]));
    return object;
}

void handle_overview(const struct operator_api *api, struct http_request *request, const char *name)
{
    struct tally tally = {.now_ms = clock_now_ms()};

    (void)name;
    const struct trend_flow day = trend_sum(api->trend, TREND_DAY, DAY_MS);
    const struct trend_flow minute = trend_sum(api->trend, TREND_HOUR, MINUTE_MS);
    fleet_count_devices(api->fleet, count_device, &tally);
    answer_json(request, 200,
                json_pack("{sI so so sI sI sI sI ss ss}", "devices", tally.devices, "by_state",
                          view_states(&tally), "by_version", view_versions(&tally), "silent",
                          tally.silent, "checkins_per_minute", (json_int_t)minute.checkins,
                          "arrived_in_a_day", (json_int_t)day.arrived, "failed_in_a_day",
                          (json_int_t)day.failed, "unknown_devices",
                          api->refuses_unknown ? "refuse" : "register", "version",
                          UPDRAFT_VERSION));
    free(tally.versions);
}

void handle_openapi(const struct operator_api *api, struct http_request *request, const char *name)
{
    (void)api;
    (void)name;
    http_answer_static(request, 200, "application/json", openapi_json, openapi_json_size);
}

void handle_events(const struct operator_api *api, struct http_request *request, const char *name)
{
    const struct caller *caller = http_caller(request);

    (void)name;
    hub_subscribe(api->hub, request, caller->proof);
}
