#include "server/http/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 64

/* Without descriptors or memory for a newcomer, the next try is after so long, or when something
 * else has happened. */
#define SHORTAGE_MS 250

/* The kernel wakes the loop that has waited for the listener for longest, and it is the same one
 * again and again as long as it is idle: after so many newcomers it lines up behind the others. */
#define NEWCOMERS_IN_A_ROW 16

#define ENDING_MS 20 /* how often it is looked whether the last one is resumed */

struct loop {
    struct MHD_Daemon *library; /* null: not started yet */
    int listener;
    unsigned limit; /* of connections */
    int epoll;
    int wake; /* an eventfd */
    pthread_t thread;
    atomic_bool is_ending;
    atomic_uint suspended; /* those whose resumption is not over are among them */
    bool is_listening;     /* the listener is among what is waited for */
    bool is_short;         /* of what a newcomer takes */
    bool is_shut;          /* the listener is */
    unsigned newcomers_in_a_row;
    bool is_running; /* the thread is */
    struct loop_source newcomers, wakes;
};

static bool has_room(const struct loop *loop)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(loop->library, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info != NULL && info->num_connections < loop->limit;
}

/* Waits for newcomers, or for none. */
static void listen_or_not(struct loop *loop, bool is_to_listen)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = &loop->newcomers};

    if (is_to_listen == loop->is_listening)
        return;
    const int operation = is_to_listen ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
    loop->newcomers_in_a_row = 0;
    if (epoll_ctl(loop->epoll, operation, loop->listener, &event) == 0)
        loop->is_listening = is_to_listen;
    else
        loop->is_short = true;
}

/* One in a round, so that those who are here are served in between; for the next, the kernel may
 * wake a loop that has nothing to do. Another loop may have been faster, which is no error. */
static void let_in(struct loop *loop, struct loop_source *source)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    const int socket =
        accept4(loop->listener, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)source;
    if (socket >= 0) {
        MHD_add_connection(loop->library, socket, (struct sockaddr *)&address, length);
        if (++loop->newcomers_in_a_row == NEWCOMERS_IN_A_ROW)
            listen_or_not(loop, false); /* until the next round */
        return;
    }
    loop->is_shut = errno == EINVAL;
    loop->is_short = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
}

static void take_wakes(struct loop *loop, struct loop_source *source)
{
    eventfd_t wakes;

    (void)source;
    eventfd_read(loop->wake, &wakes);
}

/* Milliseconds to wait; -1: until something happens. The library has no deadlines here: it may
 * only want to go on at once. */
static int patience_ms(const struct loop *loop)
{
    MHD_UNSIGNED_LONG_LONG library_ms;

    if (MHD_get_timeout(loop->library, &library_ms) == MHD_YES)
        return 0;
    if (atomic_load(&loop->is_ending))
        return ENDING_MS;
    return loop->is_short ? SHORTAGE_MS : -1;
}

static void *run(void *ctx)
{
    struct loop *loop = ctx;
    struct epoll_event events[EVENTS];

    while (!atomic_load(&loop->is_ending) || atomic_load(&loop->suspended) > 0) {
        listen_or_not(loop, !loop->is_short && !loop->is_shut && has_room(loop));
        const int count = epoll_wait(loop->epoll, events, EVENTS, patience_ms(loop));
        loop->is_short = false;
        for (int i = 0; i < count; i++) {
            struct loop_source *source = events[i].data.ptr;
            if (source != NULL) /* else it is the library, which is run in any case */
                source->ready(loop, source);
        }
        MHD_run(loop->library);
    }
    return NULL;
}

/* Null source: the library. */
static bool add_source(const struct loop *loop, int descriptor, struct loop_source *source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

struct loop *loop_new(int listener, unsigned limit)
{
    struct loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL)
        return NULL;
    loop->listener = listener;
    loop->limit = limit;
    loop->newcomers.ready = let_in;
    loop->wakes.ready = take_wakes;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll >= 0 && loop->wake >= 0 && add_source(loop, loop->wake, &loop->wakes))
        return loop;
    loop_free(loop);
    return NULL;
}

bool loop_start(struct loop *loop, struct MHD_Daemon *library)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(library, MHD_DAEMON_INFO_EPOLL_FD);

    loop->library = library;
    loop->is_running = info != NULL && add_source(loop, info->epoll_fd, NULL) &&
                       pthread_create(&loop->thread, NULL, run, loop) == 0;
    return loop->is_running;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    if (loop->is_running) {
        atomic_store(&loop->is_ending, true);
        eventfd_write(loop->wake, 1);
        pthread_join(loop->thread, NULL);
    }
    if (loop->library != NULL)
        MHD_stop_daemon(loop->library);
    if (loop->wake >= 0)
        close(loop->wake);
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop);
}

void loop_suspend(struct loop *loop, struct MHD_Connection *connection)
{
    atomic_fetch_add(&loop->suspended, 1);
    MHD_suspend_connection(connection);
}

void loop_resume(struct loop *loop, struct MHD_Connection *connection)
{
    MHD_resume_connection(connection);
    eventfd_write(loop->wake, 1);
    atomic_fetch_sub(&loop->suspended, 1); /* from here on the loop may end */
}

bool loop_await(struct loop *loop, int socket, struct loop_source *source, bool *is_known)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = source};
    const int operation = *is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (epoll_ctl(loop->epoll, operation, socket, &event) != 0)
        return false;
    *is_known = true;
    return true;
}
