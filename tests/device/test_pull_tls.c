/* A pull over TLS, with a TLS that the test plays: what moves between the two, and what the
 * pull makes of a connection that ends. The real one is test_tls.c and the suite tls. */
#include "pull_rig.h"

#include "updraft/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 7u /* bytes a record takes: less than any line of a request */

static const char unchanged[] = "HTTP/1.0 304 Not Modified\r\nContent-Length: 0\r\n\r\n";

/* ---- The TLS ---- */

struct played {
    unsigned can; /* a set of enum ud_tls_want */
    int error;
    uint32_t room;
    uint8_t record[ROOM];
    char request[RIG_REQUEST_MAX];
    uint32_t request_length;
    uint32_t flushes;
    const char *answer;
    uint32_t answer_length; /* bytes left */
};

static unsigned want(const void *ctx)
{
    return ((const struct played *)ctx)->can;
}

static void *write_buffer(void *ctx, uint32_t *length)
{
    struct played *tls = ctx;

    *length = tls->room;
    return tls->record;
}

static void written(void *ctx, uint32_t length)
{
    struct played *tls = ctx;

    assert_in_range(length, 1, tls->room);
    assert_in_range(tls->request_length + length, 1, sizeof tls->request - 1);
    memcpy(tls->request + tls->request_length, tls->record, length);
    tls->request_length += length;
}

static void flush(void *ctx)
{
    ((struct played *)ctx)->flushes++;
}

static const void *read_buffer(const void *ctx, uint32_t *length)
{
    const struct played *tls = ctx;

    *length = tls->answer_length < ROOM ? tls->answer_length : ROOM;
    return tls->answer;
}

static void read(void *ctx, uint32_t length)
{
    struct played *tls = ctx;

    tls->answer += length;
    tls->answer_length -= length;
    if (tls->answer_length == 0)
        tls->can &= ~(unsigned)UD_TLS_READ;
}

static int error(const void *ctx)
{
    return ((const struct played *)ctx)->error;
}

static const struct ud_tls_methods methods = {
    .want = want,
    .write_buffer = write_buffer,
    .written = written,
    .flush = flush,
    .read_buffer = read_buffer,
    .read = read,
    .error = error,
};

/* ---- The pull over it ---- */

struct secured {
    struct pull_rig rig;
    struct played played;
    struct ud_tls tls;
};

static void begin(struct secured *secured)
{
    struct pull_rig *rig = &secured->rig;

    rig_init(rig);
    secured->played = (struct played){.room = ROOM};
    secured->tls = (struct ud_tls){&methods, &secured->played};
    assert_int_equal(ud_pull_init(&rig->pull, &rig->config), UD_OK);
    assert_int_equal(ud_pull_begin(&rig->pull, "http://host/a", rig->now_ms), UD_OK);
}

static bool serve(struct secured *secured)
{
    return ud_pull_tls_service(&secured->rig.pull, &secured->tls, secured->rig.now_ms);
}

static void shake_hands(struct secured *secured)
{
    secured->played.can |= UD_TLS_WRITE;
    assert_true(serve(secured));
    assert_int_equal(ud_pull_want(&secured->rig.pull) & UD_PULL_CONNECT, 0);
}

static void send_request(struct secured *secured)
{
    while (ud_pull_want(&secured->rig.pull) & UD_PULL_SEND)
        assert_true(serve(secured));
    secured->played.request[secured->played.request_length] = '\0';
}

static void answer(struct secured *secured, const char *text)
{
    secured->played.answer = text;
    secured->played.answer_length = (uint32_t)strlen(text);
    secured->played.can |= UD_TLS_READ;
}

/* The connection ends: UD_OK, or why. */
static void end(struct secured *secured, int why)
{
    secured->played.can = UD_TLS_CLOSED;
    secured->played.error = why;
    assert_true(serve(secured));
}

/* What came of it, once closed. */
static void finish(struct secured *secured, enum ud_pull_result result, int why)
{
    struct ud_pull *pull = &secured->rig.pull;

    if (ud_pull_want(pull) & UD_PULL_CLOSE)
        ud_pull_closed(pull, secured->rig.now_ms);
    assert_int_equal(ud_pull_want(pull), UD_PULL_FINISHED);
    assert_int_equal(ud_pull_result(pull), result);
    assert_int_equal(ud_pull_error(pull), why);
    assert_false(serve(secured));
    rig_free(&secured->rig);
}

/* ---- Tests ---- */

static struct secured secured;

static void a_request_and_its_answer(void **state)
{
    (void)state;
    begin(&secured);
    assert_false(serve(&secured)); /* the handshake goes on */
    shake_hands(&secured);
    assert_int_equal(secured.played.flushes, 0);
    send_request(&secured);
    assert_int_equal(secured.played.flushes, 1);
    assert_memory_equal(secured.played.request, "GET /a HTTP/1.", 14);
    assert_string_equal(secured.played.request + secured.played.request_length - 4, "\r\n\r\n");
    assert_false(serve(&secured)); /* nothing has come yet */
    answer(&secured, unchanged);
    while (ud_pull_want(&secured.rig.pull) & UD_PULL_RECEIVE)
        assert_true(serve(&secured));
    finish(&secured, UD_PULL_NO_UPDATES, UD_OK);
}

static void no_room_means_to_wait(void **state)
{
    (void)state;
    begin(&secured);
    shake_hands(&secured);
    secured.played.room = 0;
    assert_false(serve(&secured));
    assert_true(ud_pull_want(&secured.rig.pull) & UD_PULL_SEND);
    secured.played.room = ROOM;
    assert_true(serve(&secured));
    assert_int_equal(secured.played.request_length, ROOM);
    rig_free(&secured.rig);
}

static void a_handshake_that_fails_says_why(void **state)
{
    static const int reasons[] = {UD_ERR_TLS, UD_ERR_TLS_TRUST, UD_ERR_TLS_NAME, UD_ERR_TLS_PIN};

    (void)state;
    for (uint32_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        begin(&secured);
        end(&secured, reasons[i]);
        finish(&secured, UD_PULL_FAILED, reasons[i]);
    }
}

static void a_connection_that_ends_in_the_handshake_has_failed(void **state)
{
    (void)state;
    begin(&secured);
    end(&secured, UD_OK);
    finish(&secured, UD_PULL_FAILED, UD_ERR_HTTP_CONNECT);
}

static void a_damaged_record_is_not_the_end_of_an_answer(void **state)
{
    (void)state;
    begin(&secured);
    shake_hands(&secured);
    send_request(&secured);
    end(&secured, UD_ERR_TLS);
    assert_int_equal(ud_pull_want(&secured.rig.pull), UD_PULL_CLOSE);
    assert_false(serve(&secured));
    ud_pull_broken(&secured.rig.pull, UD_ERR_TLS_RECORD); /* the first reason stays */
    finish(&secured, UD_PULL_FAILED, UD_ERR_TLS);
}

static void a_peer_that_closes_before_it_answers_is_lost(void **state)
{
    (void)state;
    begin(&secured);
    shake_hands(&secured);
    send_request(&secured);
    end(&secured, UD_OK);
    finish(&secured, UD_PULL_FAILED, UD_ERR_HTTP_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_and_its_answer),
        cmocka_unit_test(no_room_means_to_wait),
        cmocka_unit_test(a_handshake_that_fails_says_why),
        cmocka_unit_test(a_connection_that_ends_in_the_handshake_has_failed),
        cmocka_unit_test(a_damaged_record_is_not_the_end_of_an_answer),
        cmocka_unit_test(a_peer_that_closes_before_it_answers_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
