/* What the files of the server share. */
#ifndef SERVER_SERVER_STATE_H
#define SERVER_SERVER_STATE_H

#include "server/accounts/secret.h"
#include "server/blobs/keeper.h"
#include "server/data_folder.h"
#include "server/device_api/device_api.h"
#include "server/events/hub.h"
#include "server/fleet/fleet.h"
#include "server/http/certificate.h"
#include "server/http/http.h"
#include "server/metrics/page.h"
#include "server/operator_api/operator_api.h"
#include "server/server.h"
#include "server/trend/sampler.h"
#include "server/webhooks/courier.h"
#include "server/work/worker.h"

#include <pthread.h>

struct server {
    struct data_folder data;
    const struct store_class *store;
    const char *database; /* its location; outlives the server */
    struct blobs *blobs;
    struct depot *depot; /* null: the blobs are all there are */
    struct keeper *keeper;
    struct fleet *fleet;
    struct hub *hub;
    struct worker *worker;
    struct worker *census; /* the operator API's */
    struct accounts *accounts;
    struct webhooks *webhooks;
    struct courier *courier;
    struct throttle *throttle;
    char first_ticket[SECRET_TEXT_SIZE]; /* "" = there are users */
    struct certificate *certificate;     /* null: plain HTTP */
    char *client_ca;                     /* PEM; null: devices show no certificates */
    struct http_server *http;
    struct http_server *plain_http;   /* null: none beside TLS */
    struct http_server *metrics_http; /* null: none */
    struct counters counters;
    struct metrics_page *metrics;
    struct trend *trend;
    struct sampler *sampler;
    struct device_api device_api;
    struct device_api plain_device_api;
    struct operator_api operator_api;
    int64_t keep_alive_at_ms;
    int64_t judge_at_ms;

    pthread_mutex_t lock;     /* of the following */
    struct release *released; /* published since the last tick */
    size_t released_count;
};

/* These return false on failure, with a line in error; what was opened by then is the
 * server's all the same. */

bool server_open_blobs(struct server *server, const struct server_config *setup,
                       char error[SERVER_ERROR_SIZE]);
bool server_open_fleet(struct server *server, const struct server_config *setup,
                       char error[SERVER_ERROR_SIZE]);

/* Listens, once all else is there; *is_usage as in server_start(). After a failure no port
 * is left open. */
bool server_start_ports(struct server *server, const struct server_config *config,
                        char error[SERVER_ERROR_SIZE], bool *is_usage);
void server_stop_ports(struct server *server, unsigned drain_ms);

/* Is the file one of a release's? `ctx` is the server; when memory is out, it may be. */
bool server_is_release_file(void *ctx, const uint8_t sha256[UD_SHA256_SIZE]);

#endif
