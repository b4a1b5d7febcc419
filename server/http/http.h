/* HTTP for the rest of the server: a thin layer that owns sockets, limits and
 * deadlines. Which library does the work shows in http/ alone.
 *
 * A request's life, all on one thread of the server's:
 *   headers()  only for a request with a body: choose what becomes of it, or
 *              refuse it before it is sent
 *   request()  it is there whole: answer it, or suspend it
 * A suspended request is resumed from any thread and goes on where it was told
 * to. It lives until its context is freed, whatever becomes of the connection.
 *
 * Connections that do not send their headers in time, or hardly move a byte
 * while a body or an answer is on its way, are cut.
 */
#ifndef SERVER_HTTP_HTTP_H
#define SERVER_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct certificate;
struct http_proxies;
struct http_server;
struct http_request;
struct http_stream;

struct http_service {
    void (*headers)(void *ctx, struct http_request *request); /* null: bodies are collected */
    void (*request)(void *ctx, struct http_request *request);
    /* May put what the layer itself refuses in a form of its own; null, or nothing
     * answered: as plain text. */
    void (*refused)(void *ctx, struct http_request *request, unsigned status, const char *line);
    /* Told of every answer that is on its way, with the request's mark; null: nobody. */
    void (*answered)(void *ctx, unsigned mark, unsigned status);
};

/* Zeros stand for the defaults. */
struct http_config {
    const char *listen;                 /* "ADDR:PORT", "[ADDR]:PORT"; port 0: any that is free */
    struct certificate *certificate;    /* speaks TLS, with this; null: plain HTTP. Outlives the
                                         * server */
    const char *client_ca;              /* TLS: PEM of those whose certificates clients may show;
                                         * null: none are asked for. Outlives the server */
    const struct http_proxies *proxies; /* null: none. Outlives the server */
    const struct http_service *service;
    void *ctx;
    unsigned threads; /* one for each processor, at most 4 */
    /* 20000, or what the process may open if that is less; each thread has its share. As many
     * files may be on their way beside them. */
    unsigned connection_limit;
    size_t body_limit;      /* bytes of a collected body: 64 KB */
    unsigned header_ms;     /* from connecting to the end of the headers: 10 s */
    unsigned keep_alive_ms; /* from an answer to the next request's headers: 30 s */
    unsigned stall_ms;      /* a transfer must move stall_bytes in this time: 60 s */
    unsigned stall_bytes;   /* 4096 */
};

#define HTTP_ERROR_SIZE   200
#define HTTP_ADDRESS_SIZE 64

/* Listens and serves. Null on failure, with a line in error; *is_usage then says
 * whether the address was at fault. */
struct http_server *http_start(const struct http_config *config, char error[HTTP_ERROR_SIZE],
                               bool *is_usage);

/* "ADDR:PORT" as it is listened on. Lives as long as the server. */
const char *http_listen_address(const struct http_server *server);

unsigned http_connection_count(struct http_server *server);

/* Takes no more connections and waits until those there are have their answers,
 * at most drain_ms; then cuts what is left. Waits for streams that wait to be
 * woken, and for suspended requests to be resumed. */
void http_stop(struct http_server *server, unsigned drain_ms);

/* --- the request --- */

const char *http_method(const struct http_request *request);
const char *http_path(const struct http_request *request); /* decoded, from '/' on */

/* A number of the service's own for answered(); 0 until it is set. */
void http_set_mark(struct http_request *request, unsigned mark);

/* Null when absent; of a query, "" where the name has no value. Names of headers are compared
 * without regard to case. */
const char *http_header(const struct http_request *request, const char *name);
const char *http_query(const struct http_request *request, const char *name);
const char *http_cookie(const struct http_request *request, const char *name);

void http_each_header(const struct http_request *request,
                      void (*visit)(void *ctx, const char *name, const char *value), void *ctx);

/* Did it come over TLS, to here or to a proxy? */
bool http_is_secure(const struct http_request *request);

#define HTTP_CLIENT_NAME_SIZE 65

/* The common name in the certificate that the client showed, proved to have, and that the
 * client_ca vouches for at this time. False when it did not. */
bool http_client_name(const struct http_request *request, char name[HTTP_CLIENT_NAME_SIZE]);

/* The other end, beyond any proxies: IPv6, or IPv4 mapped into it. */
void http_peer(const struct http_request *request, uint8_t address[16]);

/* A collected body; "" and 0 when there is none. */
const char *http_body(const struct http_request *request, size_t *length);

/* One pointer for the request, freed with it. Null before it is set. */
void http_set_context(struct http_request *request, void *context, void (*release)(void *context));
void *http_context(const struct http_request *request);

/* The same for who it is that asks. */
void http_set_caller(struct http_request *request, void *caller, void (*release)(void *caller));
void *http_caller(const struct http_request *request);

/* In headers(): hands the body to `write` piece by piece, instead of collecting
 * it. Beyond `limit` bytes the request is answered 413. After a false from
 * `write` the rest is thrown away; request() is called all the same. */
void http_take_body(struct http_request *request, uint64_t limit,
                    bool (*write)(void *ctx, const void *data, size_t length), void *ctx);

/* Lets the thread serve others until http_resume(). Who is going to do that may answer before,
 * on its own thread, with headers and anything but a file or a stream; else next is called then,
 * which answers or suspends. Call before anyone can resume. */
typedef void http_next(void *ctx, struct http_request *request);
void http_suspend(struct http_request *request, http_next *next, void *ctx);

/* From any thread, once for each suspension; the request may be gone on return. */
void http_resume(struct http_request *request);

/* --- the answer: any number of headers, then one of these --- */

/* A value with control characters in it is left out. */
void http_set_header(struct http_request *request, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void http_answer(struct http_request *request, unsigned status, const char *type, const void *data,
                 size_t length);
/* data lives as long as the server. */
void http_answer_static(struct http_request *request, unsigned status, const char *type,
                        const void *data, size_t length);
/* A line of text; a newline is added. */
void http_answer_line(struct http_request *request, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct http_file {
    int file;        /* descriptor; taken over */
    uint64_t offset; /* of the first byte to send */
    uint64_t length;
    /* Bytes the other end has acknowledged, a few times a second; may count a
     * few hundred bytes of headers, and TLS's own. On a thread of the server's. May be null. */
    void (*progress)(void *ctx, uint64_t sent);
    /* The transfer is over; is_whole: every byte was handed to the network. May
     * be null; else called exactly once. */
    void (*done)(void *ctx, bool is_whole);
    void *ctx;
};
void http_answer_file(struct http_request *request, unsigned status, const char *type,
                      const struct http_file *file);

#define HTTP_STREAM_END    (-1)
#define HTTP_STREAM_BROKEN (-2) /* the connection is cut, so that nobody takes it for the end */

struct http_stream_class {
    /* Puts out what there is. 0: nothing now, wake up later; or one of the above. */
    ssize_t (*read)(void *ctx, char *buffer, size_t size);
    /* The stream is over, and with it the handle. */
    void (*end)(void *ctx);
};
/* Null when it failed; the request is answered all the same and end is called. */
struct http_stream *http_answer_stream(struct http_request *request, const char *type,
                                       const struct http_stream_class *class, void *ctx);
/* There is something to read. From any thread, until end is called. */
void http_stream_wake(struct http_stream *stream);

#endif
