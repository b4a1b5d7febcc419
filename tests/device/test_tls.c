/* The TLS port: certificates read in pieces, and BearSSL's client against OpenSSL's server
 * in memory, a byte at a time. */
#include "device/port/bearssl/tls.h"

#include "guard_page.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED    20261121u
#define DER_MAX 2048
#define BIG     20000
#define NOW_S   1790000000 /* September 2026 */
#define YEAR_S  (365L * 24 * 3600)
#define HOST    "updates.example"

struct pair {
    EVP_PKEY *key;
    X509 *certificate;
    uint8_t der[DER_MAX];
    uint32_t length;
    uint8_t pin[UD_SHA256_SIZE];
};

/* Signed by itself. */
static void make_pair(struct pair *pair, bool is_rsa, const char *name, int64_t begins_s)
{
    unsigned char *der = NULL, *end = pair->der;
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);

    pair->key = is_rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
                       : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    ASN1_TIME_set(X509_getm_notBefore(certificate), begins_s);
    ASN1_TIME_set(X509_getm_notAfter(certificate), begins_s + YEAR_S);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_set_pubkey(certificate, pair->key);
    assert_true(X509_sign(certificate, pair->key, EVP_sha256()) > 0);
    pair->certificate = certificate;
    pair->length = (uint32_t)i2d_X509(certificate, NULL);
    assert_true(pair->length <= DER_MAX);
    i2d_X509(certificate, &end);
    const int length = i2d_PUBKEY(pair->key, &der);
    assert_int_equal(EVP_Digest(der, (size_t)length, pair->pin, NULL, EVP_sha256(), NULL), 1);
    OPENSSL_free(der);
}

static void free_pair(struct pair *pair)
{
    EVP_PKEY_free(pair->key);
    X509_free(pair->certificate);
}

/* ---- Certificates ---- */

static void expect_read(const struct pair *pair, const struct ud_bearssl_certificate *read,
                        int64_t begins_s)
{
    const struct ud_bearssl_moment wanted = ud_bearssl_moment((uint64_t)begins_s);
    struct ud_bearssl_moment start;
    uint8_t pin[UD_SHA256_SIZE];

    assert_true(ud_bearssl_certificate_pin(read, pin));
    assert_memory_equal(pin, pair->pin, sizeof pin);
    assert_true(ud_bearssl_certificate_start(read, &start));
    assert_int_equal(start.days, wanted.days);
    assert_int_equal(start.seconds, wanted.seconds);
}

static void check_pieces(bool is_rsa, const char *name, int64_t begins_s)
{
    struct ud_bearssl_certificate read;
    struct pair pair;

    make_pair(&pair, is_rsa, name, begins_s);
    for (uint32_t split = 0; split <= pair.length; split++) {
        struct guard_page head = guard_page_copy(pair.der, split);
        ud_bearssl_certificate_begin(&read);
        ud_bearssl_certificate_add(&read, head.data, split);
        ud_bearssl_certificate_add(&read, pair.der + split, pair.length - split);
        guard_page_free(&head);
        expect_read(&pair, &read, begins_s);
    }
    ud_bearssl_certificate_begin(&read);
    for (uint32_t i = 0; i < pair.length; i++)
        ud_bearssl_certificate_add(&read, pair.der + i, 1);
    expect_read(&pair, &read, begins_s);
    free_pair(&pair);
}

static void pins_and_dates_are_read_from_any_pieces(void **state)
{
    (void)state;
    check_pieces(false, "a", NOW_S);
    check_pieces(true, "a name of sixty-four characters, as long as common names may be ....", 0);
    check_pieces(false, "GeneralizedTime", 2600000000); /* from 2050 on */
    check_pieces(false, "a leap day", 951782400);       /* 29 February 2000 */
}

/* As TLS hands it over, in pieces. What end_chain() says: 0 is that it is trusted. */
static unsigned judge_by_pin(const struct pair *pair, uint32_t piece)
{
    const struct ud_bearssl_trust_config config = {.pin = pair->pin};
    struct ud_bearssl_trust trust;

    assert_int_equal(ud_bearssl_trust_init(&trust, &config), UD_OK);
    trust.methods->start_chain(&trust.methods, HOST);
    trust.methods->start_cert(&trust.methods, pair->length);
    for (uint32_t at = 0; at < pair->length; at += piece)
        trust.methods->append(&trust.methods, pair->der + at,
                              piece < pair->length - at ? piece : pair->length - at);
    trust.methods->end_cert(&trust.methods);
    return trust.methods->end_chain(&trust.methods);
}

/* BearSSL's decoder runs on past its program when it is fed after an error. */
static void a_damaged_certificate_does_no_harm(void **state)
{
    struct pair pair;

    (void)state;
    make_pair(&pair, true, HOST, NOW_S);
    assert_int_equal(judge_by_pin(&pair, 64), 0);
    for (uint32_t at = 0; at < pair.length; at++) {
        for (uint32_t piece = 1; piece <= 64; piece *= 4) {
            pair.der[at] ^= 0x20;
            const unsigned whole = judge_by_pin(&pair, pair.length);
            assert_int_equal(judge_by_pin(&pair, piece), whole);
            pair.der[at] ^= 0x20;
        }
    }
    assert_int_equal(judge_by_pin(&pair, 1), 0);
    free_pair(&pair);
}

static void half_a_certificate_has_no_pin(void **state)
{
    struct ud_bearssl_certificate read;
    uint8_t pin[UD_SHA256_SIZE];
    struct pair pair;
    uint32_t first = 0;

    (void)state;
    make_pair(&pair, false, HOST, NOW_S);
    for (uint32_t length = 0; length <= pair.length && first == 0; length++) {
        ud_bearssl_certificate_begin(&read);
        ud_bearssl_certificate_add(&read, pair.der, length);
        if (ud_bearssl_certificate_pin(&read, pin))
            first = length;
    }
    /* The key ends before the extensions and the signature do. */
    assert_in_range(first, 150, pair.length - 60);
    free_pair(&pair);
}

static void damaged_certificates_are_read_within_bounds(void **state)
{
    struct pair pair;

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    make_pair(&pair, false, HOST, NOW_S);
    for (int round = 0; round < 2000; round++) {
        struct ud_bearssl_certificate read;
        struct ud_bearssl_moment start;
        uint8_t pin[UD_SHA256_SIZE];
        struct guard_page copy = guard_page_copy(pair.der, pair.length);

        for (int i = 0; i < 3; i++)
            copy.data[(uint32_t)rand() % pair.length] = (uint8_t)rand();
        ud_bearssl_certificate_begin(&read);
        ud_bearssl_certificate_add(&read, copy.data, pair.length);
        (void)ud_bearssl_certificate_pin(&read, pin);
        (void)ud_bearssl_certificate_start(&read, &start);
        guard_page_free(&copy);
    }
    free_pair(&pair);
}

static void days_are_counted_as_bearssl_does(void **state)
{
    (void)state;
    assert_int_equal(ud_bearssl_moment(0).days, 719528);
    assert_int_equal(ud_bearssl_moment(86399).seconds, 86399);
    assert_int_equal(ud_bearssl_moment(86400).days, 719529);
    assert_int_equal(ud_bearssl_moment(1582934400).days, 719528 + 18321); /* 29 February 2020 */
}

/* ---- Conversations ---- */

struct talk {
    struct pair server;
    SSL_CTX *context;
    SSL *ssl;
    BIO *to_server, *to_client;
    struct ud_bearssl_trust trust;
    struct ud_bearssl_tls session;
    struct ud_bearssl_anchor anchor;
    struct ud_tls tls;
    uint8_t send_buffer[UD_BEARSSL_TLS_SEND_MIN];
    uint8_t receive_buffer[4096 + UD_BEARSSL_TLS_OVERHEAD];
    uint32_t receive_size;
    uint32_t step; /* bytes at a time; 0: all */
    char said[BIG + 1];
    uint32_t said_length;
    bool was_open_early; /* the client would have sent before the server was proven */
};

static void open_server(struct talk *talk, bool is_rsa)
{
    make_pair(&talk->server, is_rsa, HOST, NOW_S - YEAR_S / 2);
    talk->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_max_proto_version(talk->context, TLS1_2_VERSION);
    SSL_CTX_use_certificate(talk->context, talk->server.certificate);
    SSL_CTX_use_PrivateKey(talk->context, talk->server.key);
    talk->ssl = SSL_new(talk->context);
    talk->to_server = BIO_new(BIO_s_mem());
    talk->to_client = BIO_new(BIO_s_mem());
    SSL_set_bio(talk->ssl, talk->to_server, talk->to_client);
    SSL_set_accept_state(talk->ssl);
}

static void close_talk(struct talk *talk)
{
    SSL_free(talk->ssl);
    SSL_CTX_free(talk->context);
    free_pair(&talk->server);
    free(talk);
}

static struct talk *open_talk(bool is_rsa, uint32_t record)
{
    struct talk *talk = calloc(1, sizeof *talk);

    assert_non_null(talk);
    open_server(talk, is_rsa);
    talk->receive_size = record + UD_BEARSSL_TLS_OVERHEAD;
    return talk;
}

static void begin(struct talk *talk, const struct ud_bearssl_trust_config *whom, const char *host)
{
    static const uint8_t seed[UD_BEARSSL_TLS_SEED] = "unguessable only in real life";
    const struct ud_bearssl_tls_config config = {
        .receive_buffer = talk->receive_buffer,
        .receive_size = talk->receive_size,
        .send_buffer = talk->send_buffer,
        .send_size = sizeof talk->send_buffer,
        .trust = &talk->trust,
        .whom = *whom,
    };

    assert_int_equal(ud_bearssl_tls_init(&talk->session, &config, seed), UD_OK);
    talk->tls = ud_bearssl_tls(&talk->session);
    assert_int_equal(talk->tls.methods->begin(talk->tls.ctx, host), UD_OK);
}

static uint32_t at_most(const struct talk *talk, uint32_t length)
{
    return talk->step != 0 && length > talk->step ? talk->step : length;
}

/* True when something moved. */
static bool move(struct talk *talk)
{
    const struct ud_tls_methods *methods = talk->tls.methods;
    const unsigned want = methods->want(talk->tls.ctx);
    uint32_t length;

    if (want & UD_TLS_SEND) {
        const void *bytes = methods->send_buffer(talk->tls.ctx, &length);
        length = at_most(talk, length);
        BIO_write(talk->to_server, bytes, (int)length);
        methods->sent(talk->tls.ctx, length);
        return true;
    }
    if (want & UD_TLS_READ) {
        const void *bytes = methods->read_buffer(talk->tls.ctx, &length);
        length = at_most(talk, length);
        assert_true(length <= BIG - talk->said_length);
        memcpy(talk->said + talk->said_length, bytes, length);
        talk->said_length += length;
        methods->read(talk->tls.ctx, length);
        return true;
    }
    if ((want & UD_TLS_RECEIVE) == 0)
        return false;
    void *room = methods->receive_buffer(talk->tls.ctx, &length);
    const int count = BIO_read(talk->to_client, room, (int)at_most(talk, length));
    if (count > 0)
        methods->received(talk->tls.ctx, (uint32_t)count);
    return count > 0;
}

/* Until nothing moves any more; the handshake, where it works. */
static void shake_hands(struct talk *talk)
{
    bool has_moved = true;

    while (has_moved) {
        has_moved = move(talk);
        SSL_do_handshake(talk->ssl);
        if ((talk->tls.methods->want(talk->tls.ctx) & UD_TLS_WRITE) &&
            !SSL_is_init_finished(talk->ssl))
            talk->was_open_early = true;
        has_moved |= BIO_ctrl_pending(talk->to_client) > 0 &&
                     (talk->tls.methods->want(talk->tls.ctx) & UD_TLS_RECEIVE) != 0;
    }
}

static bool is_open(const struct talk *talk)
{
    return (talk->tls.methods->want(talk->tls.ctx) & UD_TLS_WRITE) != 0;
}

static void say_to_server(struct talk *talk, const char *text)
{
    uint32_t room;
    void *record = talk->tls.methods->write_buffer(talk->tls.ctx, &room);
    char heard[64] = "";

    assert_true(room >= strlen(text));
    memcpy(record, text, strlen(text));
    talk->tls.methods->written(talk->tls.ctx, (uint32_t)strlen(text));
    talk->tls.methods->flush(talk->tls.ctx);
    while (move(talk))
        ;
    assert_int_equal(SSL_read(talk->ssl, heard, sizeof heard), (int)strlen(text));
    assert_string_equal(heard, text);
}

static void say_to_client(struct talk *talk)
{
    char text[BIG];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7 + i / 251);
    for (size_t sent = 0; sent < sizeof text;) {
        const int count = SSL_write(talk->ssl, text + sent, (int)(sizeof text - sent));
        assert_true(count > 0);
        sent += (size_t)count;
        while (move(talk))
            ;
    }
    SSL_shutdown(talk->ssl);
    while (move(talk))
        ;
    assert_int_equal(talk->said_length, sizeof text);
    assert_memory_equal(talk->said, text, sizeof text);
    assert_true(talk->tls.methods->want(talk->tls.ctx) & UD_TLS_CLOSED);
    assert_int_equal(talk->tls.methods->error(talk->tls.ctx), UD_OK);
}

static void converse(bool is_rsa, uint32_t record, uint32_t step)
{
    struct talk *talk = open_talk(is_rsa, record);
    const struct ud_bearssl_trust_config whom = {.pin = talk->server.pin};

    talk->step = step;
    begin(talk, &whom, HOST);
    shake_hands(talk);
    assert_true(is_open(talk));
    assert_false(talk->was_open_early);
    say_to_server(talk, "GET / HTTP/1.0");
    say_to_client(talk);
    close_talk(talk);
}

static void any_buffer_and_any_pieces_will_do(void **state)
{
    (void)state;
    converse(false, 512, 0);
    converse(false, 512, 1);
    converse(false, 1024, 7);
    converse(true, 4096, 1);
    converse(true, 2048, 0);
}

/* What becomes of a handshake. */
static int verdict(const struct ud_bearssl_trust_config *whom, struct talk *talk, const char *host)
{
    begin(talk, whom, host);
    shake_hands(talk);
    const int error = talk->tls.methods->error(talk->tls.ctx);

    assert_int_equal(is_open(talk), error == UD_OK);
    close_talk(talk);
    return error;
}

static struct talk *with_anchor(struct ud_bearssl_trust_config *whom)
{
    struct talk *talk = open_talk(false, 4096);

    assert_int_equal(ud_bearssl_anchor_read(&talk->anchor, talk->server.der, talk->server.length),
                     UD_OK);
    *whom = (struct ud_bearssl_trust_config){
        .anchors = &talk->anchor, .anchor_count = 1, .now_s = NOW_S};
    return talk;
}

static void a_server_s_own_certificate_can_be_trusted(void **state)
{
    struct ud_bearssl_trust_config whom;
    struct talk *talk = with_anchor(&whom);

    (void)state;
    assert_int_equal(verdict(&whom, talk, HOST), UD_OK);
    talk = with_anchor(&whom);
    assert_int_equal(verdict(&whom, talk, "another.example"), UD_ERR_TLS_NAME);
    talk = with_anchor(&whom);
    whom.now_s = NOW_S + YEAR_S;
    assert_int_equal(verdict(&whom, talk, HOST), UD_ERR_TLS_DATE);
    talk = with_anchor(&whom);
    whom.now_s = NOW_S - YEAR_S;
    assert_int_equal(verdict(&whom, talk, HOST), UD_ERR_TLS_DATE);
}

static void unknown_time_is_made_up_from_what_is_known(void **state)
{
    struct ud_bearssl_trust_config whom;
    struct talk *talk = with_anchor(&whom);

    (void)state;
    whom.now_s = 0;
    assert_int_equal(verdict(&whom, talk, HOST), UD_OK);
    talk = with_anchor(&whom);
    whom.now_s = 0;
    whom.past_s = NOW_S;
    assert_int_equal(verdict(&whom, talk, HOST), UD_OK);
    talk = with_anchor(&whom);
    whom.now_s = 0;
    whom.past_s = NOW_S + YEAR_S; /* it had ended before that */
    assert_int_equal(verdict(&whom, talk, HOST), UD_ERR_TLS_DATE);
}

static void pin_and_anchor_both_count(void **state)
{
    uint8_t other[UD_SHA256_SIZE];
    struct ud_bearssl_trust_config whom;
    struct talk *talk = with_anchor(&whom);

    (void)state;
    memcpy(other, talk->server.pin, sizeof other);
    whom.pin = talk->server.pin;
    assert_int_equal(verdict(&whom, talk, HOST), UD_OK);
    talk = with_anchor(&whom);
    other[31] ^= 1;
    whom.pin = other;
    assert_int_equal(verdict(&whom, talk, HOST), UD_ERR_TLS_PIN);
    talk = open_talk(false, 512);
    whom = (struct ud_bearssl_trust_config){.pin = other};
    assert_int_equal(verdict(&whom, talk, HOST), UD_ERR_TLS_PIN);
}

static void somebody_must_be_trusted(void **state)
{
    const uint8_t seed[UD_BEARSSL_TLS_SEED] = {0};
    struct talk *talk = open_talk(false, 512);
    struct ud_bearssl_tls_config config = {
        .receive_buffer = talk->receive_buffer,
        .receive_size = UD_BEARSSL_TLS_RECEIVE_MIN,
        .send_buffer = talk->send_buffer,
        .send_size = sizeof talk->send_buffer,
        .trust = &talk->trust,
    };

    (void)state;
    assert_int_equal(ud_bearssl_tls_init(&talk->session, &config, seed), UD_ERR_ARGUMENT);
    config.whom.pin = talk->server.pin;
    assert_int_equal(ud_bearssl_tls_init(&talk->session, &config, seed), UD_OK);
    config.receive_size--;
    assert_int_equal(ud_bearssl_tls_init(&talk->session, &config, seed), UD_ERR_ARGUMENT);
    close_talk(talk);
}

/* The same seed must not make the same secrets twice. */
static void each_connection_has_random_numbers_of_its_own(void **state)
{
    struct talk *talk = open_talk(false, 512);
    const struct ud_bearssl_trust_config whom = {.pin = talk->server.pin};
    uint8_t first[600], second[600];
    uint32_t first_length, second_length;

    (void)state;
    begin(talk, &whom, HOST);
    const void *bytes = talk->tls.methods->send_buffer(talk->tls.ctx, &first_length);
    assert_in_range(first_length, 50, sizeof first);
    memcpy(first, bytes, first_length);
    assert_int_equal(talk->tls.methods->begin(talk->tls.ctx, HOST), UD_OK);
    bytes = talk->tls.methods->send_buffer(talk->tls.ctx, &second_length);
    assert_int_equal(second_length, first_length);
    memcpy(second, bytes, second_length);
    assert_memory_not_equal(first, second, first_length);
    close_talk(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_and_dates_are_read_from_any_pieces),
        cmocka_unit_test(a_damaged_certificate_does_no_harm),
        cmocka_unit_test(half_a_certificate_has_no_pin),
        cmocka_unit_test(damaged_certificates_are_read_within_bounds),
        cmocka_unit_test(days_are_counted_as_bearssl_does),
        cmocka_unit_test(any_buffer_and_any_pieces_will_do),
        cmocka_unit_test(a_server_s_own_certificate_can_be_trusted),
        cmocka_unit_test(unknown_time_is_made_up_from_what_is_known),
        cmocka_unit_test(pin_and_anchor_both_count),
        cmocka_unit_test(somebody_must_be_trusted),
        cmocka_unit_test(each_connection_has_random_numbers_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
