/* Every state of the pull engine against every event, and its clock. */
#include "pull_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BEGUN_AT_MS 1000u

enum at { IDLE, CONNECTING, SENDING, STATUS, HEADERS, BODY_START, WRITING, LEAVING, CLOSING, DONE };
#define STATES 10

enum event {
    CONNECTED,
    FAILED,
    SENT,
    RECEIVED, /* one byte that fits the state */
    PEER_CLOSED,
    OTHERS_CLOSED,
    CLOSED,
    EARLY, /* a tick before the deadline */
    LATE,  /* a tick at it */
    ABORT,
    BEGIN, /* another pull */
};
#define EVENTS 11

static const char *const event_names[EVENTS] = {
    "connected", "failed", "sent", "received", "peer closed", "others closed",
    "closed",    "early",  "late", "abort",    "begin",
};

#define ENDED    UD_PULL_FINISHED
#define SENDS    (UD_PULL_SEND | UD_PULL_RECEIVE)
#define RECEIVES UD_PULL_RECEIVE
#define UPDATES  (UD_PULL_RECEIVE | UD_PULL_CLOSE_OTHERS)

static const char head[] = "HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n";
static const char redirect_head[] = "HTTP/1.0 302 Found\r\nLocation: /b\r\n\r\n";

static void hear(struct pull_rig *rig, const char *text)
{
    ud_pull_received(&rig->pull, text, (uint32_t)strlen(text), rig->now_ms);
}

/* A pull of a file system image that has come as far as `at`. */
static void go_to(struct pull_rig *rig, enum at at)
{
    rig_init(rig);
    rig->now_ms = BEGUN_AT_MS;
    rig->config.mode = UD_PULL_FILESYSTEM;
    rig->config.redirects = &ud_pull_follow;
    rig->config.location = rig->location;
    assert_int_equal(ud_pull_init(&rig->pull, &rig->config), UD_OK);
    if (at == IDLE)
        return;
    assert_int_equal(ud_pull_begin(&rig->pull, "http://host/a", rig->now_ms), UD_OK);
    if (at == CONNECTING)
        return;
    ud_pull_connected(&rig->pull, rig->now_ms);
    if (at == SENDING)
        return;
    rig_take_request(rig);
    if (at == STATUS)
        return;
    if (at == LEAVING) {
        hear(rig, redirect_head);
        return;
    }
    if (at == CLOSING || at == DONE) {
        hear(rig, "HTTP/1.0 304 Same\r\n\r\n");
        if (at == DONE)
            ud_pull_closed(&rig->pull, rig->now_ms);
        return;
    }
    hear(rig, "HTTP/1.0 200 OK\r\n");
    if (at == HEADERS)
        return;
    hear(rig, strchr(head, '\n') + 1);
    if (at == WRITING)
        hear(rig, "file");
}

static void begin_another(struct ud_pull *pull, uint32_t now_ms)
{
    const bool is_over = ud_pull_want(pull) == UD_PULL_FINISHED;

    assert_int_equal(ud_pull_begin(pull, "http://other/", now_ms), is_over ? UD_OK : UD_ERR_BUSY);
}

static void fire(struct pull_rig *rig, enum event event)
{
    struct ud_pull *pull = &rig->pull;
    const uint32_t now = rig->now_ms;

    switch (event) {
    case CONNECTED:
        ud_pull_connected(pull, now);
        break;
    case FAILED:
        ud_pull_connection_failed(pull);
        break;
    case SENT:
        ud_pull_sent(pull, 1, now);
        break;
    case RECEIVED:
        ud_pull_received(pull, "H", 1, now);
        break;
    case PEER_CLOSED:
        ud_pull_peer_closed(pull);
        break;
    case OTHERS_CLOSED:
        ud_pull_others_closed(pull, now);
        break;
    case CLOSED:
        ud_pull_closed(pull, now);
        break;
    case EARLY:
        ud_pull_tick(pull, now + UD_PULL_TIMEOUT_MS - 1);
        break;
    case LATE:
        ud_pull_tick(pull, now + UD_PULL_TIMEOUT_MS);
        break;
    case ABORT:
        ud_pull_abort(pull);
        break;
    case BEGIN:
    default:
        begin_another(pull, now);
        break;
    }
}

/* What is wanted after the event, and the error by then. Events that are not
 * named leave everything as it is. */
struct edge {
    enum at at;
    enum event event;
    unsigned want;
    int error;
};

static const struct start {
    unsigned want;
    enum ud_pull_result result;
} starts[STATES] = {
    [IDLE] = {ENDED, UD_PULL_FAILED},
    [CONNECTING] = {UD_PULL_CONNECT, UD_PULL_FAILED},
    [SENDING] = {SENDS, UD_PULL_FAILED},
    [STATUS] = {RECEIVES, UD_PULL_FAILED},
    [HEADERS] = {RECEIVES, UD_PULL_FAILED},
    [BODY_START] = {UPDATES, UD_PULL_FAILED},
    [WRITING] = {UPDATES, UD_PULL_FAILED},
    [LEAVING] = {UD_PULL_CLOSE, UD_PULL_FAILED},
    [CLOSING] = {UD_PULL_CLOSE, UD_PULL_NO_UPDATES},
    [DONE] = {ENDED, UD_PULL_NO_UPDATES},
};

static const struct edge edges[] = {
    {IDLE, BEGIN, UD_PULL_CONNECT, UD_OK},

    {CONNECTING, CONNECTED, SENDS, UD_OK},
    {CONNECTING, FAILED, ENDED, UD_ERR_HTTP_CONNECT},
    {CONNECTING, PEER_CLOSED, UD_PULL_CLOSE, UD_ERR_HTTP_CONNECT},
    {CONNECTING, LATE, UD_PULL_CLOSE, UD_ERR_HTTP_CONNECT},
    {CONNECTING, ABORT, UD_PULL_CLOSE, UD_ERR_ABORTED},

    {SENDING, SENT, SENDS, UD_OK},
    {SENDING, RECEIVED, RECEIVES, UD_OK},
    {SENDING, PEER_CLOSED, UD_PULL_CLOSE, UD_ERR_HTTP_SEND},
    {SENDING, LATE, UD_PULL_CLOSE, UD_ERR_HTTP_SEND},
    {SENDING, ABORT, UD_PULL_CLOSE, UD_ERR_ABORTED},

    {STATUS, RECEIVED, RECEIVES, UD_OK},
    {STATUS, PEER_CLOSED, UD_PULL_CLOSE, UD_ERR_HTTP_LOST},
    {STATUS, LATE, UD_PULL_CLOSE, UD_ERR_HTTP_TIMEOUT},
    {STATUS, ABORT, UD_PULL_CLOSE, UD_ERR_ABORTED},

    {HEADERS, RECEIVED, RECEIVES, UD_OK},
    {HEADERS, PEER_CLOSED, UD_PULL_CLOSE, UD_ERR_HTTP_LOST},
    {HEADERS, LATE, UD_PULL_CLOSE, UD_ERR_HTTP_TIMEOUT},
    {HEADERS, ABORT, UD_PULL_CLOSE, UD_ERR_ABORTED},

    {BODY_START, RECEIVED, UPDATES, UD_OK},
    {BODY_START, OTHERS_CLOSED, RECEIVES, UD_OK},
    {BODY_START, PEER_CLOSED, UD_PULL_CLOSE, UD_ERR_HTTP_LOST},
    {BODY_START, LATE, UD_PULL_CLOSE, UD_ERR_HTTP_TIMEOUT},
    {BODY_START, ABORT, UD_PULL_CLOSE, UD_ERR_ABORTED},

    {WRITING, RECEIVED, UPDATES, UD_OK},
    {WRITING, OTHERS_CLOSED, RECEIVES, UD_OK},
    {WRITING, PEER_CLOSED, UD_PULL_CLOSE, UD_ERR_HTTP_LOST},
    {WRITING, LATE, UD_PULL_CLOSE, UD_ERR_TIMEOUT},
    {WRITING, ABORT, UD_PULL_CLOSE, UD_ERR_ABORTED},

    {LEAVING, CLOSED, UD_PULL_CONNECT, UD_OK},
    {LEAVING, LATE, UD_PULL_CONNECT, UD_OK},
    {LEAVING, ABORT, UD_PULL_CLOSE, UD_ERR_ABORTED},

    {CLOSING, CLOSED, ENDED, UD_OK},
    {CLOSING, LATE, ENDED, UD_OK},

    {DONE, BEGIN, UD_PULL_CONNECT, UD_OK},
};

static const struct edge *find_edge(enum at at, enum event event)
{
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        if (edges[i].at == at && edges[i].event == event)
            return &edges[i];
    }
    return NULL;
}

/* What the updater is left with by a pull that failed while it wrote. */
static int expected_session_error(int error)
{
    return error == UD_ERR_HTTP_LOST ? UD_ERR_UNFINISHED : error;
}

static void assert_after(const struct pull_rig *rig, enum at at, const struct edge *edge)
{
    const unsigned want = edge != NULL ? edge->want : starts[at].want;
    const int error = edge != NULL ? edge->error : UD_OK;
    const bool is_new = edge != NULL && edge->event == BEGIN;

    assert_int_equal(ud_pull_want(&rig->pull), want);
    assert_int_equal(ud_pull_error(&rig->pull), error);
    assert_int_equal(ud_pull_result(&rig->pull),
                     error != UD_OK || is_new ? UD_PULL_FAILED : starts[at].result);
    assert_int_equal(ud_updater_is_running(&rig->updater), at == WRITING && error == UD_OK);
    if (at == WRITING && error != UD_OK)
        assert_int_equal(rig->session_error, expected_session_error(error));
    assert_int_equal(rig->errors, at == WRITING && error != UD_OK);
}

static void every_state_knows_every_event(void **state)
{
    (void)state;
    for (int at = 0; at < STATES; at++) {
        for (int event = 0; event < EVENTS; event++) {
            struct pull_rig rig;

            print_message("state %d, %s\n", at, event_names[event]);
            go_to(&rig, (enum at)at);
            assert_int_equal(ud_pull_want(&rig.pull), starts[at].want);
            assert_int_equal(rig.starts, at == WRITING);
            fire(&rig, (enum event)event);
            assert_after(&rig, (enum at)at, find_edge((enum at)at, (enum event)event));
            rig_free(&rig);
        }
    }
}

/* After a failure nothing changes it but a new beginning. */
static void errors_stick(void **state)
{
    (void)state;
    for (int event = 0; event < BEGIN; event++) {
        for (int next = 0; next < BEGIN; next++) {
            struct pull_rig rig;

            go_to(&rig, WRITING);
            ud_pull_peer_closed(&rig.pull);
            fire(&rig, (enum event)event);
            fire(&rig, (enum event)next);
            assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_LOST);
            assert_int_equal(ud_pull_result(&rig.pull), UD_PULL_FAILED);
            assert_int_equal(rig.errors, 1);
            ud_pull_closed(&rig.pull, rig.now_ms);
            assert_int_equal(ud_pull_begin(&rig.pull, "http://host/", 0), UD_OK);
            assert_int_equal(ud_pull_error(&rig.pull), UD_OK);
            rig_free(&rig);
        }
    }
}

static void a_running_pull_is_not_begun_again(void **state)
{
    (void)state;
    for (int at = CONNECTING; at <= CLOSING; at++) {
        struct pull_rig rig;

        go_to(&rig, (enum at)at);
        const unsigned want = ud_pull_want(&rig.pull);
        assert_int_equal(ud_pull_begin(&rig.pull, "http://other:81/", 0), UD_ERR_BUSY);
        assert_int_equal(ud_pull_want(&rig.pull), want);
        assert_int_equal(ud_pull_endpoint(&rig.pull).port, 80);
        if (want & UD_PULL_CONNECT)
            assert_string_equal(ud_pull_endpoint(&rig.pull).host, "host");
        rig_free(&rig);
    }
}

/* Any sign of life puts the deadline off, at any place of the clock. */
static void the_deadline_follows_what_happens(void **state)
{
    static const uint32_t starts_ms[] = {0, 1000, UINT32_MAX - 5000, INT32_MAX - 3000u};

    (void)state;
    for (size_t i = 0; i < sizeof starts_ms / sizeof starts_ms[0]; i++) {
        uint32_t now = starts_ms[i];
        struct pull_rig rig;
        uint32_t length;

        rig_init(&rig);
        rig.config.timeout_ms = 500;
        rig.config.mode = UD_PULL_FILESYSTEM;
        assert_int_equal(ud_pull_init(&rig.pull, &rig.config), UD_OK);
        assert_int_equal(ud_pull_begin(&rig.pull, "http://host/", now), UD_OK);
        assert_int_equal(ud_pull_deadline(&rig.pull), now + 500);
        ud_pull_connected(&rig.pull, now += 400);
        assert_int_equal(ud_pull_deadline(&rig.pull), now + 500);
        while (ud_pull_want(&rig.pull) & UD_PULL_SEND) {
            (void)ud_pull_send_buffer(&rig.pull, &length);
            ud_pull_sent(&rig.pull, length, now += 400);
            assert_int_equal(ud_pull_deadline(&rig.pull), now + 500);
        }
        for (const char *byte = head; *byte != '\0'; byte++) {
            ud_pull_tick(&rig.pull, now += 499);
            ud_pull_received(&rig.pull, byte, 1, now);
            assert_int_equal(ud_pull_deadline(&rig.pull), now + 500);
        }
        assert_true(ud_pull_want(&rig.pull) & UD_PULL_CLOSE_OTHERS);
        ud_pull_received(&rig.pull, "", 0, now + 100); /* nothing is no sign of life */
        assert_int_equal(ud_pull_deadline(&rig.pull), now + 500);
        ud_pull_others_closed(&rig.pull, now += 450);
        ud_pull_tick(&rig.pull, now + 499);
        assert_int_equal(ud_pull_error(&rig.pull), UD_OK);
        ud_pull_tick(&rig.pull, now + 500);
        assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_TIMEOUT);
        rig_free(&rig);
    }
}

static void other_connections_may_be_kept(void **state)
{
    struct pull_rig rig;

    (void)state;
    go_to(&rig, STATUS);
    rig.pull.config.keep_other_connections = true;
    hear(&rig, head);
    assert_int_equal(ud_pull_want(&rig.pull), UD_PULL_RECEIVE);
    rig_free(&rig);
}

/* A server may refuse before it has read the whole request. */
static void an_early_answer_counts(void **state)
{
    struct pull_rig rig;

    (void)state;
    go_to(&rig, SENDING);
    hear(&rig, "HTTP/1.0 403 No\r\n\r\n");
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_FORBIDDEN);
    assert_int_equal(ud_pull_want(&rig.pull), UD_PULL_CLOSE);
    rig_free(&rig);
}

/* What has been decided is not undone by giving up. */
static void a_success_survives_an_abort(void **state)
{
    struct pull_rig rig;

    (void)state;
    go_to(&rig, STATUS);
    hear(&rig, "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nfile");
    ud_pull_abort(&rig.pull);
    assert_int_equal(ud_pull_error(&rig.pull), UD_OK);
    assert_int_equal(ud_pull_result(&rig.pull), UD_PULL_OK);
    ud_pull_closed(&rig.pull, 0);
    assert_int_equal(ud_pull_want(&rig.pull), UD_PULL_FINISHED);
    assert_int_equal(rig.commits, 1);
    rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_knows_every_event),
        cmocka_unit_test(errors_stick),
        cmocka_unit_test(a_running_pull_is_not_begun_again),
        cmocka_unit_test(the_deadline_follows_what_happens),
        cmocka_unit_test(other_connections_may_be_kept),
        cmocka_unit_test(an_early_answer_counts),
        cmocka_unit_test(a_success_survives_an_abort),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
