#include "server/http/sender.h"

#include "server/http/shared_file.h"
#include "server/http/socket.h"
#include "server/model/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 250 /* how often progress is told and who stands still is looked for */
#define EVENTS  128

/* Bytes of a file in one call, so that a large one does not keep others waiting. */
#define PIECE (512u * 1024)

struct sending {
    struct sending *next, *previous;
    int socket;
    int64_t mark_ms; /* when mark_bytes were acknowledged */
    uint64_t mark_bytes;
    uint64_t start;        /* bytes acknowledged when the file's first is */
    uint64_t length;       /* of the file's part that is sent */
    struct http_file file; /* offset and length: of what is left */
    struct shared_file *shared;
    size_t head_length; /* of what is left of it */
    char head[];
};

struct sender {
    struct sender_config config;
    int epoll;
    int wake; /* an eventfd */
    pthread_t thread;
    atomic_bool is_ending;
    atomic_uint count;
    pthread_mutex_t lock;  /* of the lists' links */
    struct sending *first; /* the latest; removed by the thread alone */
    struct shared_file *files;
};

enum step { STEP_MORE, STEP_WHOLE, STEP_BROKEN };

static enum step step_of_error(void)
{
    return errno == EAGAIN || errno == EINTR ? STEP_MORE : STEP_BROKEN;
}

static enum step send_piece(int socket, struct http_file *file)
{
    const size_t size = file->length < PIECE ? (size_t)file->length : PIECE;
    off_t offset = (off_t)file->offset;
    const ssize_t sent = size > 0 ? sendfile(socket, file->file, &offset, size) : 0;

    if (sent < 0)
        return step_of_error();
    if (sent == 0 && size > 0) /* the file has become shorter */
        return STEP_BROKEN;
    file->offset += (uint64_t)sent;
    file->length -= (uint64_t)sent;
    return file->length > 0 ? STEP_MORE : STEP_WHOLE;
}

/* What is left of the head is at *head. */
static enum step send_some(int socket, const char **head, size_t *head_length,
                           struct http_file *file)
{
    if (*head_length > 0) {
        const ssize_t sent = send(socket, *head, *head_length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0)
            return step_of_error();
        *head += sent;
        *head_length -= (size_t)sent;
        if (*head_length > 0)
            return STEP_MORE;
    }
    return send_piece(socket, file);
}

static void tell_end(const struct http_file *file, bool is_whole)
{
    if (file->done != NULL)
        file->done(file->ctx, is_whole);
}

/* The lock is held. */
static void link_in(struct sender *sender, struct sending *sending)
{
    sending->next = sender->first;
    if (sending->next != NULL)
        sending->next->previous = sending;
    sender->first = sending;
}

static void end(struct sender *sender, struct sending *sending, bool is_whole)
{
    pthread_mutex_lock(&sender->lock);
    if (sending->next != NULL)
        sending->next->previous = sending->previous;
    if (sending->previous != NULL)
        sending->previous->next = sending->next;
    else
        sender->first = sending->next;
    shared_file_leave(&sender->files, sending->shared);
    pthread_mutex_unlock(&sender->lock);
    /* Closing is not enough: the library may not have closed its descriptor yet. */
    epoll_ctl(sender->epoll, EPOLL_CTL_DEL, sending->socket, NULL);
    close(sending->socket);
    tell_end(&sending->file, is_whole);
    free(sending);
    atomic_fetch_sub(&sender->count, 1);
}

static void go_on(struct sender *sender, struct sending *sending)
{
    const char *head = sending->head;
    const enum step step = send_some(sending->socket, &head, &sending->head_length, &sending->file);

    if (step != STEP_MORE)
        end(sender, sending, step == STEP_WHOLE);
    else
        memmove(sending->head, head, sending->head_length);
}

/* Tells progress. False: it has stood still for too long. */
static bool check(const struct sender_config *config, struct sending *sending, int64_t now_ms)
{
    struct socket_counters counters;

    if (!socket_count(sending->socket, &counters))
        return true;
    if (counters.acknowledged - sending->mark_bytes >= config->stall_bytes) {
        sending->mark_bytes = counters.acknowledged;
        sending->mark_ms = now_ms;
    } else if (now_ms - sending->mark_ms >= config->stall_ms) {
        return false;
    }
    if (sending->file.progress != NULL && counters.acknowledged > sending->start) {
        const uint64_t sent = counters.acknowledged - sending->start;
        sending->file.progress(sending->file.ctx, sent < sending->length ? sent : sending->length);
    }
    return true;
}

static struct sending *first_of(struct sender *sender)
{
    pthread_mutex_lock(&sender->lock);
    struct sending *first = sender->first;
    pthread_mutex_unlock(&sender->lock);
    return first;
}

/* Newcomers link in before the first: nothing changes from there on but by this thread. */
static void check_all(struct sender *sender)
{
    const int64_t now_ms = clock_monotonic_ms();

    for (struct sending *sending = first_of(sender), *next; sending != NULL; sending = next) {
        next = sending->next;
        if (!check(&sender->config, sending, now_ms))
            end(sender, sending, false);
    }
}

static void wake(const struct sender *sender)
{
    eventfd_write(sender->wake, 1);
}

static void *run(void *ctx)
{
    struct sender *sender = ctx;
    struct epoll_event events[EVENTS];
    int64_t checked_ms = 0;
    eventfd_t wakes;

    while (!atomic_load(&sender->is_ending)) {
        const int timeout_ms = sender_count(sender) > 0 ? TICK_MS : -1;
        const int count = epoll_wait(sender->epoll, events, EVENTS, timeout_ms);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr != NULL)
                go_on(sender, events[i].data.ptr);
            else
                eventfd_read(sender->wake, &wakes);
        }
        if (clock_monotonic_ms() - checked_ms < TICK_MS)
            continue;
        check_all(sender);
        checked_ms = clock_monotonic_ms();
    }
    for (struct sending *left = first_of(sender); left != NULL; left = first_of(sender))
        end(sender, left, false);
    return NULL;
}

static void free_sender(struct sender *sender)
{
    if (sender->wake >= 0)
        close(sender->wake);
    if (sender->epoll >= 0)
        close(sender->epoll);
    pthread_mutex_destroy(&sender->lock);
    free(sender);
}

struct sender *sender_start(const struct sender_config *config)
{
    struct sender *sender = calloc(1, sizeof *sender);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    if (sender == NULL)
        return NULL;
    sender->config = *config;
    pthread_mutex_init(&sender->lock, NULL);
    sender->epoll = epoll_create1(EPOLL_CLOEXEC);
    sender->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (sender->epoll >= 0 && sender->wake >= 0 &&
        epoll_ctl(sender->epoll, EPOLL_CTL_ADD, sender->wake, &event) == 0 &&
        pthread_create(&sender->thread, NULL, run, sender) == 0)
        return sender;
    free_sender(sender);
    return NULL;
}

void sender_stop(struct sender *sender)
{
    atomic_store(&sender->is_ending, true);
    wake(sender);
    pthread_join(sender->thread, NULL);
    free_sender(sender);
}

unsigned sender_count(struct sender *sender)
{
    return atomic_load(&sender->count);
}

/* Takes the file over, and where it succeeds the lot: it is the thread's from here on. The lock
 * is held, so that the thread cannot end what is not in the list yet. */
static bool enlist(struct sender *sender, struct sending *sending)
{
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = sending};

    sending->shared = shared_file_join(&sender->files, sending->file.file);
    if (sending->shared == NULL) {
        close(sending->file.file);
        return false;
    }
    sending->file.file = sending->shared->file;
    if (epoll_ctl(sender->epoll, EPOLL_CTL_ADD, sending->socket, &event) != 0) {
        shared_file_leave(&sender->files, sending->shared);
        return false;
    }
    if (sender->first == NULL) /* the thread may be waiting without a time limit */
        wake(sender);
    link_in(sender, sending);
    return true;
}

static struct sending *new_sending(int socket, const struct sender_answer *answer)
{
    struct sending *sending = calloc(1, sizeof *sending + answer->head_length);

    if (sending == NULL)
        return NULL;
    sending->socket = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (sending->socket < 0) {
        free(sending);
        return NULL;
    }
    sending->mark_ms = clock_monotonic_ms();
    sending->mark_bytes = sending->start = answer->acknowledged;
    sending->file = answer->file;
    sending->length = answer->file.length;
    return sending;
}

/* Hands to the thread what is left of an answer, and the file in any case. False: it cannot
 * go on. */
static bool hand_over(struct sender *sender, int socket, const struct sender_answer *whole,
                      const struct sender_answer *left)
{
    struct sending *sending = new_sending(socket, left);

    if (sending == NULL) {
        close(left->file.file);
        return false;
    }
    memcpy(sending->head, left->head, left->head_length);
    sending->head_length = left->head_length;
    sending->start += whole->head_length;
    sending->length = whole->file.length;
    pthread_mutex_lock(&sender->lock);
    const bool is_enlisted = enlist(sender, sending);
    pthread_mutex_unlock(&sender->lock);
    if (is_enlisted)
        return true;
    close(sending->socket);
    free(sending);
    return false;
}

bool sender_send(struct sender *sender, int socket, const struct sender_answer *answer)
{
    struct sender_answer left = *answer;

    if (atomic_fetch_add(&sender->count, 1) >= sender->config.limit) {
        atomic_fetch_sub(&sender->count, 1);
        return false;
    }
    socket_fill_segments(socket);
    const enum step step = send_some(socket, &left.head, &left.head_length, &left.file);
    if (step != STEP_MORE)
        close(left.file.file);
    else if (hand_over(sender, socket, answer, &left))
        return true;
    atomic_fetch_sub(&sender->count, 1);
    tell_end(&left.file, step == STEP_WHOLE);
    return true;
}
