#include "server/server.h"

#include "server/accounts/secret.h"
#include "server/blobs/keeper.h"
#include "server/data_folder.h"
#include "server/device_api/device_api.h"
#include "server/events/hub.h"
#include "server/fleet/fleet.h"
#include "server/health.h"
#include "server/http/certificate.h"
#include "server/http/client_ca.h"
#include "server/http/http.h"
#include "server/log/log.h"
#include "server/metrics/page.h"
#include "server/model/clock.h"
#include "server/operator_api/operator_api.h"
#include "server/operator_api/views.h"
#include "server/trend/sampler.h"
#include "server/web_pages.h"
#include "server/webhooks/courier.h"
#include "server/work/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UPLOAD_LIMIT  (32u * 1024 * 1024)
#define KEEP_ALIVE_MS 15000

/* Rollouts are judged this often; of a fleet so large that it takes long, so that
 * it takes at most a twentieth of one core. */
#define JUDGE_MS    1000
#define JUDGE_SHARE 20

/* How long the link that makes the first user holds. */
#define SETUP_MS INT64_C(3600000)

/* Devices told of in one tick: bounds what a change to all of them costs. */
#define EVENTS_PER_TICK 256

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

/* --- requests --- */

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

/* --- the fleet's callbacks --- */

static bool has_file(void *ctx, const struct release *release, const struct release_file *file)
{
    const struct server *server = ctx;
    const int descriptor = blob_find(server->blobs, file->sha256, file->size);

    if (descriptor >= 0)
        close(descriptor);
    keeper_want(server->keeper, release, file);
    return descriptor >= 0;
}

static void note_trouble(void *ctx, const char *error)
{
    (void)ctx;
    if (error != NULL)
        log_line("the database cannot be written: %s", error);
    else
        log_line("the database can be written again");
}

/* On the writer's thread, which has other things to do than to count devices. */
static void note_released(void *ctx, const struct release *release)
{
    struct server *server = ctx;

    pthread_mutex_lock(&server->lock);
    struct release *released =
        realloc(server->released, (server->released_count + 1) * sizeof *server->released);
    if (released != NULL) {
        server->released = released;
        server->released[server->released_count++] = *release;
    }
    pthread_mutex_unlock(&server->lock);
}

static void note_removed(void *ctx, mac_address mac)
{
    struct server *server = ctx;
    char json[40], text[MAC_TEXT_SIZE];

    snprintf(json, sizeof json, "{\"mac\": \"%s\"}", mac_format(mac, text));
    hub_publish(server->hub, "removed", json);
}

static void note_rollout(void *ctx, const struct rollout *rollout)
{
    struct server *server = ctx;
    const struct release *release = rollout->release;
    char json[32];

    log_line("rollout %u of %s %s: %s, %u of %u stages open%s%s", rollout->id, release->product,
             release->version, rollout_state_name(rollout->state), rollout->stage,
             rollout->stage_count, rollout->reason[0] != '\0' ? ": " : "", rollout->reason);
    snprintf(json, sizeof json, "{\"id\": %u}", rollout->id);
    hub_publish(server->hub, "rollout", json);
}

static int load_others(void *ctx, struct store *store)
{
    struct server *server = ctx;
    const int result = accounts_load(server->accounts, store);

    return result == 0 ? webhooks_load(server->webhooks, store) : result;
}

static int reload_others(void *ctx, struct store *store, unsigned news)
{
    struct server *server = ctx;
    int result = 0;

    if ((news & STORE_ACCOUNTS) != 0)
        result = accounts_reload(server->accounts, store);
    if (result == 0 && (news & STORE_WEBHOOKS) != 0)
        result = webhooks_reload(server->webhooks, store);
    return result;
}

static void announce(void *ctx, struct change *change)
{
    struct server *server = ctx;

    webhooks_announce(server->webhooks, change);
}

static void note_committed(void *ctx, const struct change *change)
{
    struct server *server = ctx;

    webhooks_committed(server->webhooks, change);
}

static void note_account(void *ctx, const struct account_change *change)
{
    struct server *server = ctx;

    accounts_committed(server->accounts, change);
}

/* --- telling --- */

static void publish_view(struct server *server, const char *event, json_t *view)
{
    char *text = view != NULL ? json_dumps(view, JSON_COMPACT) : NULL;

    if (text != NULL)
        hub_publish(server->hub, event, text);
    free(text);
    json_decref(view);
}

static void tell_releases(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    struct release *released = server->released;
    const size_t count = server->released_count;
    server->released = NULL;
    server->released_count = 0;
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < count && hub_is_followed(server->hub); i++)
        publish_view(server, "release",
                     view_release(&released[i], count_targets(server->fleet, released[i].id)));
    free(released);
}

static void tell_devices(struct server *server)
{
    const bool is_followed = hub_is_followed(server->hub);
    struct mac_list changed = {0};
    struct device_view view;

    fleet_take_changed(server->fleet, &changed, is_followed ? EVENTS_PER_TICK : SIZE_MAX);
    for (size_t i = 0; i < changed.count && is_followed; i++)
        if (fleet_view(server->fleet, changed.macs[i], &view))
            publish_view(server, "device", view_device(&view));
    free(changed.macs);
}

static void judge_rollouts(struct server *server, int64_t now)
{
    if (now < server->judge_at_ms)
        return;
    fleet_judge_rollouts(server->fleet);
    const int64_t took_ms = clock_monotonic_ms() - now;
    const int64_t pause_ms = took_ms * JUDGE_SHARE;
    server->judge_at_ms = now + (pause_ms > JUDGE_MS ? pause_ms : JUDGE_MS);
}

static void refresh_certificate(struct server *server, bool is_forced)
{
    char note[CERTIFICATE_NOTE_SIZE];

    if (server->certificate != NULL && certificate_refresh(server->certificate, is_forced, note))
        log_line("%s", note);
}

void server_reload(struct server *server)
{
    refresh_certificate(server, true);
}

/* May who listens go on? The data folder's token always holds. */
static bool holds(void *ctx, const uint8_t pass[HUB_PASS_SIZE])
{
    static const uint8_t local[HUB_PASS_SIZE];
    struct server *server = ctx;

    return memcmp(pass, local, HUB_PASS_SIZE) == 0 || accounts_holds(server->accounts, pass);
}

void server_tick(struct server *server)
{
    const int64_t now = clock_monotonic_ms();

    refresh_certificate(server, false);
    judge_rollouts(server, now);
    hub_check(server->hub, holds, server);
    sampler_tick(server->sampler, now);
    tell_releases(server);
    tell_devices(server);
    if (now < server->keep_alive_at_ms)
        return;
    server->keep_alive_at_ms = now + KEEP_ALIVE_MS;
    hub_keep_alive(server->hub);
}

/* --- starting and stopping --- */

/* Null, too, where there is to be none; then error stays as it is. */
static struct depot *open_depot(const struct server_config *config, char error[DEPOT_ERROR_SIZE])
{
    if (config->blobs != NULL)
        return depot_folder_open(config->blobs, error);
    return config->database != NULL ? depot_database_open(config->database) : NULL;
}

static void note_file(void *ctx, const struct release *release, const struct release_file *file,
                      bool is_here)
{
    const struct server *server = ctx;

    fleet_note_file(server->fleet, release, file, is_here);
}

static bool is_release_file(void *ctx, const uint8_t sha256[UD_SHA256_SIZE])
{
    const struct server *server = ctx;
    size_t count;
    bool is_wanted = false;

    struct release *releases = fleet_copy_releases(server->fleet, &count);
    if (releases == NULL)
        return true;
    for (size_t i = 0; i < count && !is_wanted; i++)
        is_wanted = release_file_of(&releases[i].image, sha256) != NULL;
    free(releases);
    return is_wanted;
}

static bool open_blobs(struct server *server, const struct server_config *setup,
                       char error[SERVER_ERROR_SIZE])
{
    const int result = blobs_open(server->data.blobs, &server->blobs);
    char reason[DEPOT_ERROR_SIZE] = "";

    if (result != 0) {
        snprintf(error, SERVER_ERROR_SIZE, "%.200s: %s", server->data.blobs, strerror(-result));
        return false;
    }
    server->depot = open_depot(setup, reason);
    if (reason[0] != '\0') {
        snprintf(error, SERVER_ERROR_SIZE, "%.150s: %s", setup->blobs, reason);
        return false;
    }
    const struct keeper_config config = {
        .blobs = server->blobs,
        .depot = server->depot,
        .ctx = server,
        .found = note_file,
        .is_wanted = is_release_file,
    };
    server->keeper = keeper_new(&config);
    if (server->keeper == NULL)
        snprintf(error, SERVER_ERROR_SIZE, "out of memory");
    return server->keeper != NULL;
}

static bool open_fleet(struct server *server, const struct server_config *setup,
                       char error[SERVER_ERROR_SIZE])
{
    const struct fleet_config config = {
        .store = server->store,
        .location = server->database,
        .ctx = server,
        .has_file = has_file,
        .trouble = note_trouble,
        .released = note_released,
        .removed = note_removed,
        .rollout = note_rollout,
        .limits = {setup->downloads, setup->site_downloads, setup->rate, setup->site_rate},
        .unassigned_limit = setup->unknown_limit,
        .load = load_others,
        .reload = reload_others,
        .announce = announce,
        .committed = note_committed,
        .account = note_account,
    };
    char reason[STORE_ERROR_SIZE];

    server->fleet = fleet_open(&config, reason);
    if (server->fleet == NULL)
        snprintf(error, SERVER_ERROR_SIZE, "%.100s: %s",
                 setup->database != NULL ? "the database" : server->database, reason);
    return server->fleet != NULL;
}

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

static bool open_certificate(struct server *server, const struct server_config *config,
                             char error[SERVER_ERROR_SIZE])
{
    char note[CERTIFICATE_NOTE_SIZE];

    if (config->tls_certificate == NULL)
        return true;
    server->certificate = certificate_open(config->tls_certificate, config->tls_key, note);
    if (server->certificate == NULL)
        snprintf(error, SERVER_ERROR_SIZE, "%s", note);
    else
        log_line("%s", note);
    return server->certificate != NULL;
}

static bool open_client_ca(struct server *server, const struct server_config *config,
                           char error[SERVER_ERROR_SIZE])
{
    if (config->device_ca == NULL)
        return true;
    server->client_ca = client_ca_read(config->device_ca, error, SERVER_ERROR_SIZE);
    return server->client_ca != NULL;
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
static void stop_ports(struct server *server, unsigned drain_ms)
{
    struct http_server *const ports[] = {server->metrics_http, server->plain_http, server->http};

    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        if (ports[i] != NULL)
            http_stop(ports[i], drain_ms);
}

static bool start_http(struct server *server, const struct server_config *config,
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
    stop_ports(server, 0);
    return false;
}

static void free_server(struct server *server)
{
    if (server->worker != NULL)
        worker_stop(server->worker);
    if (server->sampler != NULL)
        sampler_free(server->sampler);
    if (server->trend != NULL)
        trend_free(server->trend);
    if (server->courier != NULL)
        courier_stop(server->courier);
    if (server->keeper != NULL)
        keeper_stop(server->keeper);
    if (server->fleet != NULL)
        fleet_close(server->fleet);
    if (server->metrics != NULL)
        metrics_page_free(server->metrics);
    if (server->webhooks != NULL)
        webhooks_free(server->webhooks);
    if (server->accounts != NULL)
        accounts_free(server->accounts);
    if (server->throttle != NULL)
        throttle_free(server->throttle);
    if (server->hub != NULL)
        hub_free(server->hub);
    if (server->keeper != NULL)
        keeper_free(server->keeper);
    if (server->depot != NULL)
        server->depot->class->close(server->depot);
    if (server->blobs != NULL)
        blobs_close(server->blobs);
    if (server->certificate != NULL)
        certificate_free(server->certificate);
    free(server->client_ca);
    data_folder_close(&server->data);
    pthread_mutex_destroy(&server->lock);
    free(server->released);
    free(server);
}

static struct accounts *new_accounts(const struct server_config *setup)
{
    const struct accounts_config config = {
        .session_idle_s = setup->session_idle_s,
        .session_life_s = setup->session_life_s,
    };

    return accounts_new(&config);
}

/* Whoever can read what the server prints may make the first user. */
static void offer_setup(struct server *server)
{
    uint8_t digest[SECRET_DIGEST_SIZE];

    if (accounts_has_users(server->accounts) || !secret_make(server->first_ticket, digest))
        return;
    accounts_set_first_ticket(server->accounts, digest, accounts_now(server->accounts) + SETUP_MS);
}

static struct sampler *new_sampler(struct server *server)
{
    const struct sampler_config config = {.trend = server->trend,
                                          .fleet = server->fleet,
                                          .counters = &server->counters,
                                          .worker = server->worker,
                                          .path = server->data.trend};

    return sampler_new(&config);
}

static bool start_parts(struct server *server, const struct server_config *config,
                        char error[SERVER_ERROR_SIZE], bool *is_usage)
{
    if (!open_certificate(server, config, error) || !open_client_ca(server, config, error) ||
        !open_blobs(server, config, error))
        return false;
    server->hub = hub_new();
    server->worker = worker_start();
    server->throttle = throttle_new();
    server->accounts = new_accounts(config);
    server->webhooks = webhooks_new();
    if (server->hub == NULL || server->worker == NULL || server->throttle == NULL ||
        server->accounts == NULL || server->webhooks == NULL) {
        snprintf(error, SERVER_ERROR_SIZE, "out of memory or threads");
        return false;
    }
    if (!open_fleet(server, config, error))
        return false;
    server->courier = courier_start(server->webhooks, server->fleet);
    server->metrics = metrics_page_new(&(struct metrics_source){
        server->fleet, server->hub, server->worker, &server->counters, &server->http});
    server->trend = trend_new();
    server->sampler = server->trend != NULL ? new_sampler(server) : NULL;
    if (server->metrics == NULL || server->courier == NULL || server->sampler == NULL) {
        snprintf(error, SERVER_ERROR_SIZE, "out of memory");
        return false;
    }
    offer_setup(server);
    /* A file whose release was not acknowledged before the server ended. */
    const int swept = blobs_sweep(server->blobs, 0, is_release_file, server);
    if (swept > 0)
        log_line("%d file(s) of no release removed", swept);
    if (!keeper_start(server->keeper)) {
        snprintf(error, SERVER_ERROR_SIZE, "out of threads");
        return false;
    }
    return start_http(server, config, error, is_usage);
}

struct server *server_start(const struct server_config *config, char error[SERVER_ERROR_SIZE],
                            bool *is_usage)
{
    struct server *server = calloc(1, sizeof *server);
    char reason[DATA_ERROR_SIZE] = "out of memory";

    *is_usage = false;
    if (server == NULL || data_folder_open(config->data, &server->data, reason) != 0) {
        snprintf(error, SERVER_ERROR_SIZE, "%s", reason);
        free(server);
        return NULL;
    }
    server->store = config->database != NULL ? &store_postgres : &store_sqlite;
    server->database = config->database != NULL ? config->database : server->data.database;
    pthread_mutex_init(&server->lock, NULL);
    if (start_parts(server, config, error, is_usage))
        return server;
    free_server(server);
    return NULL;
}

const char *server_address(const struct server *server)
{
    return http_listen_address(server->http);
}

const char *server_plain_address(const struct server *server)
{
    return server->plain_http != NULL ? http_listen_address(server->plain_http) : NULL;
}

const char *server_metrics_address(const struct server *server)
{
    return server->metrics_http != NULL ? http_listen_address(server->metrics_http) : NULL;
}

bool server_is_secure(const struct server *server)
{
    return server->certificate != NULL;
}

const char *server_first_ticket(const struct server *server)
{
    return server->first_ticket[0] != '\0' ? server->first_ticket : NULL;
}

const char *server_token(const struct server *server)
{
    return server->data.token;
}

void server_stop(struct server *server, unsigned drain_ms)
{
    hub_end(server->hub);
    stop_ports(server, drain_ms);
    free_server(server);
}
