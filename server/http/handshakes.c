#include "server/http/handshakes.h"

#include "server/http/http_state.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS 64

struct handshakes {
    int epoll;
    int end; /* an eventfd: the thread is to end */
    pthread_t thread;
};

static void resume(struct http_client *client)
{
    struct http_server *server = client->server;

    MHD_resume_connection(client->connection); /* the client may be gone on return */
    atomic_fetch_sub(&server->suspended, 1);   /* from here on the library may be stopped */
}

static void *run(void *ctx)
{
    const struct handshakes *handshakes = ctx;
    struct epoll_event events[EVENTS];

    for (;;) {
        const int count = epoll_wait(handshakes->epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL)
                return NULL;
            resume(events[i].data.ptr);
        }
    }
}

static void free_handshakes(struct handshakes *handshakes)
{
    if (handshakes->end >= 0)
        close(handshakes->end);
    if (handshakes->epoll >= 0)
        close(handshakes->epoll);
    free(handshakes);
}

struct handshakes *handshakes_start(void)
{
    struct handshakes *handshakes = malloc(sizeof *handshakes);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    if (handshakes == NULL)
        return NULL;
    handshakes->epoll = epoll_create1(EPOLL_CLOEXEC);
    handshakes->end = eventfd(0, EFD_CLOEXEC);
    if (handshakes->epoll >= 0 && handshakes->end >= 0 &&
        epoll_ctl(handshakes->epoll, EPOLL_CTL_ADD, handshakes->end, &event) == 0 &&
        pthread_create(&handshakes->thread, NULL, run, handshakes) == 0)
        return handshakes;
    free_handshakes(handshakes);
    return NULL;
}

void handshakes_stop(struct handshakes *handshakes)
{
    eventfd_write(handshakes->end, 1);
    pthread_join(handshakes->thread, NULL);
    free_handshakes(handshakes);
}

void handshakes_wait(struct handshakes *handshakes, struct http_client *client)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = client};
    const int operation = client->has_waited ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    client->has_waited = true;
    atomic_fetch_add(&client->server->suspended, 1);
    MHD_suspend_connection(client->connection);
    if (epoll_ctl(handshakes->epoll, operation, client->socket, &event) != 0)
        resume(client); /* at full speed, then */
}
