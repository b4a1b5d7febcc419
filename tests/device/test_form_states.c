/* Every state of a connection against every event, deadlines, and the way back to a
 * closed connection from wherever that leads. */
#include "form_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum at {
    IDLE,
    HEAD,
    HELD,
    INVITING,
    BODY,      /* of a file, its session running */
    PREAMBLE,  /* of a form, before any file */
    SUCCEEDED, /* the answer goes out */
    REFUSED,   /* the same, with most of the body to come */
    SENT,      /* a success is answered */
    DRAINING,  /* a refusal is answered; the rest of the body is to come */
    CLOSING,   /* after a failure */
    LEAVING,   /* after a success */
    RESTARTING,
};
#define STATES 13

enum event {
    BYTE, /* the next one of the request */
    REST, /* all of it that is missing */
    ONE_SENT,
    ALL_SENT,
    PEER_CLOSED,
    LOST,
    CLOSED,
    EARLY, /* a tick before the deadline */
    LATE,  /* a tick at it */
};
#define EVENTS 9

static const char *const event_names[EVENTS] = {
    "byte", "rest", "one sent", "all sent", "peer closed", "lost", "closed", "early", "late",
};

#define HEAD_TEXT "PUT /update?filesystem HTTP/1.1\r\nContent-Length: 8\r\n\r\n"
#define INVITED                                                                                    \
    "PUT /update?filesystem HTTP/1.1\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n"
#define FORM                                                                                       \
    "POST /update HTTP/1.1\r\nContent-Length: 999\r\nContent-Type: multipart/form-data; "          \
    "boundary=X\r\n\r\n"
#define GUESS      "PUT /update HTTP/1.1\r\nContent-Length: 8\r\nAuthorization: Basic eA==\r\n\r\n"
#define TOO_LARGE  "PUT /update HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n"
#define FILE_BYTES "eight by"

static void hand_over(struct form_rig *rig, const char *text)
{
    ud_form_received(&rig->client, text, (uint32_t)strlen(text), rig->now_ms);
}

static void send_all(struct form_rig *rig)
{
    uint32_t length;

    while (ud_form_want(&rig->client) & UD_FORM_SEND) {
        ud_form_send_buffer(&rig->client, &length);
        ud_form_sent(&rig->client, length, rig->now_ms);
    }
}

static void go_to(struct form_rig *rig, enum at at)
{
    form_rig_init(rig, NULL);
    if (at == HELD) {
        rig->config.user = "admin";
        rig->config.password = "secret";
    }
    form_rig_start(rig);
    if (at == IDLE)
        return;
    ud_form_open(&rig->client, &rig->form, rig->now_ms);
    hand_over(rig, "P");
    rig->now_ms += 5000; /* the next state has all of its own time */
    if (at == HEAD)
        return;
    if (at == HELD)
        hand_over(rig, GUESS + 1);
    else if (at == REFUSED || at == DRAINING || at == CLOSING)
        hand_over(rig, TOO_LARGE + 1);
    else
        hand_over(rig, at == INVITING ? INVITED + 1 : at == PREAMBLE ? FORM + 1 : HEAD_TEXT + 1);
    if (at == HELD || at == INVITING || at == PREAMBLE || at == REFUSED)
        return;
    if (at == DRAINING || at == CLOSING) {
        send_all(rig);
        if (at == CLOSING)
            ud_form_peer_closed(&rig->client);
        return;
    }
    hand_over(rig, at == BODY ? "e" : FILE_BYTES);
    if (at == BODY || at == SUCCEEDED)
        return;
    send_all(rig);
    if (at == SENT)
        return;
    ud_form_peer_closed(&rig->client);
    if (at == RESTARTING)
        ud_form_closed(&rig->client);
}

static void tick_at_deadline(struct form_rig *rig, uint32_t before_ms)
{
    uint32_t deadline_ms;

    if (!ud_form_deadline(&rig->client, &deadline_ms))
        return;
    rig->now_ms = deadline_ms - before_ms;
    ud_form_tick(&rig->client, rig->now_ms);
}

/* What the request's rest is differs; where nothing is wanted it changes nothing. */
static void receive_rest(struct form_rig *rig, enum at at)
{
    static uint8_t zeros[1000000];

    if (at == HEAD)
        hand_over(rig, HEAD_TEXT + 1);
    if (at == HEAD || at == INVITING || at == BODY)
        hand_over(rig, at == BODY ? FILE_BYTES + 1 : FILE_BYTES);
    else
        ud_form_received(&rig->client, zeros, at == PREAMBLE ? 999 : sizeof zeros, rig->now_ms);
}

static void fire(struct form_rig *rig, enum at at, enum event event)
{
    struct ud_form_client *client = &rig->client;

    switch (event) {
    case BYTE:
        hand_over(rig, "U");
        break;
    case REST:
        receive_rest(rig, at);
        break;
    case ONE_SENT:
        ud_form_sent(client, 1, rig->now_ms);
        break;
    case ALL_SENT:
        if (ud_form_want(client) & UD_FORM_SEND)
            send_all(rig);
        else
            ud_form_sent(client, 1000, rig->now_ms);
        break;
    case PEER_CLOSED:
        ud_form_peer_closed(client);
        break;
    case LOST:
        ud_form_lost(client);
        break;
    case CLOSED:
        ud_form_closed(client);
        break;
    case EARLY:
        tick_at_deadline(rig, 1);
        break;
    case LATE:
    default:
        tick_at_deadline(rig, 0);
        break;
    }
}

#define RECEIVE UD_FORM_RECEIVE
#define SEND    UD_FORM_SEND
#define BOTH    (UD_FORM_SEND | UD_FORM_RECEIVE)
#define CLOSE   UD_FORM_CLOSE
#define RESTART UD_FORM_RESTART

static const unsigned wants[STATES] = {
    [HELD] = 0,
    [IDLE] = 0,
    [HEAD] = RECEIVE,
    [INVITING] = SEND,
    [BODY] = RECEIVE,
    [PREAMBLE] = RECEIVE,
    [SUCCEEDED] = BOTH,
    [REFUSED] = BOTH,
    [SENT] = RECEIVE,
    [DRAINING] = RECEIVE,
    [CLOSING] = CLOSE,
    [LEAVING] = CLOSE,
    [RESTARTING] = RESTART,
};

/* What is wanted after the event, and whether the updater's session runs. Events that
 * are not named leave both as they are. */
static const struct edge {
    enum at at;
    enum event event;
    unsigned want;
    bool is_running;
} edges[] = {
    {HEAD, REST, BOTH, false},
    {HEAD, PEER_CLOSED, CLOSE, false},
    {HEAD, LOST, CLOSE, false},
    {HEAD, LATE, CLOSE, false},

    {HELD, LOST, CLOSE, false},
    {HELD, LATE, BOTH, false},

    {INVITING, ALL_SENT, RECEIVE, true},
    {INVITING, LOST, CLOSE, false},
    {INVITING, LATE, CLOSE, false},

    {BODY, REST, BOTH, false},
    {BODY, PEER_CLOSED, CLOSE, false},
    {BODY, LOST, CLOSE, false},
    {BODY, LATE, BOTH, false},

    {PREAMBLE, REST, BOTH, false},
    {PREAMBLE, PEER_CLOSED, CLOSE, false},
    {PREAMBLE, LOST, CLOSE, false},
    {PREAMBLE, LATE, BOTH, false},

    {SUCCEEDED, ALL_SENT, RECEIVE, false},
    {SUCCEEDED, PEER_CLOSED, SEND, false},
    {SUCCEEDED, LOST, CLOSE, false},
    {SUCCEEDED, LATE, CLOSE, false},

    {REFUSED, ALL_SENT, RECEIVE, false},
    {REFUSED, PEER_CLOSED, SEND, false},
    {REFUSED, LOST, CLOSE, false},
    {REFUSED, LATE, CLOSE, false},

    {SENT, PEER_CLOSED, CLOSE, false},
    {SENT, LOST, CLOSE, false},
    {SENT, LATE, CLOSE, false},

    {DRAINING, REST, CLOSE, false},
    {DRAINING, PEER_CLOSED, CLOSE, false},
    {DRAINING, LOST, CLOSE, false},
    {DRAINING, LATE, CLOSE, false},

    {CLOSING, CLOSED, 0, false},
    {CLOSING, LATE, 0, false},

    {LEAVING, CLOSED, RESTART, false},
    {LEAVING, LATE, RESTART, false},
};

static struct edge edge_of(enum at at, enum event event)
{
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        if (edges[i].at == at && edges[i].event == event)
            return edges[i];
    }
    return (struct edge){at, event, wants[at], at == BODY || at == INVITING};
}

/* No more events but time, which a driver that does nothing lets pass. */
static void assert_ends(struct form_rig *rig)
{
    uint32_t deadline_ms;
    int steps = 0;

    while (ud_form_deadline(&rig->client, &deadline_ms)) {
        assert_true(++steps < 6);
        assert_true((int32_t)(deadline_ms - rig->now_ms) <= (int32_t)UD_FORM_TIMEOUT_MS);
        rig->now_ms = deadline_ms;
        ud_form_tick(&rig->client, rig->now_ms);
    }
    assert_false(ud_updater_is_running(&rig->device.updater));
    assert_int_equal(ud_form_want(&rig->client), rig->device.ends > 0 ? RESTART : 0);
    assert_int_equal(form_rig_say(rig, "GET /update HTTP/1.1\n\n"),
                     rig->config.user != NULL ? 401 : 200);
}

static void every_state_knows_every_event_and_the_way_back(void **state)
{
    (void)state;
    for (int at = 0; at < STATES; at++) {
        for (int event = 0; event < EVENTS; event++) {
            const struct edge edge = edge_of((enum at)at, (enum event)event);
            struct form_rig rig;

            print_message("state %d, %s\n", at, event_names[event]);
            go_to(&rig, edge.at);
            assert_int_equal(ud_form_want(&rig.client), wants[at]);
            fire(&rig, edge.at, edge.event);
            assert_int_equal(ud_form_want(&rig.client), edge.want);
            assert_int_equal(ud_updater_is_running(&rig.device.updater), edge.is_running);
            assert_ends(&rig);
            form_rig_free(&rig);
        }
    }
}

static void any_events_and_the_way_back(void **state)
{
    const unsigned seed = 1763715600;

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 200; round++) {
        struct form_rig rig;

        go_to(&rig, (enum at)(rand() % STATES));
        for (int i = 0; i < 40; i++)
            fire(&rig, (enum at)(rand() % STATES), (enum event)(rand() % EVENTS));
        assert_ends(&rig);
        form_rig_free(&rig);
    }
}

/* ---- deadlines ---- */

static void open_and_say(struct form_rig *rig, const char *text)
{
    form_rig_init(rig, NULL);
    form_rig_start(rig);
    ud_form_open(&rig->client, &rig->form, rig->now_ms);
    hand_over(rig, text);
}

/* A byte now and then does not keep a head alive. */
static void a_slow_head(void **state)
{
    struct form_rig rig;
    uint32_t passed_ms = 0;

    (void)state;
    open_and_say(&rig, "GET /update HTTP/1.1\r\n");
    while (ud_form_want(&rig.client) == RECEIVE) {
        rig.now_ms += 100;
        passed_ms += 100;
        hand_over(&rig, "a");
        ud_form_tick(&rig.client, rig.now_ms);
    }
    assert_int_equal(passed_ms, UD_FORM_TIMEOUT_MS);
    assert_ends(&rig);
    form_rig_free(&rig);
}

/* A file comes as slowly as UD_FORM_RATE_BYTES in each timeout, but not slower. */
static bool arrives(uint32_t bytes_a_second)
{
    static const uint8_t bytes[4096];
    struct form_rig rig;
    uint32_t left = 20000;

    open_and_say(&rig, "PUT /update?filesystem HTTP/1.1\r\nContent-Length: 20000\r\n\r\n");
    while (left > 0 && ud_updater_is_running(&rig.device.updater)) {
        const uint32_t part = left < bytes_a_second ? left : bytes_a_second;
        rig.now_ms += 1000;
        ud_form_tick(&rig.client, rig.now_ms);
        ud_form_received(&rig.client, bytes, part, rig.now_ms);
        left -= part;
    }
    const bool has_arrived = rig.device.ends == 1;
    if (!has_arrived)
        assert_int_equal(rig.device.last_error, UD_ERR_TIMEOUT);
    assert_ends(&rig);
    form_rig_free(&rig);
    return has_arrived;
}

static void slow_files(void **state)
{
    (void)state;
    assert_true(arrives(4096));
    assert_true(arrives(200));
    assert_false(arrives(90));
    assert_false(arrives(1));
}

static void silence_is_answered(void **state)
{
    struct form_rig rig;

    (void)state;
    open_and_say(&rig, HEAD_TEXT "e");
    tick_at_deadline(&rig, 0);
    form_rig_serve(&rig);
    assert_int_equal(form_rig_status(&rig), 408);
    assert_string_equal(form_rig_body(&rig), "Update error: ERROR[6]: Stream Read Timeout");
    form_rig_free(&rig);
}

static void the_answer_is_out_before_the_restart(void **state)
{
    struct form_rig rig;

    (void)state;
    go_to(&rig, SUCCEEDED);
    for (int i = 0; ud_form_want(&rig.client) & SEND; i++) {
        assert_int_equal(ud_form_want(&rig.client), BOTH);
        ud_form_sent(&rig.client, 1, rig.now_ms);
    }
    const uint32_t since_ms = rig.now_ms;
    tick_at_deadline(&rig, 0); /* the other side has not closed */
    assert_int_equal(rig.now_ms - since_ms, UD_FORM_SETTLE_MS);
    assert_int_equal(ud_form_want(&rig.client), CLOSE);
    form_rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_knows_every_event_and_the_way_back),
        cmocka_unit_test(any_events_and_the_way_back),
        cmocka_unit_test(a_slow_head),
        cmocka_unit_test(slow_files),
        cmocka_unit_test(silence_is_answered),
        cmocka_unit_test(the_answer_is_out_before_the_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
