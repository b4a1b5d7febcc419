/* Every state of the receiver against every event, and the way back to idle from
 * wherever that leads. */
#include "espota_rig.h"

#include "device/port/bearssl/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BEGUN_AT_MS (UINT32_MAX - 15000u) /* the clock wraps on the way */

enum at {
    IDLE,
    HELD,
    CHALLENGED,
    STRETCHING,
    CONNECTING,
    RECEIVING, /* nothing yet */
    WRITING,   /* some bytes */
    SETTLING,
    ANSWERING,
    REFUSING, /* as ANSWERING, with an error */
    CLOSING,  /* after a success */
    LEAVING,  /* after a failure */
    RESTARTING,
};
#define STATES 13

enum event {
    INVITED,      /* by the inviter, again */
    INVITED_ANEW, /* by the inviter, to something else */
    STRANGER,     /* an invitation from elsewhere */
    PROOF,        /* a good one */
    BAD_PROOF,
    NOISE,
    STRETCHED, /* all rounds */
    CONNECTED,
    FAILED,
    RECEIVED, /* the next byte */
    REST,     /* all bytes that are missing */
    PEER_CLOSED,
    CLOSED,
    EARLY, /* a tick before the deadline */
    LATE,  /* a tick at it */
    ABORT,
};
#define EVENTS 16

static const char *const event_names[EVENTS] = {
    "invited",   "invited anew", "stranger", "proof",    "bad proof", "noise",
    "stretched", "connected",    "failed",   "received", "rest",      "closed by peer",
    "closed",    "early",        "late",     "abort",
};

#define FILES      "12345678"
#define FILES_SIZE 8u
#define INVITATION "100 48266 8 25d55ad283aa400af464c76d713c07ad\n"
#define OTHER      "100 48267 8 25d55ad283aa400af464c76d713c07ad\n"
#define CNONCE     "8011c082976c2e84ed034a6c2954c74ff0ecd6e762e9dc161d848c68545708e6"
#define WRONG      "200 " CNONCE " " CNONCE "\n"

/* The proof for whatever nonce the engine gave out last. */
static void hear_proof(struct espota_rig *rig)
{
    char text[2 * UD_ESPOTA_HEX_TEXT + 8] = "200 " CNONCE " ";
    char key_text[UD_ESPOTA_HEX_TEXT];
    uint8_t response[UD_SHA256_SIZE];
    struct ud_pbkdf2 key;
    const struct ud_espota_peer from = espota_rig_peer(RIG_INVITER, 1);
    char nonce[UD_ESPOTA_HEX_TEXT];

    ud_hex_encode(rig->espota.said.nonce, sizeof response, nonce);
    ud_espota_hash(&ud_sha256, "admin", key_text);
    ud_espota_key_begin(&key, &ud_sha256, key_text, nonce, CNONCE);
    ud_pbkdf2_step(&key, UINT32_MAX);
    ud_hex_encode(key.sum, sizeof response, key_text);
    ud_espota_response(&ud_sha256, key_text, nonce, CNONCE, response);
    ud_hex_encode(response, sizeof response, text + strlen(text));
    ud_espota_datagram(&rig->espota, &from, text, (uint32_t)strlen(text), rig->random, rig->now_ms);
}

static void start(struct espota_rig *rig)
{
    espota_rig_init(rig);
    rig->now_ms = BEGUN_AT_MS;
    rig->config.digest = &ud_sha256;
    rig->config.password = "admin";
    espota_rig_start(rig);
}

static void connect(struct espota_rig *rig)
{
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    hear_proof(rig);
    espota_rig_serve(rig);
}

static void go_on_connected(struct espota_rig *rig, enum at at)
{
    ud_espota_connected(&rig->espota, rig->now_ms);
    if (at == RECEIVING)
        return;
    espota_rig_receive(rig, FILES, 1, 0);
    if (at == WRITING)
        return;
    if (at == LEAVING) {
        ud_espota_peer_closed(&rig->espota, rig->now_ms);
        return;
    }
    espota_rig_receive(rig, at == REFUSING ? FILES : FILES + 1, FILES_SIZE - 1, 0);
    if (at == SETTLING || at == REFUSING)
        return;
    assert_true(espota_rig_wait(rig));
    if (at == ANSWERING)
        return;
    ud_espota_peer_closed(&rig->espota, rig->now_ms);
    if (at == RESTARTING)
        ud_espota_closed(&rig->espota);
}

static void go_to(struct espota_rig *rig, enum at at)
{
    start(rig);
    if (at == HELD) {
        espota_rig_hear(rig, RIG_INVITER, INVITATION);
        espota_rig_hear(rig, RIG_INVITER, WRONG);
        espota_rig_hear(rig, RIG_INVITER, INVITATION);
    } else if (at == CHALLENGED) {
        espota_rig_hear(rig, RIG_INVITER, INVITATION);
    } else if (at == STRETCHING) {
        espota_rig_hear(rig, RIG_INVITER, INVITATION);
        hear_proof(rig);
    } else if (at >= CONNECTING) {
        connect(rig);
    }
    if (at > CONNECTING)
        go_on_connected(rig, at);
    espota_rig_forget(rig);
    rig->failure = RIG_NOT_FAILED;
    rig->failures = 0;
}

static void tick_at_deadline(struct espota_rig *rig, uint32_t before_ms)
{
    uint32_t deadline_ms;

    if (!ud_espota_deadline(&rig->espota, &deadline_ms))
        return;
    rig->now_ms = deadline_ms - before_ms;
    ud_espota_tick(&rig->espota, rig->now_ms);
}

static void hear(struct espota_rig *rig, uint8_t host, const char *text)
{
    const struct ud_espota_peer from = espota_rig_peer(host, 1);

    ud_espota_datagram(&rig->espota, &from, text, (uint32_t)strlen(text), rig->random, rig->now_ms);
}

static void receive_rest(struct espota_rig *rig)
{
    const uint32_t taken = ud_updater_progress(&rig->device.updater);

    ud_espota_received(&rig->espota, FILES + taken % FILES_SIZE, FILES_SIZE - taken % FILES_SIZE,
                       rig->now_ms);
}

static void fire(struct espota_rig *rig, enum event event)
{
    struct ud_espota *espota = &rig->espota;

    switch (event) {
    case INVITED:
        hear(rig, RIG_INVITER, INVITATION);
        break;
    case INVITED_ANEW:
        hear(rig, RIG_INVITER, OTHER);
        break;
    case STRANGER:
        hear(rig, RIG_STRANGER, INVITATION);
        break;
    case PROOF:
        hear_proof(rig);
        break;
    case BAD_PROOF:
        hear(rig, RIG_INVITER, WRONG);
        break;
    case NOISE:
        hear(rig, RIG_INVITER, "OK");
        break;
    case STRETCHED:
        ud_espota_stretch(espota, &rig->key, UINT32_MAX, rig->now_ms);
        break;
    case CONNECTED:
        ud_espota_connected(espota, rig->now_ms);
        break;
    case FAILED:
        ud_espota_connection_failed(espota);
        break;
    case RECEIVED:
        ud_espota_received(espota, "2", 1, rig->now_ms);
        break;
    case REST:
        receive_rest(rig);
        break;
    case PEER_CLOSED:
        ud_espota_peer_closed(espota, rig->now_ms);
        break;
    case CLOSED:
        ud_espota_closed(espota);
        break;
    case EARLY:
        tick_at_deadline(rig, 1);
        break;
    case LATE:
        tick_at_deadline(rig, 0);
        break;
    case ABORT:
    default:
        ud_espota_abort(espota);
        break;
    }
}

#define REPLY   UD_ESPOTA_REPLY
#define RECEIVE UD_ESPOTA_RECEIVE
#define SEND    (UD_ESPOTA_RECEIVE | UD_ESPOTA_SEND)
#define CLOSE   UD_ESPOTA_CLOSE
#define NONE    RIG_NOT_FAILED

static const unsigned wants[STATES] = {
    [IDLE] = 0,
    [HELD] = 0,
    [CHALLENGED] = 0,
    [STRETCHING] = UD_ESPOTA_STRETCH,
    [CONNECTING] = UD_ESPOTA_CONNECT,
    [RECEIVING] = RECEIVE,
    [WRITING] = RECEIVE,
    [SETTLING] = RECEIVE,
    [ANSWERING] = RECEIVE,
    [REFUSING] = RECEIVE,
    [CLOSING] = CLOSE,
    [LEAVING] = CLOSE,
    [RESTARTING] = UD_ESPOTA_RESTART,
};

/* What is wanted after the event, what has failed by then, and whether the
 * updater's session runs. Events that are not named leave everything as it is. */
static const struct edge {
    enum at at;
    enum event event;
    unsigned want;
    int failure;
    bool is_running;
} edges[] = {
    {IDLE, INVITED, REPLY, NONE, false},
    {IDLE, INVITED_ANEW, REPLY, NONE, false},
    {IDLE, STRANGER, REPLY, NONE, false},

    {HELD, LATE, REPLY, NONE, false},

    {CHALLENGED, INVITED, REPLY, NONE, false},
    {CHALLENGED, INVITED_ANEW, REPLY, NONE, false},
    {CHALLENGED, STRANGER, REPLY, NONE, false},
    {CHALLENGED, PROOF, UD_ESPOTA_STRETCH, NONE, false},
    {CHALLENGED, BAD_PROOF, UD_ESPOTA_STRETCH, NONE, false},
    {CHALLENGED, LATE, 0, UD_ESPOTA_AUTH_FAILED, false},

    {STRETCHING, INVITED_ANEW, REPLY, NONE, false},
    {STRETCHING, STRANGER, REPLY, NONE, false},
    {STRETCHING, STRETCHED, REPLY | UD_ESPOTA_CONNECT, NONE, true},
    {STRETCHING, LATE, 0, UD_ESPOTA_AUTH_FAILED, false},
    {STRETCHING, ABORT, 0, NONE, false},

    {CONNECTING, INVITED, REPLY | UD_ESPOTA_CONNECT, NONE, true},
    {CONNECTING, CONNECTED, RECEIVE, NONE, true},
    {CONNECTING, FAILED, 0, UD_ESPOTA_CONNECT_FAILED, false},
    {CONNECTING, LATE, CLOSE, UD_ESPOTA_CONNECT_FAILED, false},
    {CONNECTING, ABORT, CLOSE, NONE, false},

    {RECEIVING, INVITED, REPLY | RECEIVE, NONE, true},
    {RECEIVING, RECEIVED, SEND, NONE, true},
    {RECEIVING, REST, SEND, NONE, false},
    {RECEIVING, PEER_CLOSED, CLOSE, UD_ESPOTA_RECEIVE_FAILED, false},
    {RECEIVING, LATE, SEND, UD_ESPOTA_RECEIVE_FAILED, false},
    {RECEIVING, ABORT, CLOSE, NONE, false},

    {WRITING, RECEIVED, SEND, NONE, true},
    {WRITING, REST, SEND, NONE, false},
    {WRITING, PEER_CLOSED, CLOSE, UD_ESPOTA_RECEIVE_FAILED, false},
    {WRITING, LATE, SEND, UD_ESPOTA_RECEIVE_FAILED, false},
    {WRITING, ABORT, CLOSE, NONE, false},

    {SETTLING, PEER_CLOSED, CLOSE, NONE, false},
    {SETTLING, LATE, SEND, NONE, false},
    {SETTLING, ABORT, CLOSE, NONE, false},

    {ANSWERING, PEER_CLOSED, CLOSE, NONE, false},
    {ANSWERING, LATE, CLOSE, NONE, false},
    {ANSWERING, ABORT, CLOSE, NONE, false},

    {REFUSING, PEER_CLOSED, CLOSE, NONE, false},
    {REFUSING, LATE, CLOSE, NONE, false},
    {REFUSING, ABORT, CLOSE, NONE, false},

    {CLOSING, CLOSED, UD_ESPOTA_RESTART, NONE, false},
    {CLOSING, LATE, UD_ESPOTA_RESTART, NONE, false},

    {LEAVING, CLOSED, 0, NONE, false},
    {LEAVING, LATE, 0, NONE, false},
};

static bool is_session_running(enum at at)
{
    return at == CONNECTING || at == RECEIVING || at == WRITING;
}

static struct edge edge_of(enum at at, enum event event)
{
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        if (edges[i].at == at && edges[i].event == event)
            return edges[i];
    }
    return (struct edge){at, event, wants[at], NONE, is_session_running(at)};
}

/* No more events but time, which a driver that does nothing lets pass. */
static void assert_returns(struct espota_rig *rig, bool serves)
{
    const uint32_t since_ms = rig->now_ms;
    uint32_t deadline_ms;
    int steps = 0;

    while (ud_espota_deadline(&rig->espota, &deadline_ms)) {
        assert_true((int32_t)(deadline_ms - rig->now_ms) >= 0);
        assert_true(++steps < 10);
        rig->now_ms = deadline_ms;
        ud_espota_tick(&rig->espota, rig->now_ms);
        if (serves && steps % 2 == 1)
            espota_rig_serve(rig);
    }
    assert_true(rig->now_ms - since_ms <= 4 * UD_ESPOTA_TIMEOUT_MS);
    assert_false(ud_updater_is_running(&rig->device.updater));
    if (ud_espota_want(&rig->espota) == UD_ESPOTA_RESTART)
        return;
    assert_int_equal(ud_espota_want(&rig->espota) & ~REPLY, 0);
    espota_rig_forget(rig);
    connect(rig); /* it takes the next upload */
    assert_int_equal(ud_espota_want(&rig->espota), UD_ESPOTA_CONNECT);
}

static void walk(enum at at, enum event event, bool serves)
{
    const struct edge edge = edge_of(at, event);
    struct espota_rig rig;

    go_to(&rig, at);
    assert_int_equal(ud_espota_want(&rig.espota), wants[at]);
    fire(&rig, event);
    assert_int_equal(ud_espota_want(&rig.espota), edge.want);
    assert_int_equal(rig.failure, edge.failure);
    assert_int_equal(ud_updater_is_running(&rig.device.updater), edge.is_running);
    assert_returns(&rig, serves);
    espota_rig_free(&rig);
}

static void every_state_knows_every_event_and_the_way_back(void **state)
{
    (void)state;
    for (int at = 0; at < STATES; at++) {
        for (int event = 0; event < EVENTS; event++) {
            print_message("state %d, %s\n", at, event_names[event]);
            walk((enum at)at, (enum event)event, false);
            walk((enum at)at, (enum event)event, true);
        }
    }
}

/* Events in any order, and then none: the same way back. */
static void any_events_and_the_way_back(void **state)
{
    const unsigned seed = 1723891200;

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 60; round++) {
        struct espota_rig rig;

        start(&rig);
        for (int i = 0; i < 60; i++) {
            const enum event event = (enum event)(rand() % EVENTS);
            if (rand() % 2)
                espota_rig_serve(&rig);
            fire(&rig, event);
            espota_rig_forget(&rig);
        }
        assert_returns(&rig, round % 2);
        espota_rig_free(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_knows_every_event_and_the_way_back),
        cmocka_unit_test(any_events_and_the_way_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
