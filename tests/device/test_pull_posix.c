/* The pull engine over real sockets: a server on the loopback that plays a
 * script, one thread for each test.
 */
#include "pull_rig.h"

#include "posix/pull.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define BODY_SIZE       100000u
#define TIMEOUT_MS      1000u
#define LONG_TIMEOUT_MS 120000u /* of who does not wait for it */

enum manner {
    CLOSES,      /* after the answer */
    STAYS_OPEN,  /* until the device closes */
    IN_DRIBLETS, /* a few bytes at a time, with pauses */
    RESETS,      /* hangs up hard after the answer */
};

/* Accepts `connections` one after the other and gives each the answer of its
 * turn once the request is there. */
struct server {
    int listener;
    uint16_t port;
    pthread_t thread;
    uint32_t connections;
    struct rig_answer answers[4];
    enum manner manner;
    char requests[4][RIG_REQUEST_MAX];
};

/* Reads up to the empty line. */
static void read_request(int fd, char *request)
{
    size_t length = 0;

    request[0] = '\0';
    while (length < RIG_REQUEST_MAX - 1 && strstr(request, "\r\n\r\n") == NULL) {
        const ssize_t n = recv(fd, request + length, RIG_REQUEST_MAX - 1 - length, 0);
        if (n <= 0)
            return;
        length += (size_t)n;
        request[length] = '\0';
    }
}

static void send_answer(const struct server *server, int fd, const struct rig_answer *answer)
{
    const uint32_t step = server->manner == IN_DRIBLETS ? 7 : answer->length;
    const uint8_t *bytes = answer->bytes;

    for (uint32_t position = 0; position < answer->length; position += step) {
        const uint32_t left = answer->length - position;
        if (send(fd, bytes + position, left < step ? left : step, MSG_NOSIGNAL) < 0)
            return;
        if (server->manner == IN_DRIBLETS)
            usleep(10000);
    }
}

static void end_connection(const struct server *server, int fd)
{
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};
    char rest;

    if (server->manner == RESETS)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    if (server->manner == STAYS_OPEN)
        while (recv(fd, &rest, 1, 0) > 0)
            ;
    close(fd);
}

static void *serve(void *argument)
{
    struct server *server = argument;

    for (uint32_t i = 0; i < server->connections; i++) {
        const int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            break;
        read_request(fd, server->requests[i]);
        send_answer(server, fd, &server->answers[i]);
        end_connection(server, fd);
    }
    return NULL;
}

/* A port of the loopback to listen on; the kernel's choice. */
static void open_listener(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(server->listener, -1);
    assert_int_equal(bind(server->listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, 4), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
}

static void start(struct server *server)
{
    open_listener(server);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    close(server->listener);
}

static const char *url(const struct server *server, char text[64])
{
    snprintf(text, 64, "http://127.0.0.1:%u/a", (unsigned)server->port);
    return text;
}

/* A file system of BODY_SIZE bytes, with a head. */
static struct rig_answer file_answer(uint32_t body_size)
{
    char *bytes = malloc(BODY_SIZE + 128);

    assert_non_null(bytes);
    const int head =
        snprintf(bytes, 128, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", (unsigned)body_size);
    for (uint32_t i = 0; i < body_size; i++)
        bytes[(uint32_t)head + i] = (char)(i * 2654435761u >> 24);
    return (struct rig_answer){.bytes = bytes, .length = (uint32_t)head + body_size};
}

static void release(const struct rig_answer *answer)
{
    free((void *)(uintptr_t)answer->bytes);
}

static void set_up(struct pull_rig *rig)
{
    rig_init(rig);
    rig->config.mode = UD_PULL_FILESYSTEM;
    rig->config.redirects = &ud_pull_follow;
    rig->config.location = rig->location;
    assert_int_equal(ud_pull_init(&rig->pull, &rig->config), UD_OK);
}

/* The same with so much patience. */
static void set_up_for(struct pull_rig *rig, uint32_t timeout_ms)
{
    set_up(rig);
    rig->config.timeout_ms = timeout_ms;
    assert_int_equal(ud_pull_init(&rig->pull, &rig->config), UD_OK);
}

static void count_close(void *ctx)
{
    ++*(int *)ctx;
}

static void a_file_arrives(void **state)
{
    struct server server = {.connections = 1, .manner = CLOSES};
    struct pull_rig rig;
    char text[64];
    int closed = 0;
    const struct ud_posix_pull_config config = {.ctx = &closed, .close_others = count_close};

    (void)state;
    set_up(&rig);
    server.answers[0] = file_answer(BODY_SIZE);
    start(&server);
    assert_int_equal(ud_posix_pull_run(&rig.pull, url(&server, text), &config), UD_PULL_OK);
    stop(&server);
    assert_int_equal(closed, 1);
    assert_int_equal(rig.commits, 1);
    assert_memory_equal(
        rig.flash.bytes + RIG_STAGED_AT,
        (const uint8_t *)server.answers[0].bytes + server.answers[0].length - BODY_SIZE, BODY_SIZE);
    assert_memory_equal(server.requests[0], "GET /a HTTP/1.0\r\nHost: 127.0.0.1:", 33);
    assert_non_null(strstr(server.requests[0], "\r\nContent-Length: 0\r\n\r\n"));
    release(&server.answers[0]);
    rig_free(&rig);
}

/* The device does not wait for a server that keeps the connection. */
static void it_ends_with_the_last_byte(void **state)
{
    struct server server = {.connections = 1, .manner = STAYS_OPEN};
    struct pull_rig rig;
    char text[64];

    (void)state;
    set_up_for(&rig, LONG_TIMEOUT_MS);
    server.answers[0] = file_answer(5000);
    start(&server);
    const uint32_t started = ud_posix_clock_ms();
    assert_int_equal(ud_posix_pull_run(&rig.pull, url(&server, text), NULL), UD_PULL_OK);
    assert_in_range(ud_posix_clock_ms() - started, 0, LONG_TIMEOUT_MS / 2);
    stop(&server);
    release(&server.answers[0]);
    rig_free(&rig);
}

static void driblets_are_not_silence(void **state)
{
    struct server server = {.connections = 1, .manner = IN_DRIBLETS};
    struct pull_rig rig;
    char text[64];

    (void)state;
    set_up_for(&rig, 3 * TIMEOUT_MS); /* less than all of it takes */
    server.answers[0] = file_answer(3000);
    start(&server);
    assert_int_equal(ud_posix_pull_run(&rig.pull, url(&server, text), NULL), UD_PULL_OK);
    stop(&server);
    release(&server.answers[0]);
    rig_free(&rig);
}

static void redirects_open_a_new_connection(void **state)
{
    static const char away[] = "HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n";
    struct server server = {.connections = 2, .manner = CLOSES};
    struct ud_posix_pull driver;
    struct pull_rig rig;
    char text[64];

    (void)state;
    set_up(&rig);
    server.answers[0] = (struct rig_answer){.bytes = away, .length = sizeof away - 1};
    server.answers[1] = file_answer(10);
    start(&server);
    assert_int_equal(ud_pull_begin(&rig.pull, url(&server, text), ud_posix_clock_ms()), UD_OK);
    ud_posix_pull_begin(&driver, &rig.pull, NULL);
    while (ud_posix_pull_service(&driver, ud_posix_clock_ms())) {
        struct pollfd entry = {.fd = ud_posix_pull_fd(&driver),
                               .events = ud_posix_pull_events(&driver)};
        assert_int_not_equal(entry.fd, -1);
        assert_int_not_equal(entry.events, 0);
        assert_int_equal(poll(&entry, 1, LONG_TIMEOUT_MS), 1);
    }
    assert_int_equal(ud_posix_pull_connections(&driver), 2);
    assert_int_equal(ud_posix_pull_fd(&driver), -1);
    ud_posix_pull_end(&driver);
    stop(&server);
    assert_int_equal(ud_pull_result(&rig.pull), UD_PULL_OK);
    assert_memory_equal(server.requests[1], "GET /b ", 7);
    release(&server.answers[1]);
    rig_free(&rig);
}

static void a_silent_server_times_out(void **state)
{
    static const uint32_t lengths[] = {0, 5, 30, 2000};
    const struct rig_answer whole = file_answer(5000);
    static const int errors[] = {UD_ERR_HTTP_TIMEOUT, UD_ERR_HTTP_TIMEOUT, UD_ERR_HTTP_TIMEOUT,
                                 UD_ERR_TIMEOUT};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct server server = {.connections = 1, .manner = STAYS_OPEN};
        struct pull_rig rig;
        char text[64];

        set_up_for(&rig, lengths[i] < 2000 ? TIMEOUT_MS : 3 * TIMEOUT_MS);
        server.answers[0] = (struct rig_answer){.bytes = whole.bytes, .length = lengths[i]};
        start(&server);
        const uint32_t started = ud_posix_clock_ms();
        assert_int_equal(ud_posix_pull_run(&rig.pull, url(&server, text), NULL), UD_PULL_FAILED);
        assert_in_range(ud_posix_clock_ms() - started, TIMEOUT_MS, 60 * TIMEOUT_MS);
        stop(&server);
        assert_int_equal(ud_pull_error(&rig.pull), errors[i]);
        assert_false(ud_updater_is_running(&rig.updater));
        rig_free(&rig);
    }
    release(&whole);
}

static void a_lost_connection_is_noticed(void **state)
{
    static const enum manner manners[] = {CLOSES, RESETS};
    const struct rig_answer whole = file_answer(5000);

    (void)state;
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        struct server server = {.connections = 1, .manner = manners[i]};
        struct pull_rig rig;
        char text[64];

        set_up(&rig);
        server.answers[0] = (struct rig_answer){.bytes = whole.bytes, .length = 2000};
        start(&server);
        assert_int_equal(ud_posix_pull_run(&rig.pull, url(&server, text), NULL), UD_PULL_FAILED);
        stop(&server);
        assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_LOST);
        rig_free(&rig);
    }
    release(&whole);
}

static void a_refused_connection_fails_at_once(void **state)
{
    struct server server = {0};
    struct pull_rig rig;
    char text[64];

    (void)state;
    set_up_for(&rig, LONG_TIMEOUT_MS);
    open_listener(&server);
    close(server.listener); /* the port is ours, and nobody listens any more */
    const uint32_t started = ud_posix_clock_ms();
    assert_int_equal(ud_posix_pull_run(&rig.pull, url(&server, text), NULL), UD_PULL_FAILED);
    assert_in_range(ud_posix_clock_ms() - started, 0, LONG_TIMEOUT_MS / 2);
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_CONNECT);
    assert_int_equal(ud_pull_want(&rig.pull), UD_PULL_FINISHED);
    rig_free(&rig);
}

/* The kernel connects on its behalf, and then nobody reads or answers. */
static void a_server_that_never_accepts_times_out(void **state)
{
    struct server server = {0};
    struct pull_rig rig;
    char text[64];

    (void)state;
    set_up_for(&rig, TIMEOUT_MS);
    server.manner = STAYS_OPEN;
    open_listener(&server);
    const uint32_t started = ud_posix_clock_ms();
    assert_int_equal(ud_posix_pull_run(&rig.pull, url(&server, text), NULL), UD_PULL_FAILED);
    assert_in_range(ud_posix_clock_ms() - started, TIMEOUT_MS, 60 * TIMEOUT_MS);
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_TIMEOUT);
    close(server.listener);
    rig_free(&rig);
}

/* With its queue full, the kernel lets further attempts wait. */
static void a_connection_that_never_comes_about_times_out(void **state)
{
    struct server server = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fillers[8];
    struct pull_rig rig;
    char text[64];

    (void)state;
    set_up_for(&rig, TIMEOUT_MS);
    open_listener(&server);
    assert_int_equal(listen(server.listener, 0), 0);
    address.sin_port = htons(server.port);
    for (int i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_int_not_equal(fillers[i], -1);
        connect(fillers[i], (const struct sockaddr *)&address, sizeof address);
    }
    assert_int_equal(ud_posix_pull_run(&rig.pull, url(&server, text), NULL), UD_PULL_FAILED);
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_CONNECT);
    assert_int_equal(ud_pull_want(&rig.pull), UD_PULL_FINISHED);
    for (int i = 0; i < 8; i++)
        close(fillers[i]);
    close(server.listener);
    rig_free(&rig);
}

static void names_that_are_none_fail(void **state)
{
    struct pull_rig rig;

    (void)state;
    set_up(&rig);
    assert_int_equal(ud_posix_pull_run(&rig.pull, "http://no..host/", NULL), UD_PULL_FAILED);
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_CONNECT);
    assert_int_equal(ud_posix_pull_run(&rig.pull, "http://bad url/", NULL), UD_PULL_FAILED);
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_URL);
    rig_free(&rig);
}

static void a_name_is_as_good_as_an_address(void **state)
{
    struct server server = {.connections = 1, .manner = CLOSES};
    struct pull_rig rig;
    char text[64];

    (void)state;
    set_up(&rig);
    server.answers[0] = file_answer(10);
    start(&server);
    snprintf(text, sizeof text, "http://localhost:%u/", (unsigned)server.port);
    assert_int_equal(ud_posix_pull_run(&rig.pull, text, NULL), UD_PULL_OK);
    stop(&server);
    release(&server.answers[0]);
    rig_free(&rig);
}

/* Given up in the middle: the socket is closed and the updater is free again. */
static void ending_early_leaves_nothing_behind(void **state)
{
    const struct rig_answer whole = file_answer(5000);
    struct server server = {.connections = 1, .manner = STAYS_OPEN};
    struct ud_posix_pull driver;
    struct pull_rig rig;
    char text[64];

    (void)state;
    set_up(&rig);
    server.answers[0] = (struct rig_answer){.bytes = whole.bytes, .length = 2000};
    start(&server);
    assert_int_equal(ud_pull_begin(&rig.pull, url(&server, text), ud_posix_clock_ms()), UD_OK);
    ud_posix_pull_begin(&driver, &rig.pull, NULL);
    while (!ud_updater_is_running(&rig.updater)) {
        struct pollfd entry;

        assert_true(ud_posix_pull_service(&driver, ud_posix_clock_ms()));
        entry = (struct pollfd){.fd = ud_posix_pull_fd(&driver),
                                .events = ud_posix_pull_events(&driver)};
        poll(&entry, 1, 100);
    }
    ud_posix_pull_end(&driver);
    stop(&server); /* comes back only if the device has closed */
    assert_int_equal(ud_pull_want(&rig.pull), UD_PULL_FINISHED);
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_ABORTED);
    assert_false(ud_updater_is_running(&rig.updater));
    release(&whole);
    rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_arrives),
        cmocka_unit_test(it_ends_with_the_last_byte),
        cmocka_unit_test(driblets_are_not_silence),
        cmocka_unit_test(redirects_open_a_new_connection),
        cmocka_unit_test(a_silent_server_times_out),
        cmocka_unit_test(a_lost_connection_is_noticed),
        cmocka_unit_test(a_refused_connection_fails_at_once),
        cmocka_unit_test(a_server_that_never_accepts_times_out),
        cmocka_unit_test(a_connection_that_never_comes_about_times_out),
        cmocka_unit_test(names_that_are_none_fail),
        cmocka_unit_test(a_name_is_as_good_as_an_address),
        cmocka_unit_test(ending_early_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
