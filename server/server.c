/* Starting and stopping. */
#include "server/server_state.h"

#include "server/http/client_ca.h"
#include "server/log/log.h"

#include <stdio.h>
#include <stdlib.h>

/* How long the link that makes the first user holds. */
#define SETUP_MS INT64_C(3600000)

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

static void free_server(struct server *server)
{
    if (server->worker != NULL)
        worker_stop(server->worker);
    if (server->census != NULL)
        worker_stop(server->census);
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
        !server_open_blobs(server, config, error))
        return false;
    server->hub = hub_new();
    server->worker = worker_start();
    server->census = worker_start();
    server->throttle = throttle_new();
    server->accounts = new_accounts(config);
    server->webhooks = webhooks_new();
    if (server->hub == NULL || server->worker == NULL || server->census == NULL ||
        server->throttle == NULL || server->accounts == NULL || server->webhooks == NULL) {
        snprintf(error, SERVER_ERROR_SIZE, "out of memory or threads");
        return false;
    }
    if (!server_open_fleet(server, config, error))
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
    const int swept = blobs_sweep(server->blobs, 0, server_is_release_file, server);
    if (swept > 0)
        log_line("%d file(s) of no release removed", swept);
    if (!keeper_start(server->keeper)) {
        snprintf(error, SERVER_ERROR_SIZE, "out of threads");
        return false;
    }
    return server_start_ports(server, config, error, is_usage);
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
    server_stop_ports(server, drain_ms);
    free_server(server);
}
