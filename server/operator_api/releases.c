#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include <stdlib.h>
#include <string.h>

struct target_counts {
    const struct release *releases; /* newest first: by falling id */
    size_t *devices;
    size_t count;
};

static void count_target(void *ctx, const struct device_view *device)
{
    const struct target_counts *counts = ctx;
    size_t low = 0, high = counts->count;

    if (device->decision.target == NULL)
        return;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (counts->releases[middle].id > device->decision.target->id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < counts->count && counts->releases[low].id == device->decision.target->id)
        counts->devices[low]++;
}

void handle_list_releases(const struct operator_api *api, struct http_request *request,
                          const char *name)
{
    const char *product = http_query(request, "product");
    json_t *array = json_array();
    size_t count;
    struct release *releases = fleet_copy_releases(api->fleet, &count);
    size_t *devices = calloc(count + 1, sizeof *devices);
    struct target_counts counts = {releases, devices, count};

    (void)name;
    if (devices != NULL)
        fleet_each_device(api->fleet, count_target, &counts);
    for (size_t i = 0; i < count && devices != NULL; i++)
        if (product == NULL || strcmp(product, releases[i].product) == 0)
            json_array_append_new(array, view_release(&releases[i], devices[i]));
    free(devices);
    free(releases);
    answer_json(request, 200, json_pack("{so}", "releases", array));
}
