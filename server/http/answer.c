#include "server/http/head.h"
#include "server/http/http_state.h"
#include "server/http/socket.h"
#include "server/http/tls.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 600

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            return false;
    return true;
}

void http_set_header(struct http_request *request, const char *name, const char *format, ...)
{
    const size_t name_size = strlen(name) + 1;
    char value[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    const int length = vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    if (request->field_count == HTTP_FIELDS_MAX || length < 0 || (size_t)length >= sizeof value ||
        !is_printable(value))
        return;
    char *copy = malloc(name_size + (size_t)length + 1);
    if (copy == NULL)
        return;
    memcpy(copy, name, name_size);
    memcpy(copy + name_size, value, (size_t)length + 1);
    request->fields[request->field_count++] = (struct http_field){copy, copy + name_size};
}

static void note_answer(struct http_request *request, unsigned status)
{
    const struct http_config *config = &request->server->config;

    request->is_answered = true;
    if (config->service->answered != NULL)
        config->service->answered(config->ctx, request->mark, status);
}

/* Gives a response the headers, and the request the response. Null response:
 * out of memory; then the connection is cut. */
static bool queue(struct http_request *request, unsigned status, const char *type,
                  struct MHD_Response *response)
{
    if (response == NULL)
        return false;
    if (type != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    for (unsigned i = 0; i < request->field_count; i++)
        MHD_add_response_header(response, request->fields[i].name, request->fields[i].value);
    tls_limit_records(request->connection);
    const bool is_queued = MHD_queue_response(request->connection, status, response) == MHD_YES;
    MHD_destroy_response(response);
    if (is_queued)
        note_answer(request, status);
    return is_queued;
}

static void keep(struct http_request *request, unsigned status, const char *type,
                 struct MHD_Response *response)
{
    if (request->kept != NULL)
        MHD_destroy_response(request->kept);
    request->kept = response;
    request->kept_status = status;
    request->kept_type = type;
}

void http_answer_kept(struct http_request *request)
{
    struct MHD_Response *response = request->kept;

    request->kept = NULL;
    queue(request, request->kept_status, request->kept_type, response);
}

static void answer_memory(struct http_request *request, unsigned status, const char *type,
                          const void *data, size_t length, enum MHD_ResponseMemoryMode mode)
{
    union {
        const void *data;
        void *library; /* which does not write to it in these modes */
    } bytes = {.data = data};

    struct MHD_Response *response = MHD_create_response_from_buffer(length, bytes.library, mode);
    if (request->is_suspended)
        keep(request, status, type, response);
    else
        queue(request, status, type, response);
}

void http_answer(struct http_request *request, unsigned status, const char *type, const void *data,
                 size_t length)
{
    answer_memory(request, status, type, data, length, MHD_RESPMEM_MUST_COPY);
}

void http_answer_static(struct http_request *request, unsigned status, const char *type,
                        const void *data, size_t length)
{
    answer_memory(request, status, type, data, length, MHD_RESPMEM_PERSISTENT);
}

void http_answer_line(struct http_request *request, unsigned status, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    const int wanted = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    size_t length = wanted < 0                         ? 0
                    : (size_t)wanted < sizeof line - 1 ? (size_t)wanted
                                                       : sizeof line - 2;
    line[length++] = '\n';
    http_answer(request, status, "text/plain; charset=utf-8", line, length);
}

/* From now on the watch reports how far the file has got. */
static void begin_file(struct http_request *request, const struct http_file *file)
{
    struct http_client *client = request->client;
    struct socket_counters counters = {.acknowledged = 0};

    socket_limit_send_buffer(client->socket, true);
    socket_count(client->socket, &counters);
    pthread_mutex_lock(&request->server->lock);
    client->is_file = true;
    client->file = *file;
    client->file_start = counters.acknowledged;
    pthread_mutex_unlock(&request->server->lock);
}

/* May a sender have the connection? */
static bool may_hand_over(const struct http_request *request)
{
    return request->client->lane->sender != NULL &&
           strcmp(request->method, MHD_HTTP_METHOD_GET) == 0 && head_is_last(request);
}

/* Whoever lets connections in, all senders share the work. */
static bool send_by_any(const struct http_server *server, int socket,
                        const struct sender_answer *answer)
{
    const unsigned count = server->config.threads;

    for (unsigned i = 0; i < count; i++)
        if (sender_send(server->lanes[((unsigned)socket + i) % count].sender, socket, answer))
            return true;
    return false;
}

/* Sends a file on a connection that ends with it. False: the library is to do it. */
static bool hand_over(struct http_request *request, unsigned status, const char *type,
                      const struct http_file *file)
{
    const int socket = request->client->socket;
    struct socket_counters counters = {.acknowledged = 0};
    char head[HEAD_SIZE];
    const size_t length =
        may_hand_over(request) ? head_write(request, status, type, file->length, head) : 0;

    if (length == 0)
        return false;
    socket_limit_send_buffer(socket, file->done != NULL);
    if (request->client->requests > 0)
        socket_count(socket, &counters);
    const struct sender_answer answer = {head, length, counters.acknowledged, *file};
    request->is_handed_over = send_by_any(request->server, socket, &answer);
    if (request->is_handed_over)
        note_answer(request, status);
    return request->is_handed_over;
}

void http_answer_file(struct http_request *request, unsigned status, const char *type,
                      const struct http_file *file)
{
    if (hand_over(request, status, type, file))
        return;
    struct MHD_Response *response =
        MHD_create_response_from_fd_at_offset64(file->length, file->file, file->offset);

    if (response == NULL)
        close(file->file);
    else
        begin_file(request, file);
    if (!queue(request, status, type, response) && response == NULL && file->done != NULL)
        file->done(file->ctx, false);
}

struct http_stream {
    struct http_client *client;
    const struct http_stream_class *class;
    void *ctx;
    pthread_mutex_t lock;
    bool is_waiting; /* suspended until somebody wakes it */
    bool is_woken;   /* since the last read */
};

/* Suspends the stream, unless it was woken since it had nothing. */
static bool wait_for_wake(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    const bool is_waiting = !stream->is_woken;
    if (is_waiting)
        loop_suspend(stream->client->lane->loop, stream->client->connection);
    stream->is_waiting = is_waiting;
    pthread_mutex_unlock(&stream->lock);
    return is_waiting;
}

/* The other end may be silent for as long as there is nothing to say; what there is it has to
 * take. */
static void enter_phase(struct http_stream *stream, enum http_phase phase)
{
    if (stream->client->phase != phase)
        http_enter_phase(stream->client->lane->server, stream->client, phase);
}

static ssize_t read_stream(void *ctx, uint64_t position, char *buffer, size_t size)
{
    struct http_stream *stream = ctx;

    (void)position;
    for (;;) {
        pthread_mutex_lock(&stream->lock);
        stream->is_woken = false;
        pthread_mutex_unlock(&stream->lock);
        const ssize_t length = stream->class->read(stream->ctx, buffer, size);
        if (length < 0)
            return length == HTTP_STREAM_END ? MHD_CONTENT_READER_END_OF_STREAM
                                             : MHD_CONTENT_READER_END_WITH_ERROR;
        enter_phase(stream, length > 0 ? PHASE_TRANSFER : PHASE_SERVER);
        if (length > 0 || wait_for_wake(stream))
            return length;
    }
}

static void end_stream(void *ctx)
{
    struct http_stream *stream = ctx;

    stream->class->end(stream->ctx);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

#define STREAM_BLOCK 4096

struct http_stream *http_answer_stream(struct http_request *request, const char *type,
                                       const struct http_stream_class *class, void *ctx)
{
    struct http_stream *stream = calloc(1, sizeof *stream);

    if (stream == NULL) {
        class->end(ctx);
        return NULL;
    }
    stream->client = request->client;
    stream->class = class;
    stream->ctx = ctx;
    pthread_mutex_init(&stream->lock, NULL);
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, stream, end_stream);
    if (response == NULL)
        end_stream(stream);
    return queue(request, MHD_HTTP_OK, type, response) ? stream : NULL;
}

void http_stream_wake(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->is_woken = true;
    if (stream->is_waiting) {
        stream->is_waiting = false;
        loop_resume(stream->client->lane->loop, stream->client->connection);
    }
    pthread_mutex_unlock(&stream->lock);
}
