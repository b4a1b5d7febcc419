/* What operators ask, the command line and the dashboard among them:
 * docs/operator-api.md. */
#ifndef SERVER_OPERATOR_API_OPERATOR_API_H
#define SERVER_OPERATOR_API_OPERATOR_API_H

#include "host/keys.h"
#include "server/blobs/blobs.h"
#include "server/events/hub.h"
#include "server/fleet/fleet.h"
#include "server/http/http.h"
#include "server/work/worker.h"

struct operator_api {
    struct fleet *fleet;
    struct blobs *blobs;
    struct hub *hub;
    struct worker *worker;
    const char *token;
    const struct key *signing_key; /* for what is published unsigned; null = none */
    uint64_t upload_limit;         /* bytes */
    bool refuses_unknown;          /* devices; for the overview */
};

/* Is the path below /api? */
bool operator_api_wants(const struct http_request *request);

/* The two steps of struct http_service. `api` outlives the request. */
void operator_api_headers(const struct operator_api *api, struct http_request *request);
void operator_api_handle(const struct operator_api *api, struct http_request *request);

#endif
