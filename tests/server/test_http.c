/* The HTTP layer over loopback, with sockets that behave badly on purpose. */
#include "folder.h"
#include "server/http/http.h"
#include "server/model/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define FILE_SIZE      (400 * 1024)
#define BODY_LIMIT     1000
#define PATIENCE_MS    60000 /* that nothing takes, on a busy machine either */
#define ENDLESS_CHUNKS 100u  /* in a piece, of half the limit each */
#define ENDLESS_SENDS  600u  /* of such pieces, 30 MB: more than buffers hold */

/* --- a service that shows everything the layer can do --- */

struct fixture {
    struct http_server *server;
    char folder[FOLDER_PATH_SIZE];
    char file[FOLDER_PATH_SIZE];
    int port;
    atomic_uint done_whole, done_cut, freed;
    atomic_ullong progress; /* highest seen */
    uint64_t taken;         /* bytes of a streamed body */
    pthread_t resumer;
    atomic_uint waits; /* requests that were suspended */
    struct http_request *waiting;
    struct http_stream *stream; /* under lock */
    atomic_uint stream_ended;
    atomic_int to_stream; /* messages not yet read; negative: the end */
    pthread_mutex_t lock;
};

static unsigned char byte_at(size_t offset)
{
    return (unsigned char)(offset * 31 + offset / 997);
}

static void note_progress(void *ctx, uint64_t sent)
{
    struct fixture *fixture = ctx;

    if (sent > atomic_load(&fixture->progress))
        atomic_store(&fixture->progress, sent);
}

static void note_done(void *ctx, bool is_whole)
{
    struct fixture *fixture = ctx;

    atomic_fetch_add(is_whole ? &fixture->done_whole : &fixture->done_cut, 1);
}

static void answer_file(struct fixture *fixture, struct http_request *request)
{
    const char *from = http_query(request, "from");
    const uint64_t offset = from != NULL ? strtoull(from, NULL, 10) : 0;
    const struct http_file file = {.file = open(fixture->file, O_RDONLY),
                                   .offset = offset,
                                   .length = FILE_SIZE - offset,
                                   .progress = note_progress,
                                   .done = note_done,
                                   .ctx = fixture};

    http_answer_file(request, 200, "application/octet-stream", &file);
}

static void answer_echo(struct http_request *request)
{
    size_t length;
    const char *body = http_body(request, &length), *name = http_query(request, "name");
    uint8_t peer[16];

    http_peer(request, peer);
    http_set_header(request, "X-Name", "%s", name != NULL ? name : "none");
    http_set_header(request, "X-Bad", "a\r\nInjected: yes");
    http_set_header(request, "X-Peer", "%u.%u.%u.%u", peer[12], peer[13], peer[14], peer[15]);
    http_answer(request, 200, "text/plain", body, length);
}

static void go_on(void *ctx, struct http_request *request)
{
    (void)ctx;
    http_answer_line(request, 200, "resumed");
}

static void *resume_later(void *ctx)
{
    struct fixture *fixture = ctx;

    usleep(200000);
    http_resume(fixture->waiting);
    return NULL;
}

/* Whose next is not called. */
static void *answer_elsewhere(void *ctx)
{
    struct fixture *fixture = ctx;

    usleep(200000);
    http_set_header(fixture->waiting, "X-First", "1");
    http_answer_line(fixture->waiting, 500, "not this one");
    http_set_header(fixture->waiting, "X-Second", "2");
    http_answer(fixture->waiting, 201, "text/x-elsewhere", "from elsewhere\n", 15);
    http_resume(fixture->waiting);
    return NULL;
}

static void free_context(void *context)
{
    atomic_fetch_add(&((struct fixture *)context)->freed, 1);
}

static void suspend(struct fixture *fixture, struct http_request *request,
                    void *(*then)(void *fixture))
{
    fixture->waiting = request;
    http_set_context(request, fixture, free_context);
    http_suspend(request, go_on, NULL);
    pthread_create(&fixture->resumer, NULL, then, fixture);
    atomic_fetch_add(&fixture->waits, 1);
}

#define ENDLESS INT_MAX

static ssize_t read_stream(void *ctx, char *buffer, size_t size)
{
    struct fixture *fixture = ctx;
    const int left = atomic_load(&fixture->to_stream);

    if (left < 0)
        return -1;
    if (left == ENDLESS) {
        memset(buffer, 'm', size);
        return (ssize_t)size;
    }
    if (left == 0 || size < 2)
        return 0;
    atomic_fetch_sub(&fixture->to_stream, 1);
    memcpy(buffer, "m\n", 2);
    return 2;
}

static void end_stream(void *ctx)
{
    struct fixture *fixture = ctx;

    pthread_mutex_lock(&fixture->lock);
    fixture->stream = NULL;
    pthread_mutex_unlock(&fixture->lock);
    atomic_fetch_add(&fixture->stream_ended, 1);
}

static void start_stream(struct fixture *fixture, struct http_request *request)
{
    static const struct http_stream_class class = {read_stream, end_stream};

    pthread_mutex_lock(&fixture->lock);
    fixture->stream = http_answer_stream(request, "text/event-stream", &class, fixture);
    pthread_mutex_unlock(&fixture->lock);
}

static bool take_piece(void *ctx, const void *data, size_t length)
{
    struct fixture *fixture = ctx;

    (void)data;
    fixture->taken += length;
    return fixture->taken < 5000000;
}

static void take_headers(void *ctx, struct http_request *request)
{
    if (strcmp(http_path(request), "/take") == 0)
        http_take_body(request, 10000000, take_piece, ctx);
    else if (strcmp(http_path(request), "/refuse") == 0)
        http_answer_line(request, 401, "not you");
}

static void take_request(void *ctx, struct http_request *request)
{
    struct fixture *fixture = ctx;
    const char *path = http_path(request);

    if (strcmp(path, "/file") == 0)
        answer_file(fixture, request);
    else if (strcmp(path, "/echo") == 0)
        answer_echo(request);
    else if (strcmp(path, "/wait") == 0)
        suspend(fixture, request, resume_later);
    else if (strcmp(path, "/elsewhere") == 0)
        suspend(fixture, request, answer_elsewhere);
    else if (strcmp(path, "/stream") == 0)
        start_stream(fixture, request);
    else if (strcmp(path, "/take") == 0)
        http_answer_line(request, 200, "%llu", (unsigned long long)fixture->taken);
    else if (strcmp(path, "/thread") == 0)
        http_answer_line(request, 200, "%d", (int)gettid());
    else if (strcmp(path, "/304") == 0)
        http_answer(request, 304, NULL, "", 0);
    /* anything else: no answer */
}

static const struct http_service service = {take_headers, take_request};

static void start(struct fixture *fixture, const struct http_config *config)
{
    char error[HTTP_ERROR_SIZE];
    bool is_usage;

    fixture->server = http_start(config, error, &is_usage);
    assert_non_null(fixture->server);
    fixture->port = atoi(strrchr(http_listen_address(fixture->server), ':') + 1);
}

static void start_anew(struct fixture *fixture, const struct http_config *config)
{
    http_stop(fixture->server, 1000);
    start(fixture, config);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    const struct http_config config = {.listen = "127.0.0.1:0",
                                       .service = &service,
                                       .ctx = fixture,
                                       .threads = 2,
                                       .body_limit = BODY_LIMIT,
                                       .header_ms = PATIENCE_MS,
                                       .keep_alive_ms = PATIENCE_MS,
                                       .stall_ms = PATIENCE_MS,
                                       .stall_bytes = 500};

    folder_join(fixture->file, folder_make(fixture->folder), "file");
    FILE *file = fopen(fixture->file, "wb");
    for (size_t i = 0; i < FILE_SIZE; i++)
        fputc(byte_at(i), file);
    fclose(file);
    pthread_mutex_init(&fixture->lock, NULL);
    start(fixture, &config);
    *state = fixture;
    return 0;
}

#define STALL_MS 2000

/* A server that does not wait for those who do not hurry. */
static void start_impatient(struct fixture *fixture)
{
    const struct http_config config = {.listen = "127.0.0.1:0",
                                       .service = &service,
                                       .ctx = fixture,
                                       .threads = 2,
                                       .header_ms = 700,
                                       .keep_alive_ms = 1500,
                                       .stall_ms = STALL_MS,
                                       .stall_bytes = 500};

    start_anew(fixture, &config);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->server != NULL)
        http_stop(fixture->server, 1000);
    folder_remove(fixture->folder);
    pthread_mutex_destroy(&fixture->lock);
    free(fixture);
    return 0;
}

/* --- a client --- */

static int try_connect(const struct fixture *fixture)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)fixture->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(client, (const struct sockaddr *)&address, sizeof address) == 0)
        return client;
    close(client);
    return -1;
}

static int open_client(const struct fixture *fixture)
{
    const int client = try_connect(fixture);

    assert_true(client >= 0);
    return client;
}

static void send_text(int client, const char *text)
{
    assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads for at most so long, or until the end, or `size - 1` bytes. */
static size_t receive(int client, char *buffer, size_t size, int timeout_ms)
{
    struct pollfd poll_client = {.fd = client, .events = POLLIN};
    size_t length = 0;

    while (length < size - 1 && poll(&poll_client, 1, timeout_ms) == 1) {
        const ssize_t got = recv(client, buffer + length, size - 1 - length, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    buffer[length] = '\0';
    return length;
}

/* Reads until it has this text; more may have come. */
static size_t receive_until(int client, char *buffer, size_t size, const char *text)
{
    size_t length = 0, got = 1;

    buffer[0] = '\0';
    while (got > 0 && strstr(buffer, text) == NULL) {
        got = receive(client, buffer + length, length + 2 < size ? 2 : 1, PATIENCE_MS);
        length += got;
    }
    assert_non_null(strstr(buffer, text));
    return length;
}

/* The head, and so many bytes after it. */
static size_t receive_with_head(int client, char *buffer, size_t size, size_t bytes)
{
    const size_t head = receive_until(client, buffer, size, "\r\n\r\n");

    assert_true(bytes < size - head);
    return head + receive(client, buffer + head, bytes + 1, PATIENCE_MS);
}

/* One request on a connection of its own, HTTP/1.0 as an ESP8266 speaks it. */
static const char *ask(const struct fixture *fixture, const char *request, char *buffer,
                       size_t size)
{
    const int client = open_client(fixture);

    send_text(client, request);
    receive(client, buffer, size, PATIENCE_MS);
    close(client);
    return buffer;
}

/* Milliseconds until the other end closes, at most limit_ms. */
static int64_t time_to_close(int client, int64_t limit_ms)
{
    const int64_t start = clock_monotonic_ms();
    char byte;

    for (;;) {
        struct pollfd poll_client = {.fd = client, .events = POLLIN};
        const int64_t left = limit_ms - (clock_monotonic_ms() - start);
        if (left <= 0 || poll(&poll_client, 1, (int)left) != 1)
            return limit_ms;
        if (recv(client, &byte, 1, 0) <= 0)
            return clock_monotonic_ms() - start;
    }
}

static void expect_file(const char *answer, size_t length, size_t offset)
{
    const char *body = strstr(answer, "\r\n\r\n");

    assert_non_null(body);
    body += 4;
    assert_int_equal(length - (size_t)(body - answer), FILE_SIZE - offset);
    for (size_t i = offset; i < FILE_SIZE; i++)
        if ((unsigned char)body[i - offset] != byte_at(i))
            fail_msg("byte %zu differs", i);
}

/* Waits until a counter has a value; false when patience is at an end. */
static bool reaches(atomic_uint *counter, unsigned value)
{
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (atomic_load(counter) != value && clock_monotonic_ms() < until_ms)
        usleep(10000);
    return atomic_load(counter) == value;
}

/* Waits until something of a file has arrived at the other end's kernel. */
static void is_under_way(struct fixture *fixture)
{
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (atomic_load(&fixture->progress) == 0 && clock_monotonic_ms() < until_ms)
        usleep(10000);
    assert_true(atomic_load(&fixture->progress) > 0);
}

/* --- requests and answers --- */

static void headers_queries_and_bodies(void **state)
{
    struct fixture *fixture = *state;
    char answer[2000];

    ask(fixture, "POST /echo?name=a%20b HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", answer,
        sizeof answer);
    assert_non_null(strstr(answer, " 200 OK\r\n"));
    assert_non_null(strstr(answer, "X-Name: a b\r\n"));
    assert_non_null(strstr(answer, "X-Peer: 127.0.0.1\r\n"));
    assert_null(strstr(answer, "Injected"));
    assert_non_null(strstr(answer, "\r\n\r\nhello"));
}

static void a_request_without_an_answer_is_an_error(void **state)
{
    char answer[1000];

    ask(*state, "GET /nothing HTTP/1.0\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 500 "));
}

static void several_requests_on_one_connection(void **state)
{
    struct fixture *fixture = *state;
    const int client = open_client(fixture);
    char answer[1000];

    for (int i = 0; i < 3; i++) {
        send_text(client, "GET /304 HTTP/1.1\r\nHost: x\r\n\r\n");
        receive_until(client, answer, sizeof answer, "\r\n\r\n");
        assert_non_null(strstr(answer, " 304 "));
    }
    close(client);
}

static void bodies_have_a_limit(void **state)
{
    struct fixture *fixture = *state;
    char request[4000], answer[1000];
    int client;

    snprintf(request, sizeof request, "POST /echo HTTP/1.0\r\nContent-Length: %d\r\n\r\n%0*d",
             BODY_LIMIT, BODY_LIMIT, 0);
    assert_non_null(strstr(ask(fixture, request, answer, sizeof answer), " 200 "));
    client = open_client(fixture); /* refused before it is sent */
    send_text(client, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                      "Content-Length: 1001\r\n\r\n");
    receive_until(client, answer, sizeof answer, " 413 ");
    close(client);
    snprintf(request, sizeof request,
             "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
             "\r\n4b0\r\n%01200d\r\n0\r\n\r\n",
             0);
    assert_non_null(strstr(ask(fixture, request, answer, sizeof answer), " 413 "));
    assert_non_null(strstr(answer, "larger than 1000 bytes"));
}

/* Who does not say how long it is, and does not stop, is cut off. */
static void a_body_without_end_is_not_read_to_its_end(void **state)
{
    struct fixture *fixture = *state;
    const int client = open_client(fixture);
    char chunks[ENDLESS_CHUNKS * 520] = "";
    size_t length = 0;
    unsigned sent = 0;

    for (unsigned i = 0; i < ENDLESS_CHUNKS; i++)
        length += (size_t)sprintf(chunks + length, "1f4\r\n%0500d\r\n", 0);
    send_text(client, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (sent < ENDLESS_SENDS && send(client, chunks, length, MSG_NOSIGNAL) > 0)
        sent++;
    close(client);
    assert_true(sent < ENDLESS_SENDS);
}

static void a_body_may_be_refused_unseen(void **state)
{
    char answer[1000];

    ask(*state, "POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n", answer,
        sizeof answer);
    assert_non_null(strstr(answer, " 401 "));
}

static void a_body_may_be_taken_as_it_comes(void **state)
{
    struct fixture *fixture = *state;
    char *request = malloc(6000100), answer[1000];

    int length = sprintf(request, "POST /take HTTP/1.0\r\nContent-Length: 3000000\r\n\r\n");
    memset(request + length, 'x', 3000000);
    request[length + 3000000] = '\0';
    assert_non_null(strstr(ask(fixture, request, answer, sizeof answer), "\n3000000\n"));
    length = sprintf(request, "POST /take HTTP/1.0\r\nContent-Length: 6000000\r\n\r\n");
    memset(request + length, 'x', 6000000);
    request[length + 6000000] = '\0';
    fixture->taken = 0; /* refused on the way, answered all the same */
    assert_non_null(strstr(ask(fixture, request, answer, sizeof answer), " 200 "));
    assert_true(fixture->taken >= 5000000 && fixture->taken < 6000000);
    free(request);
}

/* --- files --- */

static void a_file_whole_and_in_part(void **state)
{
    struct fixture *fixture = *state;
    char *answer = malloc(FILE_SIZE + 2000);
    int client = open_client(fixture);

    send_text(client, "GET /file HTTP/1.0\r\n\r\n");
    size_t length = receive(client, answer, FILE_SIZE + 2000, PATIENCE_MS);
    close(client);
    expect_file(answer, length, 0);
    client = open_client(fixture);
    send_text(client, "GET /file?from=399000 HTTP/1.0\r\n\r\n");
    length = receive(client, answer, FILE_SIZE + 2000, PATIENCE_MS);
    close(client);
    expect_file(answer, length, 399000);
    assert_true(reaches(&fixture->done_whole, 2));
    assert_int_equal(fixture->done_cut, 0);
    free(answer);
}

/* The head with the file's first bytes: a radio is not to be woken twice. */
static void a_small_file_comes_in_one_segment(void **state)
{
    struct fixture *fixture = *state;
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t size = sizeof info;
    char answer[2000];
    bool is_one = false;

    /* Where the server is kept from going on for 200 ms, the kernel sends what it has. */
    for (unsigned tries = 0; tries < 5 && !is_one; tries++) {
        const int client = open_client(fixture);
        send_text(client, "GET /file?from=409000 HTTP/1.0\r\n\r\n");
        expect_file(answer, receive(client, answer, sizeof answer, PATIENCE_MS), 409000);
        assert_int_equal(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
        is_one = info.tcpi_data_segs_in == 1;
        close(client);
    }
    assert_true(is_one);
}

/* On a kept connection it is the library that sends; on one that ends, a sender. */
static void files_come_on_kept_connections_too(void **state)
{
    struct fixture *fixture = *state;
    char *answer = malloc(FILE_SIZE + 2000);
    const int client = open_client(fixture);

    send_text(client, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
    size_t length = receive_with_head(client, answer, FILE_SIZE + 2000, FILE_SIZE);
    assert_null(strstr(answer, "Connection: close"));
    expect_file(answer, length, 0);
    send_text(client, "GET /304 HTTP/1.1\r\nHost: x\r\n\r\n");
    receive_until(client, answer, 1000, "\r\n\r\n");
    assert_non_null(strstr(answer, " 304 "));
    send_text(client, "GET /file?from=1000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    length = receive(client, answer, FILE_SIZE + 2000, PATIENCE_MS);
    assert_non_null(strstr(answer, "Connection: close\r\n"));
    assert_non_null(strstr(answer, " GMT\r\n"));
    expect_file(answer, length, 1000);
    assert_true(reaches(&fixture->done_whole, 2));
    close(client);
    free(answer);
}

static void a_head_is_sent_without_the_file(void **state)
{
    char *answer = malloc(FILE_SIZE + 2000);
    const size_t length =
        strlen(ask(*state, "HEAD /file HTTP/1.0\r\n\r\n", answer, FILE_SIZE + 2000));

    assert_non_null(strstr(answer, "Content-Length: 409600\r\n"));
    assert_string_equal(answer + length - 4, "\r\n\r\n");
    free(answer);
}

static void who_leaves_early_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    const int client = open_client(fixture);
    char answer[1000];

    send_text(client, "GET /file HTTP/1.0\r\n\r\n");
    receive(client, answer, sizeof answer, PATIENCE_MS);
    close(client);
    assert_true(reaches(&fixture->done_cut, 1));
    assert_int_equal(fixture->done_whole, 0);
}

static void progress_is_what_has_arrived(void **state)
{
    struct fixture *fixture = *state;
    const int size = 4096, client = open_client(fixture);
    char *answer = malloc(FILE_SIZE + 2000);

    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    send_text(client, "GET /file HTTP/1.0\r\n\r\n");
    is_under_way(fixture);
    usleep(600000); /* nothing is read: only what the two kernels hold has moved */
    assert_true(atomic_load(&fixture->progress) < 150 * 1024);
    assert_int_equal(fixture->done_whole, 0);
    const size_t length = receive(client, answer, FILE_SIZE + 2000, PATIENCE_MS);
    expect_file(answer, length, 0);
    assert_true(reaches(&fixture->done_whole, 1));
    close(client);
    free(answer);
}

/* --- suspending --- */

static void a_suspended_request_goes_on(void **state)
{
    struct fixture *fixture = *state;
    char answer[1000];

    assert_non_null(
        strstr(ask(fixture, "GET /wait HTTP/1.0\r\n\r\n", answer, sizeof answer), "resumed\n"));
    pthread_join(fixture->resumer, NULL);
    assert_true(reaches(&fixture->freed, 1));
}

static void a_suspended_request_is_answered_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    char answer[1000];

    ask(fixture, "GET /elsewhere HTTP/1.0\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 201 "));
    assert_non_null(strstr(answer, "X-First: 1\r\n"));
    assert_non_null(strstr(answer, "X-Second: 2\r\n"));
    assert_non_null(strstr(answer, "Content-Type: text/x-elsewhere\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\nfrom elsewhere\n"));
    assert_null(strstr(answer, "not this one"));
    pthread_join(fixture->resumer, NULL);
    assert_true(reaches(&fixture->freed, 1));
}

static void leave_while_suspended(struct fixture *fixture, const char *request)
{
    const int client = open_client(fixture);
    char answer[1000];

    send_text(client, request);
    assert_true(reaches(&fixture->waits, 1));
    close(client);
    assert_true(reaches(&fixture->freed, 1));
    pthread_join(fixture->resumer, NULL);
    assert_non_null(
        strstr(ask(fixture, "GET /304 HTTP/1.0\r\n\r\n", answer, sizeof answer), " 304 "));
}

static void who_leaves_while_suspended_does_no_harm(void **state)
{
    leave_while_suspended(*state, "GET /wait HTTP/1.0\r\n\r\n");
}

static void who_leaves_before_an_answer_from_elsewhere_does_no_harm(void **state)
{
    leave_while_suspended(*state, "GET /elsewhere HTTP/1.0\r\n\r\n");
}

static void wake(struct fixture *fixture, int messages)
{
    atomic_fetch_add(&fixture->to_stream, messages);
    pthread_mutex_lock(&fixture->lock);
    if (fixture->stream != NULL)
        http_stream_wake(fixture->stream);
    pthread_mutex_unlock(&fixture->lock);
}

#define MESSAGES 1000

static void a_stream_flows_when_woken(void **state)
{
    struct fixture *fixture = *state;
    start_impatient(fixture);
    const int client = open_client(fixture);
    char answer[10000];

    send_text(client, "GET /stream HTTP/1.0\r\n\r\n");
    receive_until(client, answer, sizeof answer, "\r\n\r\n");
    for (int i = 0; i < MESSAGES; i++)
        wake(fixture, 1);
    assert_int_equal(receive(client, answer, 2 * MESSAGES + 1, PATIENCE_MS), 2 * MESSAGES);
    for (size_t i = 0; i < MESSAGES; i++)
        assert_memory_equal(answer + 2 * i, "m\n", 2);
    usleep((STALL_MS + 500) * 1000); /* silence is no stall */
    wake(fixture, 1);
    assert_int_equal(receive(client, answer, 3, PATIENCE_MS), 2);
    atomic_store(&fixture->to_stream, -1);
    wake(fixture, 0);
    assert_true(reaches(&fixture->stream_ended, 1));
    close(client);
}

/* Who has all there is may be silent, but not who does not take it. */
static void a_stalled_stream_is_cut(void **state)
{
    struct fixture *fixture = *state;

    start_impatient(fixture);
    atomic_store(&fixture->to_stream, ENDLESS);
    const int client = open_client(fixture);
    send_text(client, "GET /stream HTTP/1.0\r\n\r\n");
    assert_true(reaches(&fixture->stream_ended, 1));
    close(client);
}

static void a_stream_ends_with_its_reader(void **state)
{
    struct fixture *fixture = *state;
    const int client = open_client(fixture);

    send_text(client, "GET /stream HTTP/1.0\r\n\r\n");
    usleep(100000);
    close(client);
    for (int i = 0; i < 3000 && atomic_load(&fixture->stream_ended) == 0; i++) {
        wake(fixture, 1); /* nobody knows before something is sent */
        usleep(20000);
    }
    assert_int_equal(fixture->stream_ended, 1);
}

/* --- those who do not hurry --- */

static void headers_have_an_absolute_deadline(void **state)
{
    struct fixture *fixture = *state;
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    bool is_open = true;

    start_impatient(fixture);
    const int client = open_client(fixture);
    (void)!send(client, "GET /304 HTTP/1.0\r\nX: ", 22, MSG_NOSIGNAL);
    while (is_open && clock_monotonic_ms() < until_ms) {
        usleep(50000);
        is_open = send(client, "x", 1, MSG_NOSIGNAL) == 1 && time_to_close(client, 10) >= 10;
    }
    assert_false(is_open);
    close(client);
}

static void who_says_nothing_is_cut_too(void **state)
{
    struct fixture *fixture = *state;

    start_impatient(fixture);
    const int client = open_client(fixture);
    assert_true(time_to_close(client, PATIENCE_MS) < PATIENCE_MS);
    close(client);
}

static void who_has_been_answered_may_stay_for_a_while(void **state)
{
    static const char request[] = "GET /304 HTTP/1.1\r\nHost: x\r\n\r\n";
    struct fixture *fixture = *state;

    start_impatient(fixture);
    const int client = open_client(fixture);
    (void)!send(client, request, strlen(request), MSG_NOSIGNAL);
    assert_true(time_to_close(client, PATIENCE_MS) < PATIENCE_MS);
    close(client);
}

static void a_stalled_download_is_cut(void **state)
{
    struct fixture *fixture = *state;
    const int size = 4096;

    start_impatient(fixture);
    const int client = open_client(fixture);
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    send_text(client, "GET /file HTTP/1.0\r\n\r\n");
    assert_true(reaches(&fixture->done_cut, 1));
    close(client);
}

static void a_stalled_upload_is_cut(void **state)
{
    struct fixture *fixture = *state;

    start_impatient(fixture);
    const int64_t start_ms = clock_monotonic_ms();
    const int client = open_client(fixture);
    send_text(client, "POST /take HTTP/1.0\r\nContent-Length: 100000\r\n\r\nxxxx");
    assert_true(time_to_close(client, PATIENCE_MS) < PATIENCE_MS);
    assert_true(clock_monotonic_ms() - start_ms >= STALL_MS);
    close(client);
}

/* Descriptors of this process that are open on a file. */
static unsigned count_open(const char *path)
{
    char link[64], target[FOLDER_PATH_SIZE];
    unsigned count = 0;

    for (int descriptor = 0; descriptor < 1024; descriptor++) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        const ssize_t length = readlink(link, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        count += strcmp(target, path) == 0;
    }
    return count;
}

#define SLOW_CLIENTS 100

/* Also where no thread is so busy that another has to help. */
static void newcomers_are_shared_among_the_threads(void **state)
{
    struct fixture *fixture = *state;
    char answer[1000], first[1000] = "";
    unsigned count[2] = {0, 0};

    for (unsigned i = 0; i < 96; i++) {
        ask(fixture, "GET /thread HTTP/1.0\r\n\r\n", answer, sizeof answer);
        const char *thread = strstr(answer, "\r\n\r\n");
        assert_non_null(thread);
        if (first[0] == '\0')
            strcpy(first, thread);
        count[strcmp(first, thread) == 0]++;
    }
    assert_true(count[0] >= 16);
    assert_true(count[1] >= 16);
}

static void a_hundred_slow_downloads_arrive_whole(void **state)
{
    struct fixture *fixture = *state;
    int clients[SLOW_CLIENTS];
    static char answers[SLOW_CLIENTS][FILE_SIZE + 1000];
    size_t lengths[SLOW_CLIENTS] = {0};
    size_t left = SLOW_CLIENTS;
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

    for (int i = 0; i < SLOW_CLIENTS; i++) {
        clients[i] = open_client(fixture);
        send_text(clients[i], "GET /file HTTP/1.0\r\n\r\n");
    }
    char *path = realpath(fixture->file, NULL);
    while ((http_connection_count(fixture->server) < SLOW_CLIENTS || count_open(path) > 2) &&
           clock_monotonic_ms() < until_ms)
        usleep(10000);
    assert_true(count_open(path) <= 2); /* one for each sender */
    free(path);
    for (int round = 0; left > 0 && clock_monotonic_ms() < until_ms; round++) {
        char answer[500];
        if (round % 10 == 0) { /* others are answered meanwhile */
            ask(fixture, "GET /304 HTTP/1.0\r\n\r\n", answer, sizeof answer);
            assert_non_null(strstr(answer, " 304 "));
        }
        for (int i = 0; i < SLOW_CLIENTS; i++) {
            if (clients[i] < 0)
                continue;
            const size_t room = FILE_SIZE + 1000 - lengths[i];
            const ssize_t got =
                recv(clients[i], answers[i] + lengths[i], room < 8192 ? room : 8192, MSG_DONTWAIT);
            if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                continue;
            assert_true(got >= 0);
            lengths[i] += (size_t)got;
            if (got > 0)
                continue;
            close(clients[i]);
            clients[i] = -1;
            left--;
        }
        usleep(5000);
    }
    assert_int_equal(left, 0);
    for (int i = 0; i < SLOW_CLIENTS; i++)
        expect_file(answers[i], lengths[i], 0);
    assert_true(reaches(&fixture->done_whole, SLOW_CLIENTS));
}

#define FEW       4 /* connections that ask */
#define DOWNLOADS 7 /* at once: those the senders have are none that ask any more */

static void downloads_do_not_keep_others_out(void **state)
{
    struct fixture *fixture = *state;
    const struct http_config config = {.listen = "127.0.0.1:0",
                                       .service = &service,
                                       .ctx = fixture,
                                       .threads = 2,
                                       .connection_limit = FEW};
    char *answer = malloc(FILE_SIZE + 2000);
    int clients[DOWNLOADS];

    start_anew(fixture, &config);
    for (int i = 0; i < DOWNLOADS; i++) {
        clients[i] = open_client(fixture);
        send_text(clients[i], "GET /file HTTP/1.0\r\n\r\n");
        receive(clients[i], answer, 10, PATIENCE_MS); /* its head is under way */
    }
    assert_int_equal(fixture->done_whole, 0);
    assert_non_null(strstr(ask(fixture, "GET /304 HTTP/1.0\r\n\r\n", answer, 1000), " 304 "));
    for (int i = 0; i < DOWNLOADS; i++) {
        assert_true(receive(clients[i], answer, FILE_SIZE + 2000, PATIENCE_MS) > FILE_SIZE);
        close(clients[i]);
    }
    assert_true(reaches(&fixture->done_whole, DOWNLOADS));
    free(answer);
}

static const char kept_request[] = "GET /304 HTTP/1.1\r\nHost: x\r\n\r\n";

#define STATUS_SIZE sizeof "HTTP/1.1 304"
#define WHILE_MS    600 /* nothing is expected for so long; a slow machine cannot make this fail */

static void assert_answered(int client)
{
    char answer[STATUS_SIZE];

    receive(client, answer, sizeof answer, PATIENCE_MS);
    assert_string_equal(answer, "HTTP/1.1 304");
}

static void assert_kept_waiting(int client)
{
    char answer[STATUS_SIZE];

    assert_int_equal(receive(client, answer, sizeof answer, WHILE_MS), 0);
}

static int ask_and_stay(const struct fixture *fixture)
{
    const int client = open_client(fixture);

    send_text(client, kept_request);
    return client;
}

/* Who is one too many waits for somebody to leave. */
static void connections_have_a_limit(void **state)
{
    struct fixture *fixture = *state;
    const struct http_config config = {.listen = "127.0.0.1:0",
                                       .service = &service,
                                       .ctx = fixture,
                                       .threads = 2,
                                       .keep_alive_ms = 300000,
                                       .connection_limit = 3};
    int clients[3];

    start_anew(fixture, &config);
    for (int i = 0; i < 3; i++) {
        clients[i] = ask_and_stay(fixture);
        assert_answered(clients[i]);
    }
    for (int i = 0; i < 3; i++) {
        const int other = ask_and_stay(fixture);
        assert_kept_waiting(other);
        close(clients[i]);
        assert_answered(other);
        clients[i] = other;
    }
    for (int i = 0; i < 3; i++)
        close(clients[i]);
}

/* A descriptor that another part of the process lacks must not be taken from who connects, for
 * good. */
static void who_comes_while_descriptors_are_short_is_let_in_later(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit limit, none_left;
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)fixture->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none_left = limit;
    none_left.rlim_cur = (rlim_t)client + 1; /* the lowest that was free */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none_left), 0);
    const bool is_connected = connect(client, (const struct sockaddr *)&to, sizeof to) == 0;
    send_text(client, kept_request);
    char answer[STATUS_SIZE];
    const size_t length = receive(client, answer, sizeof answer, WHILE_MS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(is_connected);
    assert_int_equal(length, 0);
    assert_answered(client);
    close(client);
}

/* --- starting and stopping --- */

struct reader {
    int client;
    char *answer;
    size_t length;
};

static void *read_slowly(void *ctx)
{
    struct reader *reader = ctx;
    ssize_t got;

    while ((got = recv(reader->client, reader->answer + reader->length, 16384, 0)) > 0) {
        reader->length += (size_t)got;
        usleep(20000);
    }
    return NULL;
}

static void stopping_lets_downloads_finish(void **state)
{
    struct fixture *fixture = *state;
    struct reader reader = {.client = open_client(fixture), .answer = calloc(1, FILE_SIZE + 32768)};
    const int idle = open_client(fixture), size = 4096;
    char answer[500];
    pthread_t thread;

    setsockopt(reader.client, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    send_text(reader.client, "GET /file HTTP/1.0\r\n\r\n");
    send_text(idle, "GET /304 HTTP/1.1\r\nHost: x\r\n\r\n");
    receive_until(idle, answer, sizeof answer, "\r\n\r\n");
    pthread_create(&thread, NULL, read_slowly, &reader);
    is_under_way(fixture);
    const int64_t start_ms = clock_monotonic_ms();
    http_stop(fixture->server, 2 * PATIENCE_MS);
    fixture->server = NULL;
    assert_true(clock_monotonic_ms() - start_ms < PATIENCE_MS);
    pthread_join(thread, NULL);
    expect_file(reader.answer, reader.length, 0);
    assert_int_equal(fixture->done_whole, 1);
    assert_int_equal(try_connect(fixture), -1);
    assert_true(time_to_close(idle, PATIENCE_MS) < PATIENCE_MS);
    close(idle);
    close(reader.client);
    free(reader.answer);
}

static void stopping_does_not_wait_for_ever(void **state)
{
    struct fixture *fixture = *state;
    const int client = open_client(fixture);

    send_text(client, "GET /file HTTP/1.0\r\n\r\n");
    is_under_way(fixture);
    const int64_t start_ms = clock_monotonic_ms();
    http_stop(fixture->server, 300);
    fixture->server = NULL;
    assert_true(clock_monotonic_ms() - start_ms < PATIENCE_MS / 2); /* a stall would end it later */
    assert_int_equal(fixture->done_cut, 1);
    close(client);
}

struct newcomers {
    const struct fixture *fixture;
    atomic_bool is_over;
};

static void *come_and_go(void *ctx)
{
    struct newcomers *newcomers = ctx;
    char answer[STATUS_SIZE];

    while (!atomic_load(&newcomers->is_over)) {
        const int client = try_connect(newcomers->fixture);
        if (client < 0)
            continue;
        if (send(client, "GET /304 HTTP/1.0\r\n\r\n", 21, MSG_NOSIGNAL) == 21)
            receive(client, answer, sizeof answer, 1000);
        close(client);
    }
    return NULL;
}

/* The loops are then anywhere in their rounds, also where they let somebody in. */
static void stopping_meets_those_who_come(void **state)
{
    struct fixture *fixture = *state;
    const struct http_config config = {
        .listen = "127.0.0.1:0", .service = &service, .ctx = fixture, .threads = 2};
    struct newcomers newcomers = {.fixture = fixture};
    pthread_t thread;

    for (int round = 0; round < 100; round++) {
        atomic_store(&newcomers.is_over, false);
        pthread_create(&thread, NULL, come_and_go, &newcomers);
        usleep((useconds_t)(round * 37 % 2000));
        http_stop(fixture->server, 1000);
        atomic_store(&newcomers.is_over, true);
        pthread_join(thread, NULL);
        start(fixture, &config);
    }
}

static void addresses_that_cannot_be_listened_on(void **state)
{
    static const struct {
        const char *address;
        bool is_usage;
    } rows[] = {
        {"", true},
        {"8266", true},
        {"localhost", true},
        {":8266", true},
        {"127.0.0.1:", true},
        {"127.0.0.1:http", true},
        {"127.0.0.1:65536", true},
        {"127.0.0.1:-1", true},
        {"::1:8266", true},
        {"[::1:8266", true},
        {"[]:8266", true},
        {"no.such.host.invalid:1", true},
        {"192.0.2.1:0", false},
    };
    const struct fixture *fixture = *state;
    char error[HTTP_ERROR_SIZE];
    bool is_usage;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct http_config config = {.listen = rows[i].address, .service = &service};
        assert_null(http_start(&config, error, &is_usage));
        assert_int_equal(is_usage, rows[i].is_usage);
        assert_true(strlen(error) > 0 && strchr(error, '\n') == NULL);
    }
    const struct http_config taken = {.listen = http_listen_address(fixture->server),
                                      .service = &service};
    assert_null(http_start(&taken, error, &is_usage));
    assert_false(is_usage);
    assert_non_null(strstr(error, "in use"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(headers_queries_and_bodies),
        TEST(a_request_without_an_answer_is_an_error),
        TEST(several_requests_on_one_connection),
        TEST(bodies_have_a_limit),
        TEST(a_body_without_end_is_not_read_to_its_end),
        TEST(a_body_may_be_refused_unseen),
        TEST(a_body_may_be_taken_as_it_comes),
        TEST(a_file_whole_and_in_part),
        TEST(a_small_file_comes_in_one_segment),
        TEST(files_come_on_kept_connections_too),
        TEST(a_head_is_sent_without_the_file),
        TEST(who_leaves_early_is_noticed),
        TEST(progress_is_what_has_arrived),
        TEST(a_suspended_request_goes_on),
        TEST(a_suspended_request_is_answered_elsewhere),
        TEST(who_leaves_while_suspended_does_no_harm),
        TEST(who_leaves_before_an_answer_from_elsewhere_does_no_harm),
        TEST(a_stream_flows_when_woken),
        TEST(a_stalled_stream_is_cut),
        TEST(a_stream_ends_with_its_reader),
        TEST(headers_have_an_absolute_deadline),
        TEST(who_says_nothing_is_cut_too),
        TEST(who_has_been_answered_may_stay_for_a_while),
        TEST(a_stalled_download_is_cut),
        TEST(a_stalled_upload_is_cut),
        TEST(newcomers_are_shared_among_the_threads),
        TEST(a_hundred_slow_downloads_arrive_whole),
        TEST(downloads_do_not_keep_others_out),
        TEST(connections_have_a_limit),
        TEST(who_comes_while_descriptors_are_short_is_let_in_later),
        TEST(stopping_lets_downloads_finish),
        TEST(stopping_does_not_wait_for_ever),
        TEST(stopping_meets_those_who_come),
        TEST(addresses_that_cannot_be_listened_on),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
