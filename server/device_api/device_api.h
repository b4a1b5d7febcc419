/* What devices ask, and what they get: docs/device-api.md. */
#ifndef SERVER_DEVICE_API_DEVICE_API_H
#define SERVER_DEVICE_API_DEVICE_API_H

#include "server/blobs/keeper.h"
#include "server/device_api/access.h"
#include "server/fleet/fleet.h"
#include "server/http/http.h"
#include "server/metrics/counters.h"

struct device_api {
    struct fleet *fleet;
    const struct blobs *blobs;
    struct keeper *keeper;
    struct counters *counters;
    struct device_access access;
    bool is_signed_only;  /* nobody gets a file without a signature */
    bool refuses_unknown; /* devices: 403, instead of listing them as unassigned */
};

/* Is this path, or this client, the device interface's? */
bool device_api_wants(const struct http_request *request);

/* Answers or suspends. `api` outlives the request. */
void device_api_handle(const struct device_api *api, struct http_request *request);

/* A file that should be there is not: it is not offered until it is. */
void device_api_miss(const struct device_api *api, const struct release *release,
                     const struct release_file *file);

/* A plain download, /firmware/…; of device_api_handle(). */
void device_api_download(const struct device_api *api, struct http_request *request);

#endif
