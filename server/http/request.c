#include "server/http/http_state.h"
#include "server/http/proxies.h"
#include "server/http/tls.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *http_method(const struct http_request *request)
{
    return request->method;
}

const char *http_path(const struct http_request *request)
{
    return request->path;
}

void http_set_mark(struct http_request *request, unsigned mark)
{
    request->mark = mark;
}

const char *http_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *http_query(const struct http_request *request, const char *name)
{
    const char *value = NULL;
    size_t length;

    if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name,
                                      strlen(name), &value, &length) == MHD_NO)
        return NULL;
    return value != NULL ? value : "";
}

const char *http_cookie(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name);
}

struct visit {
    void (*visit)(void *ctx, const char *name, const char *value);
    void *ctx;
};

static enum MHD_Result visit_one(void *ctx, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    const struct visit *visit = ctx;

    (void)kind;
    visit->visit(visit->ctx, name, value != NULL ? value : "");
    return MHD_YES;
}

void http_each_header(const struct http_request *request,
                      void (*visit)(void *ctx, const char *name, const char *value), void *ctx)
{
    struct visit each = {visit, ctx};

    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, visit_one, &each);
}

bool http_client_name(const struct http_request *request, char name[HTTP_CLIENT_NAME_SIZE])
{
    return request->server->config.client_ca != NULL && tls_client_name(request->connection, name);
}

static void connected_address(const struct http_request *request, uint8_t address[16])
{
    const struct sockaddr *peer =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
            ->client_addr;

    memset(address, 0, 16);
    if (peer->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, peer, sizeof in6);
        memcpy(address, &in6.sin6_addr, 16);
    } else if (peer->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, peer, sizeof in);
        address[10] = address[11] = 0xff;
        memcpy(address + 12, &in.sin_addr, 4);
    }
}

struct forwarded {
    const char *name;
    const char *value; /* null: there is no such header */
};

/* Of several the last: those before it may be from whoever asks. */
static void take_last(void *ctx, const char *name, const char *value)
{
    struct forwarded *forwarded = ctx;

    if (strcasecmp(name, forwarded->name) == 0)
        forwarded->value = value;
}

/* What the proxy at the other end says in that header; null: nothing, or it is no proxy. */
static const char *proxy_says(const struct http_request *request, const char *name)
{
    const struct http_proxies *proxies = request->server->config.proxies;
    struct forwarded forwarded = {name, NULL};
    uint8_t address[16];

    if (proxies == NULL)
        return NULL;
    connected_address(request, address);
    if (http_proxies_have(proxies, address))
        http_each_header(request, take_last, &forwarded);
    return forwarded.value;
}

bool http_is_secure(const struct http_request *request)
{
    const char *protocol = proxy_says(request, "X-Forwarded-Proto");

    return protocol != NULL ? strcasecmp(protocol, "https") == 0
                            : request->server->config.certificate != NULL;
}

void http_peer(const struct http_request *request, uint8_t address[16])
{
    const char *forwarded = proxy_says(request, "X-Forwarded-For");

    connected_address(request, address);
    if (forwarded != NULL)
        http_proxies_trace(request->server->config.proxies, forwarded, address);
}

const char *http_body(const struct http_request *request, size_t *length)
{
    *length = request->body != NULL ? (size_t)request->body_length : 0;
    return request->body != NULL ? request->body : "";
}

void http_set_context(struct http_request *request, void *context, void (*release)(void *context))
{
    request->context = context;
    request->release = release;
}

void *http_context(const struct http_request *request)
{
    return request->context;
}

void http_set_caller(struct http_request *request, void *caller, void (*release)(void *caller))
{
    if (request->release_caller != NULL)
        request->release_caller(request->caller);
    request->caller = caller;
    request->release_caller = release;
}

void *http_caller(const struct http_request *request)
{
    return request->caller;
}

void http_take_body(struct http_request *request, uint64_t limit,
                    bool (*write)(void *ctx, const void *data, size_t length), void *ctx)
{
    request->body_limit = limit;
    request->write = write;
    request->write_ctx = ctx;
}

void http_suspend(struct http_request *request, http_next *next, void *ctx)
{
    request->next = next;
    request->next_ctx = ctx;
    request->is_suspended = true;
    http_enter_phase(request->server, request->client, PHASE_SERVER);
    loop_suspend(request->client->lane->loop, request->connection);
}

void http_resume(struct http_request *request)
{
    loop_resume(request->client->lane->loop, request->connection);
}

void http_request_free(struct http_request *request)
{
    if (request->release != NULL)
        request->release(request->context);
    if (request->release_caller != NULL)
        request->release_caller(request->caller);
    for (unsigned i = 0; i < request->field_count; i++)
        free(request->fields[i].name);
    if (request->kept != NULL)
        MHD_destroy_response(request->kept);
    free(request->body);
    free(request);
}

static struct http_request *new_request(struct http_server *server,
                                        struct MHD_Connection *connection, const char *method,
                                        const char *path, const char *version)
{
    struct http_client *client =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct http_request *request = client != NULL ? calloc(1, sizeof *request) : NULL;

    if (request == NULL)
        return NULL;
    request->server = server;
    request->client = client;
    request->connection = connection;
    request->method = method;
    request->path = path;
    request->version = version;
    request->body_limit = server->config.body_limit;
    return request;
}

static void refuse(struct http_request *request, unsigned status, const char *line)
{
    const struct http_config *config = &request->server->config;

    if (config->service->refused != NULL)
        config->service->refused(config->ctx, request, status, line);
    if (!request->is_answered)
        http_answer_line(request, status, "%s", line);
}

static void answer_too_large(struct http_request *request)
{
    char line[80];

    snprintf(line, sizeof line, "the body is larger than %llu bytes",
             (unsigned long long)request->body_limit);
    refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, line);
}

/* A body is announced: lets the service choose what becomes of it. */
static void begin_body(struct http_request *request)
{
    const struct http_config *config = &request->server->config;
    const char *length = http_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

    if (config->service->headers != NULL)
        config->service->headers(config->ctx, request);
    if (!request->is_answered && length != NULL && strtoull(length, NULL, 10) > request->body_limit)
        answer_too_large(request);
}

static bool has_body(const struct http_request *request)
{
    const char *length = http_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return (length != NULL && strtoull(length, NULL, 10) > 0) ||
           http_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

static enum MHD_Result begin(struct http_server *server, struct MHD_Connection *connection,
                             const char *method, const char *path, const char *version,
                             void **context)
{
    struct http_request *request = new_request(server, connection, method, path, version);

    if (request == NULL)
        return MHD_NO;
    *context = request;
    http_enter_phase(server, request->client, PHASE_TRANSFER);
    if (atomic_load(&server->is_draining)) {
        http_set_header(request, MHD_HTTP_HEADER_RETRY_AFTER, "10");
        http_set_header(request, MHD_HTTP_HEADER_CONNECTION, "close");
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is shutting down");
    } else if (has_body(request)) {
        begin_body(request);
    }
    return MHD_YES;
}

static bool collect(struct http_request *request, const char *data, size_t length)
{
    char *body = realloc(request->body, request->body_length + length + 1);

    if (body == NULL)
        return false;
    memcpy(body + request->body_length, data, length);
    body[request->body_length + length] = '\0';
    request->body = body;
    return true;
}

/* Takes a piece of the body. False: the connection is to be cut. */
static bool take(struct http_request *request, const char *data, size_t length)
{
    if (length > request->body_limit - request->body_length)
        request->is_too_large = true;
    if (request->is_too_large) {
        /* The library takes no answer in the middle of a body: as much again is
         * read for the sake of the answer, but not without end. */
        request->passed_over += length;
        return request->body_length + request->passed_over < 2 * request->body_limit;
    }
    if (request->write == NULL) {
        if (!collect(request, data, length))
            return false;
    } else if (!request->is_refused) {
        request->is_refused = !request->write(request->write_ctx, data, length);
    }
    request->body_length += length;
    return true;
}

static void go_on(struct http_request *request)
{
    const struct http_config *config = &request->server->config;
    http_next *next = request->next;

    request->next = NULL;
    request->is_suspended = false;
    if (next != NULL)
        http_enter_phase(request->server, request->client, PHASE_TRANSFER);
    if (request->kept != NULL) {
        http_answer_kept(request);
    } else if (next != NULL) {
        next(request->next_ctx, request);
    } else if (request->is_too_large) {
        answer_too_large(request);
    } else {
        config->service->request(config->ctx, request);
    }
    if (!request->is_answered && request->next == NULL)
        http_answer_line(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "the server has no answer");
}

enum MHD_Result http_step(void *ctx, struct MHD_Connection *connection, const char *url,
                          const char *method, const char *version, const char *data,
                          size_t *data_size, void **context)
{
    struct http_request *request = *context;

    if (request == NULL)
        return begin(ctx, connection, method, url, version, context);
    if (request->is_answered)
        return MHD_YES;
    if (*data_size > 0) {
        const size_t length = *data_size;
        *data_size = 0;
        return take(request, data, length) ? MHD_YES : MHD_NO;
    }
    go_on(request);
    if (request->is_handed_over)
        return MHD_NO;
    return request->is_answered || request->next != NULL ? MHD_YES : MHD_NO;
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

void http_note_completed(void *ctx, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct http_server *server = ctx;
    struct http_request *request = *context;

    (void)connection;
    if (request == NULL)
        return;
    struct http_client *client = request->client;
    /* Nobody is to shut a socket down that a sender has. */
    const enum http_phase next = request->is_handed_over ? PHASE_SERVER : PHASE_HEADERS;
    end_file(server, client, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    http_request_free(request);
    *context = NULL;
    pthread_mutex_lock(&server->lock);
    client->requests++;
    pthread_mutex_unlock(&server->lock);
    http_enter_phase(server, client, next);
}
