/* What the server's ports answer. */
#include "server/server_state.h"

#include "server/health.h"
#include "server/web_pages.h"

#include <stdio.h>
#include <string.h>

#define UPLOAD_LIMIT (32u * 1024 * 1024)

static void take_headers(void *ctx, struct http_request *request)
{
    const struct server *server = ctx;

    if (operator_api_wants(request))
        operator_api_headers(&server->operator_api, request);
}

static void take_api_request(const struct server *server, struct http_request *request)
{
    http_set_mark(request, COUNTED_API);
    operator_api_handle(&server->operator_api, request);
}

static void take_metrics_request(const struct server *server, struct http_request *request)
{
    if (operator_api_allows(&server->operator_api, request, ROLE_VIEWER))
        metrics_page_handle(server->metrics, request);
}

static void take_request(void *ctx, struct http_request *request)
{
    const struct server *server = ctx;

    if (operator_api_wants(request))
        take_api_request(server, request);
    else if (health_wants(request))
        health_handle(server->fleet, request);
    else if (strcmp(http_path(request), METRICS_PATH) == 0)
        take_metrics_request(server, request);
    else if (device_api_wants(request))
        device_api_handle(&server->device_api, request);
    else
        web_pages_handle(request);
}

/* On the port beside TLS, which anybody on the way can read and write. */
static void take_plain_request(void *ctx, struct http_request *request)
{
    const struct server *server = ctx;

    if (health_wants(request))
        health_handle(server->fleet, request);
    else if (device_api_wants(request))
        device_api_handle(&server->plain_device_api, request);
    else
        http_answer_line(request, 404, "this port is for devices; people use https://");
}

static void answer_refused(void *ctx, struct http_request *request, unsigned status,
                           const char *line)
{
    (void)ctx;
    if (operator_api_wants(request))
        operator_api_refuse(request, status, line);
}

static void note_answer(void *ctx, unsigned mark, unsigned status)
{
    struct server *server = ctx;

    counters_note_answer(&server->counters, (enum counted_interface)mark, status);
}

/* On a port that whoever set it up lets only a Prometheus get to. */
static void take_open_metrics_request(void *ctx, struct http_request *request)
{
    const struct server *server = ctx;

    if (strcmp(http_path(request), METRICS_PATH) == 0)
        metrics_page_handle(server->metrics, request);
    else if (health_wants(request))
        health_handle(server->fleet, request);
    else
        http_answer_line(request, 404, "this port has only " METRICS_PATH " and /health");
}

static const struct http_service service = {take_headers, take_request, answer_refused,
                                            note_answer};
static const struct http_service plain_service = {.request = take_plain_request,
                                                  .answered = note_answer};
static const struct http_service metrics_service = {.request = take_open_metrics_request,
                                                    .answered = note_answer};

static void set_up_interfaces(struct server *server, const struct server_config *config)
{
    server->device_api = (struct device_api){
        .fleet = server->fleet,
        .blobs = server->blobs,
        .keeper = server->keeper,
        .counters = &server->counters,
        .access = {config->device_policy, server->accounts},
        .refuses_unknown = config->refuses_unknown,
    };
    server->plain_device_api = server->device_api;
    server->plain_device_api.is_signed_only = true;
    server->operator_api = (struct operator_api){
        .fleet = server->fleet,
        .blobs = server->blobs,
        .depot = server->depot,
        .hub = server->hub,
        .worker = server->worker,
        .census = server->census,
        .accounts = server->accounts,
        .webhooks = server->webhooks,
        .trend = server->trend,
        .throttle = server->throttle,
        .device_policy = config->device_policy,
        .store = server->store,
        .database = server->database,
        .blobs_folder = server->data.blobs,
        .scratch = server->data.snapshot,
        .token = server->data.token,
        .signing_key = config->signing_key,
        .upload_limit = config->upload_limit != 0 ? config->upload_limit : UPLOAD_LIMIT,
        .refuses_unknown = config->refuses_unknown,
    };
}

/* An address that is null is none to listen on. */
static bool start_port(const struct http_config *config, struct http_server **http,
                       char error[HTTP_ERROR_SIZE], bool *is_usage)
{
    if (config->listen == NULL)
        return true;
    *http = http_start(config, error, is_usage);
    return *http != NULL;
}

/* The last to stop is the one that matters most. */
void server_stop_ports(struct server *server, unsigned drain_ms)
{
    struct http_server *const ports[] = {server->metrics_http, server->plain_http, server->http};

    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        if (ports[i] != NULL)
            http_stop(ports[i], drain_ms);
}

bool server_start_ports(struct server *server, const struct server_config *config,
                        char error[SERVER_ERROR_SIZE], bool *is_usage)
{
    const struct http_config http = {.listen = config->listen,
                                     .certificate = server->certificate,
                                     .client_ca = server->client_ca,
                                     .proxies = config->proxies,
                                     .service = &service,
                                     .ctx = server};
    const struct http_config plain = {.listen = config->listen_plain,
                                      .proxies = config->proxies,
                                      .service = &plain_service,
                                      .ctx = server};
    const struct http_config metrics = {
        .listen = config->listen_metrics, .service = &metrics_service, .ctx = server, .threads = 1};
    char reason[HTTP_ERROR_SIZE];

    set_up_interfaces(server, config);
    if (start_port(&http, &server->http, reason, is_usage) &&
        start_port(&plain, &server->plain_http, reason, is_usage) &&
        start_port(&metrics, &server->metrics_http, reason, is_usage))
        return true;
    snprintf(error, SERVER_ERROR_SIZE, "%s", reason);
    hub_end(server->hub); /* of who listens at a port that was opened */
    server_stop_ports(server, 0);
    return false;
}
