/* URLs: their parts, what is refused, and how a Location is resolved. */
#include "updraft/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])

static void assert_slice(const char *text, uint32_t start, uint32_t length, const char *expected)
{
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(text + start, expected, length);
}

static void parts_are_found(void **state)
{
    static const struct {
        const char *text, *user, *host;
        uint16_t port;
        const char *target;
        bool tls;
    } rows[] = {
        {"http://host", "", "host", 80, "", false},
        {"http://host/", "", "host", 80, "/", false},
        {"HTTP://host:8080/a/b?c=d", "", "host", 8080, "/a/b?c=d", false},
        {"https://host/a", "", "host", 443, "/a", true},
        {"HttpS://host:1/a", "", "host", 1, "/a", true},
        {"http://host:65535", "", "host", 65535, "", false},
        {"http://host:/a", "", "host", 80, "/a", false},
        {"http://host?query", "", "host", 80, "?query", false},
        {"http://host/a#fragment?no", "", "host", 80, "/a", false},
        {"http://host#fragment", "", "host", 80, "", false},
        {"http://user:pass@host:81/a", "user:pass", "host", 81, "/a", false},
        {"http://us@er@host/a@b", "us@er", "host", 80, "/a@b", false},
        {"http://@host/", "", "host", 80, "/", false},
        {"http://[::1]", "", "::1", 80, "", false},
        {"http://u@[2001:db8::1]:8266/x", "u", "2001:db8::1", 8266, "/x", false},
        {"http://192.168.4.1/update//x", "", "192.168.4.1", 80, "/update//x", false},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        const char *text = rows[i].text;
        struct ud_url url;

        print_message("%s\n", text);
        assert_int_equal(ud_url_parse(text, &url), UD_OK);
        assert_slice(text, url.userinfo, url.user_length, rows[i].user);
        assert_slice(text, url.host, url.host_length, rows[i].host);
        assert_slice(text, url.target, url.target_length, rows[i].target);
        assert_int_equal(url.port, rows[i].port);
        assert_int_equal(url.tls, rows[i].tls);
        assert_int_equal(url.is_address6, text[url.host - 1] == '[');
    }
}

static void others_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "host/a",
        "//host/a",
        "ftp://host/a",
        "http:/host/a",
        "http:///a",
        "http://",
        "https://",
        "http://:80/a",
        "http://user@/a",
        "http://user@:80/a",
        "http://host:0/",
        "http://host:65536/",
        "http://host:000080/",
        "http://host:8o/",
        "http://host:-1/",
        "http://host:80:80/",
        "http://[::1/a",
        "http://[]/a",
        "http://[::1]80/a",
        "http://ho st/a",
        "http://host/a b",
        " http://host/a",
        "http://host/a\r\nx-evil: 1",
        "http://host/a\tb",
        "http://host/\x7f",
        "http://ho\nst/",
    };

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct ud_url url;

        print_message("row %zu\n", i);
        assert_int_equal(ud_url_parse(rows[i], &url), UD_ERR_HTTP_URL);
    }
}

/* The first rows are RFC 3986 section 5.4's, with our scheme. */
static const struct {
    const char *base, *location, *expected;
} resolved[] = {
    {"http://a/b/c/d;p?q", "g", "http://a/b/c/g"},
    {"http://a/b/c/d;p?q", "./g", "http://a/b/c/g"},
    {"http://a/b/c/d;p?q", "g/", "http://a/b/c/g/"},
    {"http://a/b/c/d;p?q", "/g", "http://a/g"},
    {"http://a/b/c/d;p?q", "//g", "http://g"},
    {"http://a/b/c/d;p?q", "?y", "http://a/b/c/d;p?y"},
    {"http://a/b/c/d;p?q", "g?y", "http://a/b/c/g?y"},
    {"http://a/b/c/d;p?q", "#s", "http://a/b/c/d;p?q#s"},
    {"http://a/b/c/d;p?q", "g#s", "http://a/b/c/g#s"},
    {"http://a/b/c/d;p?q", "", "http://a/b/c/d;p?q"},
    {"http://a/b/c/d;p?q", ".", "http://a/b/c/"},
    {"http://a/b/c/d;p?q", "./", "http://a/b/c/"},
    {"http://a/b/c/d;p?q", "..", "http://a/b/"},
    {"http://a/b/c/d;p?q", "../", "http://a/b/"},
    {"http://a/b/c/d;p?q", "../g", "http://a/b/g"},
    {"http://a/b/c/d;p?q", "../..", "http://a/"},
    {"http://a/b/c/d;p?q", "../../g", "http://a/g"},
    {"http://a/b/c/d;p?q", "../../../g", "http://a/g"},
    {"http://a/b/c/d;p?q", "/./g", "http://a/g"},
    {"http://a/b/c/d;p?q", "/../g", "http://a/g"},
    {"http://a/b/c/d;p?q", "g.", "http://a/b/c/g."},
    {"http://a/b/c/d;p?q", ".g", "http://a/b/c/.g"},
    {"http://a/b/c/d;p?q", "..g", "http://a/b/c/..g"},
    {"http://a/b/c/d;p?q", "./../g", "http://a/b/g"},
    {"http://a/b/c/d;p?q", "./g/.", "http://a/b/c/g/"},
    {"http://a/b/c/d;p?q", "g/./h", "http://a/b/c/g/h"},
    {"http://a/b/c/d;p?q", "g/../h", "http://a/b/c/h"},
    {"http://a/b/c/d;p?q", "g;x=1/../y", "http://a/b/c/y"},
    {"http://a/b/c/d;p?q", "g?y/../x", "http://a/b/c/g?y/../x"},
    {"http://a/b/c/d;p?q", "g#s/../x", "http://a/b/c/g#s/../x"},

    {"http://a", "g", "http://a/g"},
    {"http://a", "?y", "http://a/?y"},
    {"http://a?x", "g", "http://a/g"},
    {"http://a?x/y", "g", "http://a/g"},
    {"http://a/b", "http://c:81/d", "http://c:81/d"},
    {"http://a/b", "https://a/d", "https://a/d"},
    {"https://a/b", "//c/d/../e", "https://c/e"},
    {"http://a/b", "HTTP://C/./d", "HTTP://C/d"},

    /* The user stays with the server, and only with it. */
    {"http://u:p@a/b", "/c", "http://u:p@a/c"},
    {"http://u:p@a/b", "http://a/c", "http://u:p@a/c"},
    {"http://u:p@a/b", "http://A:80/c", "http://u:p@a/c"},
    {"http://u:p@a/b", "http://a", "http://u:p@a/"},
    {"http://u:p@a/b", "http://a?c", "http://u:p@a/?c"},
    {"http://u:p@a/b", "//a/c", "http://u:p@a/c"},
    {"http://u:p@a/b", "http://a:81/c", "http://a:81/c"},
    {"http://u:p@a/b", "https://a/c", "https://a/c"},
    {"http://u:p@a/b", "//c/c", "http://c/c"},
};

/* Offsets are 16 bits. */
static void a_url_of_64_kb_is_refused(void **state)
{
    static char text[0x10000 + 1] = "http://host/";
    const size_t begun = strlen(text);
    struct ud_url url;

    (void)state;
    memset(text + begun, 'a', 0x10000 - begun);
    assert_int_equal(ud_url_parse(text, &url), UD_ERR_HTTP_URL);
    text[0x10000 - 1] = '\0';
    assert_int_equal(ud_url_parse(text, &url), UD_OK);
}

static void locations_are_resolved(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(resolved); i++) {
        bool is_elsewhere = false;
        char text[64];

        print_message("%s + %s\n", resolved[i].base, resolved[i].location);
        memcpy(text, resolved[i].base, strlen(resolved[i].base) + 1);
        assert_int_equal(ud_url_resolve(text, sizeof text, resolved[i].location, &is_elsewhere),
                         UD_OK);
        assert_string_equal(text, resolved[i].expected);
    }
}

static void other_servers_are_told_apart(void **state)
{
    static const struct {
        const char *location;
        bool is_elsewhere;
    } rows[] = {
        {"/c", false},         {"c", false},         {"//a/c", false},  {"HTTP://A:80/c", false},
        {"http://a:81", true}, {"https://a/", true}, {"//ab/c", true},  {"http://u@b/", true},
        {"//a.b/c", true},     {"//u@a/c", false},   {"?//b/c", false},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        char text[64] = "http://a/b";
        bool is_elsewhere = false;

        print_message("%s\n", rows[i].location);
        assert_int_equal(ud_url_resolve(text, sizeof text, rows[i].location, &is_elsewhere), UD_OK);
        assert_int_equal(is_elsewhere, rows[i].is_elsewhere);
        is_elsewhere = true;
        assert_int_equal(ud_url_resolve(text, sizeof text, "/d", &is_elsewhere), UD_OK);
        assert_true(is_elsewhere); /* it has been left once */
    }
}

static void useless_locations_are_refused(void **state)
{
    static const char *const rows[] = {
        "ftp://a/b", "mailto:a",       "http:/a",   "//",        "///b",      "http://",
        "a b",       "a\r\nx-evil: 1", "http://:1", "//a:99999", "//user@/a",
    };

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        bool is_elsewhere = false;
        char text[64] = "http://a/b";

        print_message("row %zu\n", i);
        assert_int_equal(ud_url_resolve(text, sizeof text, rows[i], &is_elsewhere),
                         UD_ERR_HTTP_URL);
    }
}

/* The outcome may be as long as its buffer, NUL included, and no longer; what
 * lies behind the buffer is not touched. */
static void room_is_kept_to(void **state)
{
    static const char *const locations[] = {"/ccc", "ccc", "?cc", "http://b/cc", "//b/cc"};

    (void)state;
    for (size_t i = 0; i < SIZE(locations); i++) {
        bool is_elsewhere = false;
        char whole[32] = "http://a/b";
        assert_int_equal(ud_url_resolve(whole, sizeof whole, locations[i], &is_elsewhere), UD_OK);
        const uint32_t needed = (uint32_t)strlen(whole) + 1;

        for (uint32_t size = (uint32_t)sizeof "http://a/b"; size <= needed; size++) {
            char text[33] = "http://a/b";
            memset(text + size, 'x', sizeof text - size);
            const int error = ud_url_resolve(text, size, locations[i], &is_elsewhere);

            assert_int_equal(error, size == needed ? UD_OK : UD_ERR_HTTP_URL);
            assert_int_equal(text[size], 'x');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_found),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(a_url_of_64_kb_is_refused),
        cmocka_unit_test(locations_are_resolved),
        cmocka_unit_test(useless_locations_are_refused),
        cmocka_unit_test(room_is_kept_to),
        cmocka_unit_test(other_servers_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
