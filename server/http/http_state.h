/* What the files of http/ share. */
#ifndef SERVER_HTTP_HTTP_STATE_H
#define SERVER_HTTP_HTTP_STATE_H

#include "server/http/certificate.h"
#include "server/http/http.h"
#include "server/http/loop.h"
#include "server/http/sender.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum http_phase {
    PHASE_HEADERS,  /* nothing, or part of a request's headers: an absolute deadline */
    PHASE_TRANSFER, /* a body or an answer is on its way: must keep moving */
    PHASE_SERVER,   /* ours to act: no deadline for the other end */
};

/* What serves a part of the connections. */
struct http_lane {
    struct http_server *server;
    unsigned limit; /* of connections, and of files that the sender sends beside them */
    struct loop *loop;
    struct sender *sender; /* null: TLS, which is the library's to speak */
};

/* A connection. In the server's list from accept to close. */
struct http_client {
    struct http_client *next, *previous;
    struct http_lane *lane;
    int socket;
    struct MHD_Connection *connection;
    struct loop_source handshake; /* TLS: what waits for more of it */
    bool has_waited;              /* that was waited for before */
    bool has_spoken;              /* its first bytes are here */
    bool has_finished;            /* its own side of the handshake, and we have ours */
    bool have_finished;
    unsigned requests; /* answered */
    enum http_phase phase;
    int64_t deadline_ms; /* of PHASE_HEADERS */
    int64_t mark_ms;     /* PHASE_TRANSFER: when the mark was set, and at how many */
    uint64_t mark_bytes; /* bytes of both directions */
    bool is_file;        /* an answer from a file: file below is its */
    uint64_t file_start; /* bytes acknowledged before it */
    struct http_file file;
};

#define HTTP_THREADS_MAX 4

struct http_server {
    struct http_config config;
    int listener;
    char address[HTTP_ADDRESS_SIZE];
    struct http_lane lanes[HTTP_THREADS_MAX]; /* config.threads of them */
    gnutls_datum_t tickets;                   /* the key of TLS sessions to be resumed */
    bool is_watched;                          /* there is the thread: */
    pthread_t watch;
    atomic_bool is_draining;
    pthread_mutex_t lock; /* of the following, and of every client */
    pthread_cond_t wake;  /* the watch is to end */
    bool is_ending;
    bool is_cut; /* all sockets are shut down, also of who is still let in */
    struct http_client *clients;
    struct http_client *watched; /* the next to be looked at in this round */
};

struct http_field {
    char *name; /* one allocation with value */
    char *value;
};

#define HTTP_FIELDS_MAX 16

struct http_request {
    struct http_server *server;
    struct http_client *client;
    struct MHD_Connection *connection;
    const char *method;
    const char *path; /* the library's, as method and version are */
    const char *version;
    unsigned mark;
    void *context;
    void (*release)(void *context);
    void *caller;
    void (*release_caller)(void *caller);
    http_next *next; /* not null: suspended */
    void *next_ctx;
    bool is_suspended;         /* until the loop goes on with it; an answer is kept till then: */
    struct MHD_Response *kept; /* null: none */
    unsigned kept_status;
    const char *kept_type;
    bool is_answered;
    bool is_handed_over; /* a sender has the connection: the library is to forget it */
    bool is_too_large;

    bool (*write)(void *ctx, const void *data, size_t length); /* null: collect */
    void *write_ctx;
    bool is_refused; /* by write */
    uint64_t body_limit;
    uint64_t body_length; /* bytes so far, at most the limit */
    uint64_t passed_over; /* bytes behind those, once it is too large */
    char *body;

    struct http_field fields[HTTP_FIELDS_MAX];
    unsigned field_count;
};

/* The library's callback for a connection that begins or ends, of a lane. */
void http_note_connection(void *lane, struct MHD_Connection *connection, void **client,
                          enum MHD_ConnectionNotificationCode code);

/* Moves a client on; from its own thread. */
void http_enter_phase(struct http_server *server, struct http_client *client,
                      enum http_phase phase);

/* The watch: deadlines, stalled transfers, progress. */
void *http_watch(void *server);

/* Answers with what was kept. */
void http_answer_kept(struct http_request *request);

/* The library's callback for every step of a request. */
enum MHD_Result http_step(void *server, struct MHD_Connection *connection, const char *url,
                          const char *method, const char *version, const char *data,
                          size_t *data_size, void **request);

/* The library's callback for a request that is over. */
void http_note_completed(void *server, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code);

/* The library is done with the request. */
void http_request_free(struct http_request *request);

#endif
