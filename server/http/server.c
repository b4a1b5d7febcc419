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
        config->threads = processors < 1                  ? 1
                          : processors > HTTP_THREADS_MAX ? HTTP_THREADS_MAX
                                                          : (unsigned)processors;
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

static void add_client(struct http_server *server, struct http_client *client)
{
    client->phase = PHASE_HEADERS;
    client->deadline_ms = clock_monotonic_ms() + server->config.header_ms;
    pthread_mutex_lock(&server->lock);
    client->next = server->clients;
    if (client->next != NULL)
        client->next->previous = client;
    server->clients = client;
    pthread_mutex_unlock(&server->lock);
}

static void remove_client(struct http_server *server, struct http_client *client)
{
    pthread_mutex_lock(&server->lock);
    if (server->watched == client)
        server->watched = client->next;
    if (client->next != NULL)
        client->next->previous = client->previous;
    if (client->previous != NULL)
        client->previous->next = client->next;
    else
        server->clients = client->next;
    pthread_mutex_unlock(&server->lock);
    free(client);
}

static void note_connection(void *ctx, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = ctx;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*socket_context != NULL)
            remove_client(server, *socket_context);
        return;
    }
    struct http_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return;
    client->socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    client->server = server;
    client->connection = connection;
    *socket_context = client;
    tls_begin(client, connection);
    add_client(server, client);
}

static void end_file(struct http_server *server, struct http_client *client, bool is_whole)
{
    pthread_mutex_lock(&server->lock);
    const bool is_file = client->is_file;
    const struct http_file file = client->file;
    client->is_file = false;
    pthread_mutex_unlock(&server->lock);
    if (is_file && file.done != NULL)
        file.done(file.ctx, is_whole);
}

static void note_completed(void *ctx, struct MHD_Connection *connection, void **context,
                           enum MHD_RequestTerminationCode code)
{
    struct http_server *server = ctx;
    struct http_request *request = *context;

    (void)connection;
    if (request == NULL)
        return;
    struct http_client *client = request->client;
    end_file(server, client, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    http_request_free(request);
    *context = NULL;
    client->requests++;
    http_enter_phase(server, client, PHASE_HEADERS);
}

static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    const struct http_config *config = &server->config;
    const bool is_tls = config->certificate != NULL;
    /* With TURBO the library closes sockets without shutting them down before: a sender may
     * have a descriptor of its own for one. It also reads at once from who connected. */
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                           (is_tls ? (unsigned)MHD_USE_TLS : (unsigned)MHD_USE_TURBO);
    /* A pool of one is refused: it is the one thread there is anyway. */
    struct MHD_OptionItem threads[] = {
        {config->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, config->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    return MHD_start_daemon(
        flags, 0, NULL, NULL, http_step, server, MHD_OPTION_LISTEN_SOCKET, server->listener,
        MHD_OPTION_NOTIFY_CONNECTION, note_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
        note_completed, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_LIMIT, config->connection_limit, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        config->per_address_limit, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, threads,
        is_tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, TLS_PRIORITIES,
        MHD_OPTION_HTTPS_CERT_CALLBACK2, tls_retrieve,
        config->client_ca != NULL ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, config->client_ca,
        MHD_OPTION_END);
}

static void stop_senders(struct http_server *server)
{
    for (unsigned i = 0; i < HTTP_THREADS_MAX; i++)
        if (server->senders[i] != NULL)
            sender_stop(server->senders[i]);
}

static void free_server(struct http_server *server)
{
    stop_senders(server);
    if (server->handshakes != NULL)
        handshakes_stop(server->handshakes);
    gnutls_free(server->tickets.data);
    if (server->listener >= 0)
        close(server->listener);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->wake);
    free(server);
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

/* TLS is the library's to speak. */
static bool start_senders(struct http_server *server)
{
    const struct http_config *config = &server->config;
    const struct sender_config each = {.limit = config->connection_limit / config->threads,
                                       .stall_ms = config->stall_ms,
                                       .stall_bytes = config->stall_bytes};

    for (unsigned i = 0; config->certificate == NULL && i < config->threads; i++) {
        server->senders[i] = sender_start(&each);
        if (server->senders[i] == NULL)
            return false;
    }
    return true;
}

static bool start_tls(struct http_server *server)
{
    if (server->config.certificate == NULL)
        return true;
    server->handshakes = handshakes_start();
    return server->handshakes != NULL && gnutls_session_ticket_key_generate(&server->tickets) >= 0;
}

static bool start_threads(struct http_server *server)
{
    if (!start_senders(server) || !start_tls(server))
        return false;
    server->daemon = start_daemon(server);
    if (server->daemon == NULL)
        return false;
    if (pthread_create(&server->watch, NULL, http_watch, server) == 0)
        return true;
    MHD_stop_daemon(server->daemon);
    server->listener = -1; /* closed with the daemon */
    return false;
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
    free_server(server);
    return NULL;
}

const char *http_listen_address(const struct http_server *server)
{
    return server->address;
}

static unsigned count_sending(const struct http_server *server)
{
    unsigned count = 0;

    for (unsigned i = 0; i < HTTP_THREADS_MAX && server->senders[i] != NULL; i++)
        count += sender_count(server->senders[i]);
    return count;
}

unsigned http_connection_count(struct http_server *server)
{
    unsigned count = count_sending(server);

    pthread_mutex_lock(&server->lock);
    for (const struct http_client *client = server->clients; client != NULL; client = client->next)
        count++;
    pthread_mutex_unlock(&server->lock);
    return count;
}

/* Closes who waits for nothing. Returns how many connections are left. */
static size_t close_idle(struct http_server *server, int64_t newcomer_deadline_ms)
{
    size_t left = count_sending(server);

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
    return left;
}

static void cut_all(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    for (struct http_client *client = server->clients; client != NULL; client = client->next)
        shutdown(client->socket, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
}

void http_stop(struct http_server *server, unsigned drain_ms)
{
    const int64_t start = clock_monotonic_ms();

    atomic_store(&server->is_draining, true);
    /* MHD_quiesce_daemon() would race with the library's threads for who takes the listener out
     * of their epoll sets, and the library ends the process when one of them comes second. */
    socket_stop_listening(server->listener);
    while (close_idle(server, start + DRAIN_NEWCOMER_MS) > 0 &&
           clock_monotonic_ms() - start < drain_ms)
        usleep(DRAIN_POLL_US);
    cut_all(server);
    /* The library cannot end with a suspended connection. */
    while (atomic_load(&server->suspended) > 0)
        usleep(DRAIN_POLL_US);
    pthread_mutex_lock(&server->lock);
    server->is_ending = true;
    pthread_cond_signal(&server->wake);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->watch, NULL);
    MHD_stop_daemon(server->daemon);
    server->listener = -1; /* closed with the daemon */
    free_server(server);
}
