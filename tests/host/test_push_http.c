/* Addresses of pages, and what their answers mean. */
#include "host/push_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

static void addresses_are_completed(void **state)
{
    static const char *const rows[][2] = {
        {"192.168.1.50", "http://192.168.1.50/update"},
        {"192.168.1.50:8080", "http://192.168.1.50:8080/update"},
        {"lamp.local/", "http://lamp.local/update"},
        {"http://lamp.local", "http://lamp.local/update"},
        {"https://lamp.local/", "https://lamp.local/update"},
        {"http://lamp.local/new", "http://lamp.local/new"},
        {"lamp.local/a/b?c", "http://lamp.local/a/b?c"},
    };
    char url[PUSH_URL_MAX], text[PUSH_URL_MAX + 1];

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        assert_true(push_http_url(rows[i][0], url));
        assert_string_equal(url, rows[i][1]);
    }
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(push_http_url(text, url));
}

static void answers_are_judged(void **state)
{
    static const struct {
        long status;
        const char *body;
        bool has_password;
        enum push_http_outcome outcome;
        const char *words;
    } rows[] = {
        {200, "<META http-equiv=\"refresh\">Update Success! Rebooting...", false, PUSH_HTTP_OK, ""},
        {200, "Update error: ERROR[4]: Not Enough Space\n", false, PUSH_HTTP_REFUSED,
         "ERROR[4]: Not Enough Space"},
        {422, "Update error: ERROR[10]: Magic", true, PUSH_HTTP_REFUSED, "ERROR[10]: Magic"},
        {200, "Update error: a<br>b", false, PUSH_HTTP_REFUSED, "a"},
        {401, "Unauthorized", false, PUSH_HTTP_PASSWORD_ASKED, ""},
        {401, "Update error: no", true, PUSH_HTTP_PASSWORD_WRONG, ""},
        {200, "welcome", false, PUSH_HTTP_NO_PAGE, ""},
        {404, "", true, PUSH_HTTP_NO_PAGE, ""},
        {500, "Update Success!", true, PUSH_HTTP_NO_PAGE, ""},
    };
    struct push_http_result result;

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        print_message("row %zu\n", i);
        push_http_judge(rows[i].status, rows[i].body, rows[i].has_password, &result);
        assert_int_equal(result.outcome, rows[i].outcome);
        assert_int_equal(result.status, rows[i].status);
        assert_string_equal(result.words, rows[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_completed),
        cmocka_unit_test(answers_are_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
