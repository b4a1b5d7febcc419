#include "server/events/hub.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MESSAGES 1024 /* a power of two */

struct message {
    unsigned references; /* under the hub's lock */
    size_t length;
    char text[];
};

struct listener {
    struct listener *next, *previous;
    struct hub *hub;
    struct http_stream *stream; /* set once it is in the hub's list */
    bool is_listed;
    bool is_lost;  /* did not keep up */
    size_t offset; /* sent of the first message */
    unsigned first, count;
    struct message *queue[QUEUE_MESSAGES];
};

struct hub {
    pthread_mutex_t lock;
    struct listener *listeners;
    bool is_ending;
};

struct hub *hub_new(void)
{
    struct hub *hub = calloc(1, sizeof *hub);

    if (hub != NULL)
        pthread_mutex_init(&hub->lock, NULL);
    return hub;
}

void hub_free(struct hub *hub)
{
    pthread_mutex_destroy(&hub->lock);
    free(hub);
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
    message->length = length;
    return message;
}

static struct message *new_event(const char *event, const char *json)
{
    static const char format[] = "event: %s\ndata: %s\n\n";
    const int length = snprintf(NULL, 0, format, event, json);
    struct message *message = new_message((size_t)length);

    if (message != NULL)
        snprintf(message->text, (size_t)length + 1, format, event, json);
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

void hub_subscribe(struct hub *hub, struct http_request *request)
{
    static const struct http_stream_class class = {read_listener, end_listener};
    struct listener *listener = calloc(1, sizeof *listener);

    if (listener == NULL)
        return;
    listener->hub = hub;
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
    listener->next = hub->listeners;
    if (listener->next != NULL)
        listener->next->previous = listener;
    hub->listeners = listener;
    pthread_mutex_unlock(&hub->lock);
}

bool hub_has_listeners(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    const bool has = hub->listeners != NULL;
    pthread_mutex_unlock(&hub->lock);
    return has;
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

/* Takes the caller's reference over. */
static void push_to_all(struct hub *hub, struct message *message)
{
    if (message == NULL)
        return;
    pthread_mutex_lock(&hub->lock);
    for (struct listener *listener = hub->listeners; listener != NULL; listener = listener->next) {
        push(listener, message);
        http_stream_wake(listener->stream);
    }
    release_message(message);
    pthread_mutex_unlock(&hub->lock);
}

void hub_publish(struct hub *hub, const char *event, const char *json)
{
    push_to_all(hub, new_event(event, json));
}

void hub_keep_alive(struct hub *hub)
{
    push_to_all(hub, new_comment());
}

void hub_end(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->is_ending = true;
    for (struct listener *listener = hub->listeners; listener != NULL; listener = listener->next)
        http_stream_wake(listener->stream);
    pthread_mutex_unlock(&hub->lock);
}
