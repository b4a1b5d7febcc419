/* Redirects: where they lead, how far, and what does not go along. */
#include "pull_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])
#define FILE_200   "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nfile"

static struct rig_answer answer(const char *text)
{
    return (struct rig_answer){.bytes = text, .length = (uint32_t)strlen(text)};
}

/* Follows redirects to a file system image, which may hold anything. */
static void set_up(struct pull_rig *rig)
{
    rig_init(rig);
    rig->config.mode = UD_PULL_FILESYSTEM;
    rig->config.redirects = &ud_pull_follow;
    rig->config.location = rig->location;
}

static void assert_target(const struct pull_rig *rig, const char *target)
{
    assert_memory_equal(rig->request, "GET ", 4);
    assert_memory_equal(rig->request + 4, target, strlen(target));
    assert_memory_equal(rig->request + 4 + strlen(target), " HTTP/1.0\r\n", 11);
}

static void every_kind_is_followed(void **state)
{
    static const struct {
        const char *answer, *host;
        uint16_t port;
        const char *target;
    } rows[] = {
        {"HTTP/1.1 301 Moved\r\nLocation: http://other:81/c\r\n\r\n", "other", 81, "/c"},
        {"HTTP/1.1 302 Found\r\nLOCATION:/c?d\r\n\r\n", "host", 8080, "/c?d"},
        {"HTTP/1.0 303 Other\nLocation: c\n\n", "host", 8080, "/a/c"},
        {"HTTP/1.1 307 Moved\r\nLocation: ../c\r\n\r\n", "host", 8080, "/c"},
        {"HTTP/1.1 308 Moved\r\nLocation: //other/c\r\n\r\n", "other", 80, "/c"},
        {"HTTP/1.1 302 Found\r\nLocation: ?c\r\n\r\n", "host", 8080, "/a/b?c"},
        {"HTTP/1.1 302 Found\r\nLocation: http://other?c\r\n\r\n", "other", 80, "/?c"},
        {"HTTP/1.1 302 Found\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
         "Location: /c\r\nLocation: http://evil/\r\n\r\nHello",
         "host", 8080, "/c"},
    };
    struct pull_rig rig;

    (void)state;
    set_up(&rig);
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct rig_answer answers[] = {answer(rows[i].answer), answer(FILE_200)};

        for (uint32_t split = 0; split <= answers[0].length + 1; split++) {
            const struct rig_pieces pieces = {
                .step = split == answers[0].length + 1,
                .split = split,
            };
            rig_reset(&rig);
            rig_play(&rig, "http://host:8080/a/b", answers, 2, pieces);
            assert_int_equal(ud_pull_result(&rig.pull), UD_PULL_OK);
            assert_int_equal(ud_pull_error(&rig.pull), UD_OK);
            assert_int_equal(rig.connections, 2);
            assert_int_equal(rig.closes, 2);
            assert_string_equal(rig.host, rows[i].host);
            assert_int_equal(rig.port, rows[i].port);
            assert_target(&rig, rows[i].target);
        }
    }
    rig_free(&rig);
}

static void some_lead_nowhere(void **state)
{
    static const struct {
        const char *answer;
        int error;
    } rows[] = {
        {"HTTP/1.1 302 Found\r\n\r\n", UD_ERR_HTTP_STATUS},
        {"HTTP/1.1 302 Found\r\nLocation:\r\n\r\n", UD_ERR_HTTP_URL},
        {"HTTP/1.1 302 Found\r\nLocation: ftp://host/a\r\n\r\n", UD_ERR_HTTP_URL},
        {"HTTP/1.1 302 Found\r\nLocation: /a b\r\n\r\n", UD_ERR_HTTP_URL},
        {"HTTP/1.1 302 Found\r\nLocation: /a\rx-evil: 1\r\n\r\n", UD_ERR_HTTP_URL},
        {"HTTP/1.1 302 Found\r\nLocation: https://host/a\r\n\r\n", UD_ERR_HTTP_URL},
        {"HTTP/1.1 302 Found\r\nLocation: /a\r\n b\r\n\r\n", UD_ERR_HTTP_NOT_HTTP},
        {"HTTP/1.1 300 Choose\r\nLocation: /a\r\n\r\n", UD_ERR_HTTP_STATUS},
        {"HTTP/1.1 305 Proxy\r\nLocation: /a\r\n\r\n", UD_ERR_HTTP_STATUS},
    };
    struct pull_rig rig;

    (void)state;
    set_up(&rig);
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct rig_answer answers[] = {answer(rows[i].answer), answer(FILE_200)};

        print_message("row %zu\n", i);
        rig_reset(&rig);
        rig_play(&rig, "http://host/a", answers, 2, (struct rig_pieces){0});
        assert_int_equal(ud_pull_result(&rig.pull), UD_PULL_FAILED);
        assert_int_equal(ud_pull_error(&rig.pull), rows[i].error);
        assert_int_equal(rig.connections, 1);
    }
    rig_free(&rig);
}

/* Location: /aaa…, of `length` characters. */
static struct rig_answer long_redirect(char *text, uint32_t length)
{
    static const char head[] = "HTTP/1.1 302 Found\r\nLocation: /";

    memcpy(text, head, sizeof head - 1);
    memset(text + sizeof head - 1, 'a', length - 1);
    memcpy(text + sizeof head - 2 + length, "\r\n\r\n", 5);
    return answer(text);
}

static void long_locations_have_a_limit(void **state)
{
    const uint32_t most = UD_PULL_URL_MAX - 1 - (uint32_t)strlen("http://host");
    struct pull_rig rig;
    char text[1024];

    (void)state;
    set_up(&rig);
    for (uint32_t length = most - 2; length < most + 100; length++) {
        const struct rig_answer answers[] = {long_redirect(text, length), answer(FILE_200)};

        rig_reset(&rig);
        rig_play(&rig, "http://host/", answers, 2, (struct rig_pieces){0});
        assert_int_equal(ud_pull_error(&rig.pull), length <= most ? UD_OK : UD_ERR_HTTP_URL);
    }
    rig_free(&rig);
}

/* What is seen of it would make a URL, of another place. */
static void a_cut_location_is_not_followed(void **state)
{
    struct pull_rig rig;
    char text[1024] = "HTTP/1.1 302 Found\r\nLocation:";

    (void)state;
    set_up(&rig);
    memset(text + strlen(text), ' ', UD_PULL_LINE_MAX - 20);
    strcat(text, "/abcdefghijklmnopqrstuvwxyz\r\n\r\n");
    const struct rig_answer answers[] = {answer(text), answer(FILE_200)};
    rig_play(&rig, "http://host/", answers, 2, (struct rig_pieces){0});
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_URL);
    rig_free(&rig);
}

static void they_end_at_the_limit(void **state)
{
    struct rig_answer answers[RIG_ANSWERS_MAX];
    struct pull_rig rig;

    (void)state;
    for (size_t i = 0; i < SIZE(answers); i++)
        answers[i] = answer("HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n");

    set_up(&rig);
    rig_play(&rig, "http://host/a", answers, RIG_ANSWERS_MAX, (struct rig_pieces){0});
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_REDIRECTS);
    assert_int_equal(rig.connections, 1 + UD_PULL_REDIRECT_LIMIT);

    rig.config.redirect_limit = 1;
    rig_reset(&rig);
    rig_play(&rig, "http://host/a", answers, RIG_ANSWERS_MAX, (struct rig_pieces){0});
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_REDIRECTS);
    assert_int_equal(rig.connections, 2);

    answers[1] = answer(FILE_200);
    rig_reset(&rig);
    rig_play(&rig, "http://host/a", answers, RIG_ANSWERS_MAX, (struct rig_pieces){0});
    assert_int_equal(ud_pull_result(&rig.pull), UD_PULL_OK);
    rig_free(&rig);
}

static void they_can_lead_to_tls(void **state)
{
    const struct rig_answer answers[] = {
        answer("HTTP/1.1 301 Moved\r\nLocation: https://host/b\r\n\r\n"),
    };
    struct pull_rig rig;

    (void)state;
    set_up(&rig);
    rig.config.can_tls = true;
    rig_play(&rig, "http://host/a", answers, 1, (struct rig_pieces){0});
    assert_true(ud_pull_endpoint(&rig.pull).tls);
    assert_int_equal(ud_pull_endpoint(&rig.pull).port, 443);
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_CONNECT);
    rig_free(&rig);
}

/* Does the request at the end of these redirects carry "Authorization: VALUE"? */
static bool is_authorized(struct pull_rig *rig, const char *url, const char *const *locations,
                          const char *value)
{
    char texts[4][128];
    struct rig_answer answers[5];
    uint32_t count = 0;

    for (; locations[count] != NULL; count++) {
        memcpy(texts[count], "HTTP/1.1 302 Found\r\nLocation: ", 31);
        strcat(texts[count], locations[count]);
        strcat(texts[count], "\r\n\r\n");
        answers[count] = answer(texts[count]);
    }
    answers[count] = answer(FILE_200);
    rig_reset(rig);
    rig_play(rig, url, answers, count + 1, (struct rig_pieces){0});
    assert_int_equal(ud_pull_result(&rig->pull), UD_PULL_OK);
    assert_int_equal(rig->connections, count + 1);
    const char *line = strstr(rig->request, "Authorization: ");
    if (line == NULL)
        return false;
    assert_memory_equal(line + strlen("Authorization: "), value, strlen(value));
    return true;
}

static void credentials_stay_with_their_server(void **state)
{
    static const struct {
        const char *locations[4];
        bool stays;
    } rows[] = {
        {{NULL}, true},
        {{"/b", "c", NULL}, true},
        {{"http://HOST/b", NULL}, true},
        {{"http://host:80/b", NULL}, true},
        {{"//host/b", NULL}, true},
        {{"http://other/b", NULL}, false},
        {{"http://host.other/b", NULL}, false},
        {{"http://hos/b", NULL}, false},
        {{"http://host:81/b", NULL}, false},
        {{"https://host/b", NULL}, false},
        {{"https://host:80/b", NULL}, false},
        {{"http://host@other/b", NULL}, false},
        {{"http://other/b", "http://host/c", NULL}, false}, /* it could be another's wish */
    };
    static const char basic[] = "Basic dTpw\r\n";
    struct pull_rig rig;

    (void)state;
    set_up(&rig);
    rig.config.can_tls = true;
    for (size_t i = 0; i < SIZE(rows); i++) {
        print_message("row %zu\n", i);
        rig.config.user = "u";
        rig.config.password = "p";
        const bool is_own = i == 11; /* has a user of its own */
        assert_int_equal(is_authorized(&rig, "http://host/a", rows[i].locations,
                                       is_own ? "Basic aG9zdA==\r\n" : basic),
                         rows[i].stays || is_own);
        rig.config.user = NULL;
        rig.config.authorization = "Bearer 1";
        assert_int_equal(is_authorized(&rig, "http://host/a", rows[i].locations,
                                       is_own ? "Basic aG9zdA==\r\n" : "Bearer 1\r\n"),
                         rows[i].stays || is_own);
        rig.config.authorization = NULL;
        assert_int_equal(is_authorized(&rig, "http://u:p@host/a", rows[i].locations,
                                       is_own ? "Basic aG9zdA==\r\n" : basic),
                         rows[i].stays || is_own);
    }
    rig_free(&rig);
}

static void the_next_pull_has_its_credentials_again(void **state)
{
    const struct rig_answer answers[] = {
        answer("HTTP/1.1 302 Found\r\nLocation: http://other/\r\n\r\n"),
        answer("HTTP/1.1 304 Same\r\n\r\n"),
    };
    struct pull_rig rig;

    (void)state;
    set_up(&rig);
    rig.config.user = "u";
    rig.config.password = "p";
    rig_play(&rig, "http://host/", answers, 2, (struct rig_pieces){0});
    assert_null(strstr(rig.request, "Authorization"));
    assert_int_equal(ud_pull_begin(&rig.pull, "http://host/", 0), UD_OK);
    ud_pull_connected(&rig.pull, 0);
    rig_take_request(&rig);
    assert_non_null(strstr(rig.request, "Authorization: Basic dTpw\r\n"));
    rig_free(&rig);
}

static void a_version_is_asked_for_elsewhere_too(void **state)
{
    const struct rig_answer answers[] = {
        answer("HTTP/1.1 302 Found\r\nx-version: 1\r\nLocation: /b\r\n\r\n"),
        answer("HTTP/1.1 200 OK\r\nx-version: 2\r\n\r\n"),
    };
    struct pull_rig rig;

    (void)state;
    set_up(&rig);
    rig.config.mode = UD_PULL_VERSION;
    rig_play(&rig, "http://host/", answers, 2, (struct rig_pieces){0});
    assert_int_equal(ud_pull_result(&rig.pull), UD_PULL_OK);
    assert_string_equal(ud_pull_available_version(&rig.pull), "2");
    rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_followed),
        cmocka_unit_test(some_lead_nowhere),
        cmocka_unit_test(long_locations_have_a_limit),
        cmocka_unit_test(a_cut_location_is_not_followed),
        cmocka_unit_test(they_end_at_the_limit),
        cmocka_unit_test(they_can_lead_to_tls),
        cmocka_unit_test(credentials_stay_with_their_server),
        cmocka_unit_test(the_next_pull_has_its_credentials_again),
        cmocka_unit_test(a_version_is_asked_for_elsewhere_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
