#include "server/http/http_state.h"
#include "server/http/socket.h"
#include "server/http/tls.h"

#include "server/model/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX    20000u
#define DESCRIPTORS_SPARED 200u /* for files, the database and the rest of the process */

/* Bytes of memory for a request's headers and an answer's; an updater's are
 * about 600, a browser's up to 2000. */
#define CONNECTION_MEMORY (8 * 1024)

#define DRAIN_POLL_US     20000
#define DRAIN_NEWCOMER_MS 1000 /* for who connected but sent nothing yet */

static void fill_defaults(struct http_config *config)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (config->threads == 0)
        config->threads = processors < 1 ? 1 : (unsigned)processors;
    if (config->threads > HTTP_THREADS_MAX)
        config->threads = HTTP_THREADS_MAX;
    if (config->connection_limit == 0)
        config->connection_limit = CONNECTIONS_MAX;
    if (config->body_limit == 0)
        config->body_limit = 64 * 1024;
    if (config->header_ms == 0)
        config->header_ms = 10000;
    if (config->keep_alive_ms == 0)
        config->keep_alive_ms = 30000;
    if (config->stall_ms == 0)
        config->stall_ms = 60000;
    if (config->stall_bytes == 0)
        config->stall_bytes = 4096;
}

/* Raises the limit of descriptors as far as allowed and keeps within it: a
 * download takes two, its socket and its file. */
static void fit_descriptors(struct http_config *config)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t usable =
        limit.rlim_cur > 2 * DESCRIPTORS_SPARED ? (limit.rlim_cur - DESCRIPTORS_SPARED) / 2 : 1;
    if (config->connection_limit > usable)
        config->connection_limit = (unsigned)usable;
    if (config->connection_limit < config->threads)
        config->threads = 1;
}

static struct MHD_Daemon *start_library(struct http_lane *lane)
{
    struct http_server *server = lane->server;
    const struct http_config *config = &server->config;
    const bool is_tls = config->certificate != NULL;
    /* With TURBO the library closes sockets without shutting them down before: a sender may
     * have a descriptor of its own for one. It also reads at once from who connected. */
    const unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
                           (is_tls ? (unsigned)MHD_USE_TLS : (unsigned)MHD_USE_TURBO);

    return MHD_start_daemon(flags, 0, NULL, NULL, http_step, server, MHD_OPTION_NOTIFY_CONNECTION,
                            http_note_connection, lane, MHD_OPTION_NOTIFY_COMPLETED,
                            http_note_completed, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, lane->limit,
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
                            is_tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, TLS_PRIORITIES,
                            MHD_OPTION_HTTPS_CERT_CALLBACK2, tls_retrieve,
                            config->client_ca != NULL ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END,
                            config->client_ca, MHD_OPTION_END);
}

static bool start_lane(struct http_server *server, struct http_lane *lane, unsigned limit)
{
    const struct http_config *config = &server->config;
    const struct sender_config each = {
        .limit = limit, .stall_ms = config->stall_ms, .stall_bytes = config->stall_bytes};

    lane->server = server;
    lane->limit = limit;
    lane->loop = loop_new(server->listener, limit);
    if (config->certificate == NULL)
        lane->sender = sender_start(&each);
    if (lane->loop == NULL || (config->certificate == NULL && lane->sender == NULL))
        return false;
    struct MHD_Daemon *library = start_library(lane);
    return library != NULL && loop_start(lane->loop, library);
}

static void end_lanes(struct http_server *server)
{
    for (unsigned i = 0; i < HTTP_THREADS_MAX; i++)
        loop_free(server->lanes[i].loop);
    for (unsigned i = 0; i < HTTP_THREADS_MAX; i++)
        if (server->lanes[i].sender != NULL)
            sender_stop(server->lanes[i].sender);
}

static void init_locks(struct http_server *server)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&server->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&server->wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

static bool start_lanes(struct http_server *server)
{
    const unsigned count = server->config.threads;

    for (unsigned i = 0; i < count; i++)
        if (!start_lane(server, &server->lanes[i], (server->config.connection_limit + i) / count))
            return false;
    return true;
}

static bool start_threads(struct http_server *server)
{
    if (server->config.certificate != NULL &&
        gnutls_session_ticket_key_generate(&server->tickets) < 0)
        return false;
    server->is_watched = pthread_create(&server->watch, NULL, http_watch, server) == 0;
    return server->is_watched && start_lanes(server);
}

/* Who is connected, and who still comes. */
static void cut_all(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->is_cut = true;
    for (struct http_client *client = server->clients; client != NULL; client = client->next)
        shutdown(client->socket, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
}

/* Who comes is refused, who waited is reset. */
static void stop_listening(struct http_server *server)
{
    atomic_store(&server->is_draining, true);
    if (server->listener >= 0)
        shutdown(server->listener, SHUT_RDWR);
}

static void end_watch(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->is_ending = true;
    pthread_cond_signal(&server->wake);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->watch, NULL);
}

/* As far as it was started. */
static void end_server(struct http_server *server)
{
    stop_listening(server);
    cut_all(server);
    if (server->is_watched)
        end_watch(server);
    end_lanes(server);
    gnutls_free(server->tickets.data);
    if (server->listener >= 0)
        close(server->listener);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->wake);
    free(server);
}

struct http_server *http_start(const struct http_config *config, char error[HTTP_ERROR_SIZE],
                               bool *is_usage)
{
    struct http_server *server = calloc(1, sizeof *server);

    *is_usage = false;
    snprintf(error, HTTP_ERROR_SIZE, "the HTTP server cannot be started: out of memory or threads");
    if (server == NULL)
        return NULL;
    server->config = *config;
    fill_defaults(&server->config);
    fit_descriptors(&server->config);
    init_locks(server);
    server->listener = socket_listen(config->listen, server->address, error, is_usage);
    if (server->listener >= 0 && start_threads(server))
        return server;
    end_server(server);
    return NULL;
}

const char *http_listen_address(const struct http_server *server)
{
    return server->address;
}

static unsigned count_sending(const struct http_server *server)
{
    unsigned count = 0;

    for (unsigned i = 0; i < HTTP_THREADS_MAX && server->lanes[i].sender != NULL; i++)
        count += sender_count(server->lanes[i].sender);
    return count;
}

unsigned http_connection_count(struct http_server *server)
{
    unsigned count = 0;

    pthread_mutex_lock(&server->lock);
    for (const struct http_client *client = server->clients; client != NULL; client = client->next)
        count++;
    pthread_mutex_unlock(&server->lock);
    return count + count_sending(server);
}

/* Closes who waits for nothing. Returns how many connections are left. Senders are counted last: a
 * connection is handed to them by those that are counted before. */
static size_t close_idle(struct http_server *server, int64_t newcomer_deadline_ms)
{
    size_t left = 0;

    pthread_mutex_lock(&server->lock);
    for (struct http_client *client = server->clients; client != NULL; client = client->next) {
        left++;
        if (client->phase != PHASE_HEADERS)
            continue;
        if (client->requests > 0)
            shutdown(client->socket, SHUT_RDWR);
        else if (client->deadline_ms > newcomer_deadline_ms)
            client->deadline_ms = newcomer_deadline_ms;
    }
    pthread_mutex_unlock(&server->lock);
    return left + count_sending(server);
}

void http_stop(struct http_server *server, unsigned drain_ms)
{
    const int64_t start = clock_monotonic_ms();

    stop_listening(server);
    while (close_idle(server, start + DRAIN_NEWCOMER_MS) > 0 &&
           clock_monotonic_ms() - start < drain_ms)
        usleep(DRAIN_POLL_US);
    end_server(server);
}
