/* The watch over connections: a thread that looks at all of them a few times a
 * second. The library's own timeout starts anew with every byte, so somebody who
 * sends one a second could hold a connection for ever. */
#include "server/http/http_state.h"
#include "server/http/socket.h"

#include "server/model/clock.h"

#include <malloc.h>
#include <sys/socket.h>
#include <time.h>

#define WATCH_MS 250

void http_enter_phase(struct http_server *server, struct http_client *client, enum http_phase phase)
{
    const int64_t now = clock_monotonic_ms();

    pthread_mutex_lock(&server->lock);
    if (phase != client->phase)
        client->mark_ms = now;
    client->phase = phase;
    client->deadline_ms = now + server->config.keep_alive_ms;
    pthread_mutex_unlock(&server->lock);
}

static void watch_transfer(const struct http_server *server, struct http_client *client,
                           int64_t now)
{
    const struct http_config *config = &server->config;
    struct socket_counters counters;

    if (!socket_count(client->socket, &counters))
        return;
    const uint64_t bytes = counters.acknowledged + counters.received;
    if (bytes - client->mark_bytes >= config->stall_bytes) {
        client->mark_bytes = bytes;
        client->mark_ms = now;
    } else if (now - client->mark_ms >= config->stall_ms) {
        shutdown(client->socket, SHUT_RDWR);
    }
    if (!client->is_file || client->file.progress == NULL ||
        counters.acknowledged <= client->file_start)
        return;
    const uint64_t sent = counters.acknowledged - client->file_start;
    client->file.progress(client->file.ctx,
                          sent < client->file.length ? sent : client->file.length);
}

static void watch_client(const struct http_server *server, struct http_client *client, int64_t now)
{
    if (client->phase == PHASE_HEADERS && now >= client->deadline_ms)
        shutdown(client->socket, SHUT_RDWR);
    else if (client->phase == PHASE_TRANSFER)
        watch_transfer(server, client, now);
}

/* So many at a time: who connects meanwhile is not kept waiting for all of them. */
#define AT_A_TIME 64

/* Returns how many there are. The lock is held, and let go of now and then; who is removed
 * then moves `watched` on. */
static size_t watch_all(struct http_server *server)
{
    const int64_t now = clock_monotonic_ms();
    size_t count = 0;

    server->watched = server->clients;
    while (server->watched != NULL) {
        struct http_client *client = server->watched;
        server->watched = client->next;
        watch_client(server, client, now);
        if (++count % AT_A_TIME != 0)
            continue;
        pthread_mutex_unlock(&server->lock);
        pthread_mutex_lock(&server->lock);
    }
    return count;
}

#define CROWD        1000
#define TRIM_WAIT_MS 5000

/* Memory of connections goes back to the system when a crowd has gone. */
static void trim(size_t count, size_t *crowd, int64_t *trimmed_ms)
{
    const int64_t now = clock_monotonic_ms();

    if (count > *crowd)
        *crowd = count;
    if (*crowd < count + CROWD || now - *trimmed_ms < TRIM_WAIT_MS)
        return;
    malloc_trim(0);
    *crowd = count;
    *trimmed_ms = now;
}

void *http_watch(void *ctx)
{
    struct http_server *server = ctx;
    struct timespec next;
    int64_t trimmed_ms = 0;
    size_t crowd = 0;

    pthread_mutex_lock(&server->lock);
    while (!server->is_ending) {
        const size_t count = watch_all(server);
        pthread_mutex_unlock(&server->lock);
        trim(count, &crowd, &trimmed_ms);
        pthread_mutex_lock(&server->lock);
        clock_gettime(CLOCK_MONOTONIC, &next);
        next.tv_nsec += WATCH_MS * 1000000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        if (!server->is_ending)
            pthread_cond_timedwait(&server->wake, &server->lock, &next);
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}
