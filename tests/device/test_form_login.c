/* Who may update the device: Basic and Digest authentication, with every request and
 * in every order of them.
 */
#include "form_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

#define BASIC "Basic YWRtaW46c2VjcmV0" /* admin:secret */
#define PUT   "PUT /update?filesystem HTTP/1.1\nContent-Length: 8\nAuthorization: @\n\neight by"
#define GET   "GET /update HTTP/1.1\nAuthorization: @\n\n"

static int set_up(void **state)
{
    struct form_rig *rig = malloc(sizeof *rig);

    form_rig_init(rig, NULL);
    rig->config.user = "admin";
    rig->config.password = "secret";
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    form_rig_free(*state);
    free(*state);
    return 0;
}

/* The authorization takes the place of the request's @. */
static int say_with(struct form_rig *rig, const char *request, const char *authorization)
{
    const char *at = strchr(request, '@');
    char text[1024];

    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - request), request, authorization, at + 1);
    return form_rig_say(rig, text);
}

static int say_digest(struct form_rig *rig, const char *request, const struct form_digest *digest)
{
    char authorization[512];

    form_rig_authorize(digest, authorization);
    return say_with(rig, request, authorization);
}

static void nothing_goes_without(void **state)
{
    static const char *const requests[] = {
        "GET /update HTTP/1.1\n\n",
        "GET /update?info HTTP/1.1\n\n",
        "PUT /update?filesystem HTTP/1.1\nContent-Length: 8\n\neight by",
        "PUT /update?filesystem HTTP/1.1\nContent-Length: 8\nExpect: 100-continue\n\n",
        "POST /update HTTP/1.1\nContent-Type: multipart/form-data; boundary=X\n"
        "Content-Length: 73\n\n--X\nContent-Disposition: form-data; name=\"filesystem\"; "
        "filename=\"a\"\n\na\n--X--\n",
        "POST /update HTTP/1.1\nContent-Type: multipart/form-data; boundary=X\n"
        "Content-Length: 5\n\n--X--",
    };
    struct form_rig *rig = *state;

    form_rig_start(rig);
    for (size_t i = 0; i < 3 * SIZE(requests); i++) {
        assert_int_equal(form_rig_say(rig, requests[i % SIZE(requests)]), 401);
        assert_null(strstr(rig->answer, "100 Continue"));
        assert_int_equal(say_with(rig, GET, BASIC), 200); /* lets nobody else in */
    }
    assert_int_equal(rig->device.starts, 0);
    assert_int_equal(form_rig_say(rig, "GET / HTTP/1.1\n\n"), 303);
    assert_int_equal(form_rig_say(rig, "OPTIONS /update HTTP/1.1\n\n"), 200);
}

static void the_challenge_offers_both(void **state)
{
    struct form_rig *rig = *state;

    form_rig_start(rig);
    form_rig_say(rig, "GET /update HTTP/1.1\n\n");
    assert_non_null(
        strstr(rig->answer, "\r\nWWW-Authenticate: Basic realm=\"Login Required\"\r\n"));
    assert_non_null(strstr(rig->answer, "\r\nWWW-Authenticate: Digest realm=\"Login Required\", "
                                        "qop=\"auth\", algorithm=SHA-256, nonce=\""));
    assert_null(strstr(rig->answer, "stale"));
    rig->config.digest_only = true;
    form_rig_start(rig);
    form_rig_say(rig, "GET /update HTTP/1.1\n\n");
    assert_null(strstr(rig->answer, "Basic"));
    rig->config.digest_only = false;
    rig->config.digest_login = NULL;
    form_rig_start(rig);
    form_rig_say(rig, "GET /update HTTP/1.1\n\n");
    assert_null(strstr(rig->answer, "Digest"));
}

static void one_of_the_two_alone_is_no_login(void **state)
{
    struct form_rig *rig = *state;
    static const char *const pairs[][2] = {{"admin", ""}, {"", "secret"}, {NULL, "a"}, {"a", NULL}};

    for (size_t i = 0; i < SIZE(pairs); i++) {
        rig->config.user = pairs[i][0];
        rig->config.password = pairs[i][1];
        form_rig_start(rig);
        assert_int_equal(form_rig_say(rig, "GET /update HTTP/1.1\n\n"), 200);
    }
}

static void basic(void **state)
{
    static const struct {
        const char *authorization;
        int status;
    } rows[] = {
        {BASIC, 200},
        {"basic YWRtaW46c2VjcmV0", 200},
        {"BASIC YWRtaW46c2VjcmV0", 200},
        {"Basic YWRtaW46c2VjcmV", 401},
        {"Basic YWRtaW46c2VjcmV0AA==", 401},
        {"Basic YWRtaW46c2VjcmV1", 401},
        {"Basic QWRtaW46c2VjcmV0", 401},
        {"Basic", 401},
        {"Basic ", 401},
        {"", 401},
        {"YWRtaW46c2VjcmV0", 401},
        {"Bearer YWRtaW46c2VjcmV0", 401},
    };
    struct form_rig *rig = *state;

    form_rig_start(rig);
    for (size_t i = 0; i < SIZE(rows); i++) {
        print_message("row %zu\n", i);
        assert_int_equal(say_with(rig, GET, rows[i].authorization), rows[i].status);
        assert_int_equal(say_with(rig, PUT, rows[i].authorization), rows[i].status);
    }
    rig->config.password = "secret1"; /* padded once, and twice */
    form_rig_start(rig);
    assert_int_equal(say_with(rig, GET, "Basic YWRtaW46c2VjcmV0MQ=="), 200);
    rig->config.password = "secret12";
    form_rig_start(rig);
    assert_int_equal(say_with(rig, GET, "Basic YWRtaW46c2VjcmV0MTI="), 200);
    rig->config.digest_only = true;
    form_rig_start(rig);
    assert_int_equal(say_with(rig, GET, "Basic YWRtaW46c2VjcmV0MTI="), 401);
}

/* The nonce to be used next. */
static const char *ask_nonce(struct form_rig *rig)
{
    assert_int_equal(form_rig_say(rig, "GET /update HTTP/1.1\n\n"), 401);
    return form_rig_nonce(rig);
}

static void digest_lets_in(void **state)
{
    struct form_rig *rig = *state;
    struct form_digest digest = {
        .method = "GET", .user = "admin", .password = "secret", .uri = "/update", .count = 1};

    form_rig_start(rig);
    digest.nonce = ask_nonce(rig);
    assert_int_equal(say_digest(rig, GET, &digest), 200);
    digest.method = "PUT";
    digest.uri = "/update?filesystem";
    digest.count = 2;
    assert_int_equal(say_digest(rig, PUT, &digest), 200);
    digest.count = 0x0a0b0c0d;
    assert_int_equal(say_digest(rig, PUT, &digest), 200);
}

static void digests_that_are_wrong(void **state)
{
    static const struct form_digest rows[] = {
        {"GET", "admin", "Secret", NULL, "/update", 1},
        {"GET", "Admin", "secret", NULL, "/update", 1},
        {"PUT", "admin", "secret", NULL, "/update", 1},
        {"GET", "admin", "secret", NULL, "/", 1},
        {"GET", "admin", "", NULL, "/update", 1},
        {"GET", "admin", "secret", NULL, "/updates", 1},
    };
    struct form_rig *rig = *state;

    form_rig_start(rig);
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct form_digest digest = rows[i];
        print_message("row %zu\n", i);
        digest.nonce = ask_nonce(rig);
        assert_int_equal(say_digest(rig, GET, &digest), 401);
        assert_null(strstr(rig->answer, "stale"));
    }
}

/* Any part of it missing, or none of its quotes closed. */
static void digests_that_are_damaged(void **state)
{
    struct form_rig *rig = *state;
    struct form_digest digest = {"GET", "admin", "secret", NULL, "/update", 1};
    char authorization[512], damaged[512];

    form_rig_start(rig);
    digest.nonce = ask_nonce(rig);
    form_rig_authorize(&digest, authorization);
    for (size_t length = 0; length < strlen(authorization) - 1; length++) {
        snprintf(damaged, sizeof damaged, "%.*s", (int)length, authorization);
        if (strstr(damaged, "cnonce=\"client") == NULL) /* the last part may lack its quote */
            assert_int_equal(say_with(rig, GET, damaged), 401);
    }
    assert_int_equal(say_with(rig, GET, authorization), 200);
}

/* What was overheard cannot be sent again, with another file behind it. */
static void a_proof_is_good_once(void **state)
{
    struct form_rig *rig = *state;
    struct form_digest digest = {"PUT", "admin", "secret", NULL, "/update?filesystem", 5};
    char overheard[512];

    form_rig_start(rig);
    digest.nonce = ask_nonce(rig);
    form_rig_authorize(&digest, overheard);
    assert_int_equal(say_with(rig, PUT, overheard), 200);
    assert_int_equal(say_with(rig, PUT, overheard), 401);
    assert_non_null(strstr(rig->answer, "stale=true"));
    digest.nonce = form_rig_nonce(rig); /* the one who knows the password just goes on */
    digest.count = 1;
    assert_int_equal(say_digest(rig, PUT, &digest), 200);
    assert_int_equal(say_with(rig, PUT, overheard), 401);
}

/* Even from one who knows the password. */
static void a_count_is_eight_hexadecimal_digits(void **state)
{
    static const char *const texts[] = {"1", "0000001", "000000001", "0000000g", "-0000001"};
    struct form_rig *rig = *state;
    struct form_digest digest = {"GET", "admin", "secret", NULL, "/update", 1, NULL};

    form_rig_start(rig);
    for (size_t i = 0; i < SIZE(texts); i++) {
        digest.nonce = ask_nonce(rig);
        digest.nc = texts[i];
        assert_int_equal(say_digest(rig, GET, &digest), 401);
    }
    digest.nc = "0000000A";
    assert_int_equal(say_digest(rig, GET, &digest), 200);
}

static void a_stranger_cannot_use_nonces_up(void **state)
{
    struct form_rig *rig = *state;
    struct form_digest digest = {"GET", "admin", "secret", NULL, "/update", 1};
    struct form_digest stranger = {"GET", "admin", "guess", NULL, "/update", 0};
    char nonce[80];

    form_rig_start(rig);
    strcpy(nonce, ask_nonce(rig));
    digest.nonce = stranger.nonce = nonce;
    for (stranger.count = 0; stranger.count < 3; stranger.count++)
        assert_int_equal(say_digest(rig, GET, &stranger), 401);
    assert_string_equal(form_rig_nonce(rig), nonce);
    assert_int_equal(say_digest(rig, GET, &digest), 200);
}

/* A nonce of before the restart: the browser asks nobody, it tries again. */
static void a_nonce_from_before_is_stale(void **state)
{
    struct form_rig *rig = *state;
    const struct form_digest digest = {"GET", "admin", "secret", "0123456789abcdef", "/update", 1};
    const struct form_digest wrong = {"GET", "admin", "guess", "0123456789abcdef", "/update", 1};

    form_rig_start(rig);
    assert_int_equal(say_digest(rig, GET, &digest), 401);
    assert_non_null(strstr(rig->answer, "stale=true"));
    assert_int_equal(say_digest(rig, GET, &wrong), 401);
    assert_null(strstr(rig->answer, "stale=true"));
}

static void nonces_differ_from_device_to_device(void **state)
{
    const uint8_t other[UD_FORM_RANDOM] = "fedcba9876543210";
    struct form_rig *rig = *state;
    char nonce[80];

    form_rig_start(rig);
    strcpy(nonce, ask_nonce(rig));
    assert_string_equal(ask_nonce(rig), nonce);
    assert_int_equal(ud_form_init(&rig->form, &rig->config, other), UD_OK);
    assert_string_not_equal(ask_nonce(rig), nonce);
}

/* Login first, then origin: a browser may send a password by itself. */
static void a_login_does_not_make_an_origin_good(void **state)
{
    struct form_rig *rig = *state;

    form_rig_start(rig);
    assert_int_equal(form_rig_say(rig,
                                  "PUT /update?filesystem HTTP/1.1\nContent-Length: 8\n"
                                  "Host: lamp\nOrigin: http://evil.example\nAuthorization: " BASIC
                                  "\n\neight by"),
                     403);
    assert_int_equal(rig->device.starts, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_goes_without),
        TEST(the_challenge_offers_both),
        TEST(one_of_the_two_alone_is_no_login),
        TEST(basic),
        TEST(digest_lets_in),
        TEST(digests_that_are_wrong),
        TEST(digests_that_are_damaged),
        TEST(a_proof_is_good_once),
        TEST(a_count_is_eight_hexadecimal_digits),
        TEST(a_stranger_cannot_use_nonces_up),
        TEST(a_nonce_from_before_is_stale),
        TEST(nonces_differ_from_device_to_device),
        TEST(a_login_does_not_make_an_origin_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
