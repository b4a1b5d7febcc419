/* What operators ask, the command line and the dashboard among them:
 * docs/operator-api.md. */
#ifndef SERVER_OPERATOR_API_OPERATOR_API_H
#define SERVER_OPERATOR_API_OPERATOR_API_H

#include "host/keys.h"
#include "server/accounts/accounts.h"
#include "server/accounts/throttle.h"
#include "server/blobs/depot.h"
#include "server/device_api/access.h"
#include "server/events/hub.h"
#include "server/fleet/fleet.h"
#include "server/http/http.h"
#include "server/model/role.h"
#include "server/trend/trend.h"
#include "server/webhooks/webhooks.h"
#include "server/work/worker.h"

struct operator_api {
    struct fleet *fleet;
    struct blobs *blobs;
    struct depot *depot; /* null: there are no other nodes */
    struct hub *hub;
    struct worker *worker;
    struct worker *census; /* for what looks at all devices */
    struct webhooks *webhooks;
    struct trend *trend;
    struct accounts *accounts;
    struct throttle *throttle;       /* of those who guess passwords */
    const struct store_class *store; /* to read the audit log with */
    const char *blobs_folder;        /* this and the next: for backups */
    const char *scratch;             /* path a copy of the database may have for a moment */
    const char *database;            /* the store's location */
    const char *token;
    const struct key *signing_key; /* for what is published unsigned; null = none */
    uint64_t upload_limit;         /* bytes */
    enum device_policy device_policy;
    bool refuses_unknown; /* devices; for the overview */
};

/* A row of the table of routes. */
struct operator_route {
    const char *method;
    const char *path; /* below /api/v1; {} stands for one name */
    enum role role;   /* it needs, or more */
};

/* False beyond the last. */
bool operator_api_route(size_t index, struct operator_route *route);

/* May who asks do what takes this role? If not, the request is answered. */
bool operator_api_allows(const struct operator_api *api, struct http_request *request,
                         enum role role);

/* Answers with an error in the API's form what did not get as far as a route. */
void operator_api_refuse(struct http_request *request, unsigned status, const char *line);

/* Is the path below /api? */
bool operator_api_wants(const struct http_request *request);

/* The path below /api/v1; "" when it is not below. */
const char *operator_api_below_root(const struct http_request *request);

/* The two steps of struct http_service. `api` outlives the request. */
void operator_api_headers(const struct operator_api *api, struct http_request *request);
void operator_api_handle(const struct operator_api *api, struct http_request *request);

#endif
