#include "server/events/hub.h"

#include "server/model/clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MESSAGES 1024 /* a power of two */
#define KEPT_MESSAGES  512  /* for who comes back; fewer than a queue takes */
#define KEEP_MS        60000
#define ID_HEADER      "Last-Event-ID"

struct message {
    unsigned references; /* under the hub's lock */
    uint64_t number;     /* of an event; 0: a comment */
    size_t length;
    char text[];
};

struct listener {
    struct listener *next, *previous;
    struct hub *hub;
    struct http_stream *stream; /* set once it is in the hub's list */
    bool is_listed;
    uint8_t pass[HUB_PASS_SIZE];
    bool is_lost;  /* did not keep up, or its pass does not hold any more */
    size_t offset; /* sent of the first message */
    unsigned first, count;
    struct message *queue[QUEUE_MESSAGES];
};

struct hub {
    pthread_mutex_t lock;
    struct listener *listeners;
    bool is_ending;
    /* Events are numbered within an epoch, which ends with the hub or when events go
     * by that nobody keeps. An id is both. */
    int64_t epoch;
    uint64_t last;                       /* number of the latest event */
    struct message *kept[KEPT_MESSAGES]; /* the latest, by number modulo their count */
    int64_t followed_until_ms;           /* who left before then may still come back */
};

struct hub *hub_new(void)
{
    struct hub *hub = calloc(1, sizeof *hub);

    if (hub == NULL)
        return NULL;
    pthread_mutex_init(&hub->lock, NULL);
    hub->epoch = clock_now_ms();
    return hub;
}

static void release_message(struct message *message)
{
    if (--message->references == 0)
        free(message);
}

static void drop_first(struct listener *listener)
{
    release_message(listener->queue[listener->first]);
    listener->first = (listener->first + 1) % QUEUE_MESSAGES;
    listener->count--;
    listener->offset = 0;
}

static ssize_t fill(struct listener *listener, char *buffer, size_t size)
{
    size_t length = 0;

    while (listener->count > 0 && length < size) {
        const struct message *message = listener->queue[listener->first];
        const size_t left = message->length - listener->offset;
        const size_t piece = left < size - length ? left : size - length;
        memcpy(buffer + length, message->text + listener->offset, piece);
        length += piece;
        listener->offset += piece;
        if (listener->offset == message->length)
            drop_first(listener);
    }
    return (ssize_t)length;
}

static ssize_t read_listener(void *ctx, char *buffer, size_t size)
{
    struct listener *listener = ctx;
    struct hub *hub = listener->hub;

    pthread_mutex_lock(&hub->lock);
    const ssize_t length = listener->is_lost || hub->is_ending ? -1 : fill(listener, buffer, size);
    pthread_mutex_unlock(&hub->lock);
    return length;
}

static void end_listener(void *ctx)
{
    struct listener *listener = ctx;
    struct hub *hub = listener->hub;

    pthread_mutex_lock(&hub->lock);
    if (listener->is_listed) {
        hub->followed_until_ms = clock_monotonic_ms() + KEEP_MS;
        if (listener->next != NULL)
            listener->next->previous = listener->previous;
        if (listener->previous != NULL)
            listener->previous->next = listener->next;
        else
            hub->listeners = listener->next;
    }
    while (listener->count > 0)
        drop_first(listener);
    pthread_mutex_unlock(&hub->lock);
    free(listener);
}

static void push(struct listener *listener, struct message *message)
{
    if (listener->count == QUEUE_MESSAGES) {
        listener->is_lost = true;
        return;
    }
    listener->queue[(listener->first + listener->count++) % QUEUE_MESSAGES] = message;
    message->references++;
}

static struct message *new_message(size_t length)
{
    struct message *message = malloc(sizeof *message + length + 1);

    if (message == NULL)
        return NULL;
    message->references = 1;
    message->number = 0;
    message->length = length;
    return message;
}

/* The next event; the lock is held. */
static struct message *new_event(struct hub *hub, const char *event, const char *json)
{
    static const char format[] = "id: %" PRIx64 "-%" PRIu64 "\nevent: %s\ndata: %s\n\n";
    const uint64_t epoch = (uint64_t)hub->epoch, number = hub->last + 1;
    const int length = snprintf(NULL, 0, format, epoch, number, event, json);
    struct message *message = new_message((size_t)length);

    if (message == NULL)
        return NULL;
    snprintf(message->text, (size_t)length + 1, format, epoch, number, event, json);
    message->number = number;
    return message;
}

static struct message *new_comment(void)
{
    static const char comment[] = ":\n\n";
    struct message *message = new_message(sizeof comment - 1);

    if (message != NULL)
        memcpy(message->text, comment, sizeof comment);
    return message;
}

/* Says that what was missed is not known here any more. */
static struct message *new_reset(void)
{
    static const char reset[] = "event: reset\ndata: {}\n\n";
    struct message *message = new_message(sizeof reset - 1);

    if (message != NULL)
        memcpy(message->text, reset, sizeof reset);
    return message;
}

/* Queues the events after the one with this id; false when they are not all there. */
static bool replay(const struct hub *hub, struct listener *listener, const char *id)
{
    uint64_t epoch, number;
    int length = 0;

    if (sscanf(id, "%" SCNx64 "-%" SCNu64 "%n", &epoch, &number, &length) != 2 ||
        id[length] != '\0' || epoch != (uint64_t)hub->epoch || number > hub->last ||
        hub->last - number > KEPT_MESSAGES)
        return false;
    for (uint64_t next = number + 1; next <= hub->last; next++) {
        const struct message *kept = hub->kept[next % KEPT_MESSAGES];
        if (kept == NULL || kept->number != next)
            return false;
    }
    while (++number <= hub->last)
        push(listener, hub->kept[number % KEPT_MESSAGES]);
    return true;
}

/* Goes on where somebody who comes back was. */
static void catch_up(const struct hub *hub, struct listener *listener, const char *id)
{
    if (id == NULL || replay(hub, listener, id))
        return;
    struct message *reset = new_reset();
    if (reset == NULL)
        return;
    push(listener, reset);
    release_message(reset);
}

void hub_subscribe(struct hub *hub, struct http_request *request, const uint8_t pass[HUB_PASS_SIZE])
{
    static const struct http_stream_class class = {read_listener, end_listener};
    struct listener *listener = calloc(1, sizeof *listener);
    const char *last_id = http_header(request, ID_HEADER);

    if (listener == NULL)
        return;
    listener->hub = hub;
    memcpy(listener->pass, pass, HUB_PASS_SIZE);
    struct message *hello = new_comment();
    if (hello != NULL) /* sends the headers on their way */
        listener->queue[listener->count++] = hello;
    http_set_header(request, "Cache-Control", "no-store");
    struct http_stream *stream = http_answer_stream(request, "text/event-stream", &class, listener);
    if (stream == NULL)
        return;
    pthread_mutex_lock(&hub->lock);
    listener->stream = stream;
    listener->is_listed = true;
    catch_up(hub, listener, last_id);
    listener->next = hub->listeners;
    if (listener->next != NULL)
        listener->next->previous = listener;
    hub->listeners = listener;
    http_stream_wake(stream);
    pthread_mutex_unlock(&hub->lock);
}

void hub_check(struct hub *hub, bool (*holds)(void *ctx, const uint8_t pass[HUB_PASS_SIZE]),
               void *ctx)
{
    pthread_mutex_lock(&hub->lock);
    for (struct listener *listener = hub->listeners; listener != NULL; listener = listener->next) {
        if (listener->is_lost || holds(ctx, listener->pass))
            continue;
        listener->is_lost = true;
        http_stream_wake(listener->stream);
    }
    pthread_mutex_unlock(&hub->lock);
}

static void forget_kept(struct hub *hub)
{
    for (size_t i = 0; i < KEPT_MESSAGES; i++)
        if (hub->kept[i] != NULL)
            release_message(hub->kept[i]);
    memset(hub->kept, 0, sizeof hub->kept);
}

bool hub_is_followed(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    const bool is_followed =
        hub->listeners != NULL || clock_monotonic_ms() < hub->followed_until_ms;
    if (!is_followed && hub->last > 0) {
        forget_kept(hub);
        hub->last = 0;
        hub->epoch++;
    }
    pthread_mutex_unlock(&hub->lock);
    return is_followed;
}

size_t hub_listener_count(struct hub *hub)
{
    size_t count = 0;

    pthread_mutex_lock(&hub->lock);
    for (const struct listener *listener = hub->listeners; listener != NULL;
         listener = listener->next)
        count++;
    pthread_mutex_unlock(&hub->lock);
    return count;
}

/* Takes the caller's reference over; the lock is held. */
static void push_to_all(struct hub *hub, struct message *message)
{
    if (message == NULL)
        return;
    for (struct listener *listener = hub->listeners; listener != NULL; listener = listener->next) {
        push(listener, message);
        http_stream_wake(listener->stream);
    }
    release_message(message);
}

static void keep(struct hub *hub, struct message *message)
{
    struct message **place = &hub->kept[message->number % KEPT_MESSAGES];

    if (*place != NULL)
        release_message(*place);
    *place = message;
    message->references++;
    hub->last = message->number;
}

void hub_publish(struct hub *hub, const char *event, const char *json)
{
    pthread_mutex_lock(&hub->lock);
    struct message *message = new_event(hub, event, json);
    if (message != NULL)
        keep(hub, message);
    push_to_all(hub, message);
    pthread_mutex_unlock(&hub->lock);
}

void hub_keep_alive(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    push_to_all(hub, new_comment());
    pthread_mutex_unlock(&hub->lock);
}

void hub_end(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->is_ending = true;
    for (struct listener *listener = hub->listeners; listener != NULL; listener = listener->next)
        http_stream_wake(listener->stream);
    pthread_mutex_unlock(&hub->lock);
}

void hub_free(struct hub *hub)
{
    forget_kept(hub);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}
