/* The requests, to the byte. */
#include "pull_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "GET / HTTP/1.0\r\nHost: host\r\nUser-Agent: ESP8266-http-Update\r\n"
#define LAST                                                                                       \
    "x-ESP8266-Chip-ID: 0\r\nx-ESP8266-free-space: 131072\r\nx-ESP8266-sketch-size: 0\r\n"         \
    "x-ESP8266-chip-size: 4194304\r\nx-ESP8266-mode: sketch\r\nContent-Length: 0\r\n\r\n"

static const struct ud_pull_identity whole_identity = {
    .chip_id = 0x01a2b3,
    .sta_mac = "5C:CF:7F:01:A2:B3",
    .ap_mac = "5E:CF:7F:01:A2:B3",
    .free_space = 2818048,
    .sketch_size = 325632,
    .sketch_md5 = "f2ca1bb6c7e907d06dafe4687e579fce",
    .sketch_sha256 = "A94A8FE5CCB19BA61C4C0873D391E987982FBBD3A94A8FE5CCB19BA61C4C0873",
    .chip_size = 4194304,
    .sdk_version = "2.2.2-dev(38a443e)",
};

static void assert_request(struct pull_rig *rig, const char *url, const char *expected)
{
    rig_connect(rig, url);
    rig_take_request(rig);
    assert_string_equal(rig->request, expected);
    assert_int_equal(ud_pull_want(&rig->pull), UD_PULL_RECEIVE);
}

static void an_esp8266_says_all_of_it(void **state)
{
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    rig.config.identity = whole_identity;
    rig.config.version = "1.0.0";
    rig.config.user = "admin";
    rig.config.password = "open sesame";
    assert_request(&rig, "http://updates.example:8266/esp/update.php?id=7#now",
                   "GET /esp/update.php?id=7 HTTP/1.0\r\n"
                   "Host: updates.example:8266\r\n"
                   "User-Agent: ESP8266-http-Update\r\n"
                   "Authorization: Basic YWRtaW46b3BlbiBzZXNhbWU=\r\n"
                   "Connection: close\r\n"
                   "x-ESP8266-Chip-ID: 107187\r\n"
                   "x-ESP8266-STA-MAC: 5C:CF:7F:01:A2:B3\r\n"
                   "x-ESP8266-AP-MAC: 5E:CF:7F:01:A2:B3\r\n"
                   "x-ESP8266-free-space: 2818048\r\n"
                   "x-ESP8266-sketch-size: 325632\r\n"
                   "x-ESP8266-sketch-md5: f2ca1bb6c7e907d06dafe4687e579fce\r\n"
                   "x-ESP8266-chip-size: 4194304\r\n"
                   "x-ESP8266-sdk-version: 2.2.2-dev(38a443e)\r\n"
                   "x-ESP8266-mode: sketch\r\n"
                   "x-ESP8266-version: 1.0.0\r\n"
                   "Content-Length: 0\r\n"
                   "\r\n");
    rig_free(&rig);
}

static void an_esp32_says_it_its_own_way(void **state)
{
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    rig.config.chip = UD_CHIP_ESP32;
    rig.config.identity = whole_identity;
    rig.config.version = "1.0.0";
    rig.config.user = "admin";
    rig.config.password = "open sesame";
    rig.config.mode = UD_PULL_FILESYSTEM;
    assert_request(&rig, "http://updates.example/fs",
                   "GET /fs HTTP/1.0\r\n"
                   "Host: updates.example\r\n"
                   "User-Agent: ESP32-http-Update\r\n"
                   "Connection: close\r\n"
                   "Authorization: Basic YWRtaW46b3BlbiBzZXNhbWU=\r\n"
                   "Cache-Control: no-cache\r\n"
                   "x-ESP32-STA-MAC: 5C:CF:7F:01:A2:B3\r\n"
                   "x-ESP32-AP-MAC: 5E:CF:7F:01:A2:B3\r\n"
                   "x-ESP32-free-space: 2818048\r\n"
                   "x-ESP32-sketch-size: 325632\r\n"
                   "x-ESP32-sketch-md5: f2ca1bb6c7e907d06dafe4687e579fce\r\n"
                   "x-ESP32-sketch-sha256: "
                   "A94A8FE5CCB19BA61C4C0873D391E987982FBBD3A94A8FE5CCB19BA61C4C0873\r\n"
                   "x-ESP32-chip-size: 4194304\r\n"
                   "x-ESP32-sdk-version: 2.2.2-dev(38a443e)\r\n"
                   "x-ESP32-mode: spiffs\r\n"
                   "x-ESP32-version: 1.0.0\r\n"
                   "\r\n");
    rig_free(&rig);
}

/* The one header that stock devices do not send. */
static void abilities_are_told_by_both_chips(void **state)
{
    static const struct {
        enum ud_chip chip;
        const char *line;
    } rows[] = {{UD_CHIP_ESP8266, "\r\nx-ESP8266-abilities: gzip keys=1804b9fb39ac8280\r\n"},
                {UD_CHIP_ESP32, "\r\nx-ESP32-abilities: gzip keys=1804b9fb39ac8280\r\n"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pull_rig rig;
        rig_init(&rig);
        rig.config.chip = rows[i].chip;
        rig.config.identity.abilities = "gzip keys=1804b9fb39ac8280";
        rig_connect(&rig, "http://host");
        rig_take_request(&rig);
        assert_non_null(strstr(rig.request, rows[i].line));
        rig_free(&rig);
    }
}

static void empty_texts_leave_their_header_out(void **state)
{
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    rig.config.version = "";
    rig.config.identity.sta_mac = "";
    rig.config.user = "name without a password";
    assert_request(&rig, "http://host", HEAD "Connection: close\r\n" LAST);
    rig_free(&rig);
}

static void the_host_names_only_ports_of_its_own(void **state)
{
    static const char *const rows[][2] = {
        {"http://host:80/", "Host: host\r\n"},
        {"http://host:443/", "Host: host\r\n"},
        {"https://host/", "Host: host\r\n"},
        {"https://host:8443/", "Host: host:8443\r\n"},
        {"http://user@[2001:db8::1]:81/", "Host: [2001:db8::1]:81\r\n"},
    };
    struct pull_rig rig;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_init(&rig);
        rig.config.can_tls = true;
        rig_connect(&rig, rows[i][0]);
        rig_take_request(&rig);
        assert_non_null(strstr(rig.request, rows[i][1]));
        assert_int_equal(ud_pull_endpoint(&rig.pull).tls, rows[i][0][4] == 's');
        rig_free(&rig);
    }
}

static void an_endpoint_address_has_no_brackets(void **state)
{
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    rig_connect(&rig, "http://[2001:db8::1]:81/");
    assert_string_equal(rig.host, "2001:db8::1");
    assert_int_equal(rig.port, 81);
    rig_free(&rig);
}

static void credentials_come_from_three_places(void **state)
{
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    rig.config.authorization = "Bearer 1234";
    rig.config.keep_alive = true;
    assert_request(&rig, "http://u:p@host/",
                   HEAD "Authorization: Bearer 1234\r\nConnection: keep-alive\r\n" LAST);
    rig.config.authorization = NULL;
    assert_request(&rig, "http://u:p@host/",
                   HEAD "Authorization: Basic dTpw\r\nConnection: keep-alive\r\n" LAST);
    rig.config.authorization = "Bearer 1234";
    rig.config.user = "a";
    rig.config.password = "b";
    assert_request(&rig, "http://u:p@host/",
                   HEAD "Authorization: Basic YTpi\r\nConnection: keep-alive\r\n" LAST);
    rig_free(&rig);
}

static void a_request_can_leave_in_any_pieces(void **state)
{
    struct pull_rig rig;
    char whole[RIG_REQUEST_MAX];
    uint32_t position = 0;

    (void)state;
    rig_init(&rig);
    rig.config.identity = whole_identity;
    rig_connect(&rig, "http://host/path");
    rig_take_request(&rig);
    memcpy(whole, rig.request, rig.request_length + 1);

    rig_connect(&rig, "http://host/path");
    for (uint32_t piece = 1; ud_pull_want(&rig.pull) & UD_PULL_SEND; piece = piece % 7 + 1) {
        uint32_t length;
        const char *bytes = ud_pull_send_buffer(&rig.pull, &length);

        if (length > piece)
            length = piece;
        assert_memory_equal(bytes, whole + position, length);
        position += length;
        ud_pull_sent(&rig.pull, length, 0);
        ud_pull_sent(&rig.pull, 0, 0);
    }
    assert_int_equal(position, strlen(whole));
    rig_free(&rig);
}

/* Every text that goes into a header, with a line end in it. */
static void texts_cannot_add_headers(void **state)
{
    static const char evil[] = "1\r\nx-evil: 1";
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    const struct ud_pull_config good = rig.config;
    struct ud_pull_config configs[] = {good, good, good, good, good, good, good};
    configs[0].identity.sta_mac = evil;
    configs[1].identity.ap_mac = evil;
    configs[2].identity.sketch_md5 = evil;
    configs[3].identity.sdk_version = evil;
    configs[4].version = evil;
    configs[5].authorization = evil;
    configs[6].chip = UD_CHIP_ESP32;
    configs[6].identity.sketch_sha256 = evil;
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++)
        assert_int_equal(ud_pull_init(&rig.pull, &configs[i]), UD_ERR_ARGUMENT);
    assert_int_equal(ud_pull_init(&rig.pull, &good), UD_OK);

    /* In credentials they are harmless: Base64 hides them. */
    rig.config.user = evil;
    rig.config.password = evil;
    assert_request(&rig, "http://host",
                   HEAD "Authorization: Basic MQ0KeC1ldmlsOiAxOjENCngtZXZpbDogMQ==\r\n"
                        "Connection: close\r\n" LAST);
    rig_free(&rig);
}

static void configs_that_make_no_sense_are_refused(void **state)
{
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    const struct ud_pull_config good = rig.config;
    struct ud_pull_config configs[] = {good, good, good, good, good, good, good};
    configs[0].chip = UD_CHIP_UNKNOWN;
    configs[1].updater = NULL;
    configs[2].expected_md5 = "0123";
    configs[3].expected_md5 = "0123456789abcdef0123456789abcdeg";
    configs[4].redirects = &ud_pull_follow; /* and nowhere to put a location */
    configs[5].mode = (enum ud_pull_mode)3;
    configs[6].timeout_ms = 0x80000000u;
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++)
        assert_int_equal(ud_pull_init(&rig.pull, &configs[i]), UD_ERR_ARGUMENT);

    struct ud_pull_config version = good;
    version.updater = NULL;
    version.mode = UD_PULL_VERSION;
    assert_int_equal(ud_pull_init(&rig.pull, &version), UD_OK);
    rig_free(&rig);
}

/* A line may be longer than what is sent at a time. */
static void a_long_text_goes_out_whole(void **state)
{
    static char token[4 * UD_PULL_LINE_MAX] = "Bearer ";
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    for (uint32_t length = 2 * UD_PULL_LINE_MAX; length < sizeof token - 1; length += 97) {
        for (uint32_t i = (uint32_t)strlen("Bearer "); i < length; i++)
            token[i] = (char)('a' + i % 26);
        rig.config.authorization = token;
        rig_connect(&rig, "http://host/");
        rig_take_request(&rig);
        const char *line = strstr(rig.request, "\r\nAuthorization: Bearer ");
        assert_non_null(line);
        line += strlen("\r\nAuthorization: ");
        assert_memory_equal(line, token, length);
        assert_memory_equal(line + length, "\r\nConnection: close\r\n", 21);
        assert_string_equal(rig.request + rig.request_length - 4, "\r\n\r\n");
    }
    rig_free(&rig);
}

static void bad_urls_are_refused(void **state)
{
    static char long_url[UD_PULL_URL_MAX + 1] = "http://host/";
    static char long_host[UD_PULL_HOST_MAX + 8] = "http://";
    const char *const urls[] = {
        "",
        "host",
        "https://host/",
        "http://host/a b",
        "http://host/\r\nx-evil: 1",
        "http://host:99999/",
        long_url,
        long_host,
    };
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    memset(long_url + strlen(long_url), 'a', UD_PULL_URL_MAX - strlen(long_url));
    memset(long_host + strlen(long_host), 'h', UD_PULL_HOST_MAX);
    assert_int_equal(ud_pull_init(&rig.pull, &rig.config), UD_OK);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        assert_int_equal(ud_pull_begin(&rig.pull, urls[i], 0), UD_ERR_HTTP_URL);
        assert_int_equal(ud_pull_want(&rig.pull), UD_PULL_FINISHED);
        assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_URL);
        assert_int_equal(ud_pull_result(&rig.pull), UD_PULL_FAILED);
    }
    rig_free(&rig);
}

/* In the host, in the whole URL, and in the request. */
static void the_longest_urls_fit(void **state)
{
    static char url[UD_PULL_URL_MAX] = "http://";
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    memset(url + strlen(url), 'h', UD_PULL_HOST_MAX - 1);
    rig_connect(&rig, url);
    assert_string_equal(rig.host, url + strlen("http://"));

    memcpy(url, "http://host/", sizeof "http://host/");
    memset(url + strlen(url), 'a', UD_PULL_URL_MAX - 1 - strlen(url));
    assert_int_equal(strlen(url), UD_PULL_URL_MAX - 1);
    rig_connect(&rig, url);
    rig_take_request(&rig);
    assert_memory_equal(rig.request + strlen("GET "), url + strlen("http://host"),
                        strlen(url) - strlen("http://host"));
    assert_int_equal(ud_pull_want(&rig.pull), UD_PULL_RECEIVE);
    rig_free(&rig);
}

/* Encoded, it is longer than what is sent at a time. */
static void a_long_user_of_a_url_goes_out_whole(void **state)
{
    static char url[UD_PULL_URL_MAX] = "http://";
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    memset(url + strlen(url), 'u', 231); /* "uuu" is "dXV1" */
    memcpy(url + strlen(url), "@h", sizeof "@h");
    rig_connect(&rig, url);
    rig_take_request(&rig);
    const char *line = strstr(rig.request, "\r\nAuthorization: Basic ");
    assert_non_null(line);
    line += strlen("\r\nAuthorization: Basic ");
    for (int i = 0; i < 231 / 3; i++)
        assert_memory_equal(line + 4 * i, "dXV1", 4);
    assert_memory_equal(line + 231 / 3 * 4, "\r\n", 2);
    rig_free(&rig);
}

static void a_version_request_says_so(void **state)
{
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    rig.config.mode = UD_PULL_VERSION;
    rig.config.updater = NULL;
    rig_connect(&rig, "http://host/");
    rig_take_request(&rig);
    assert_non_null(strstr(rig.request, "\r\nx-ESP8266-mode: version\r\n"));
    rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_esp8266_says_all_of_it),
        cmocka_unit_test(an_esp32_says_it_its_own_way),
        cmocka_unit_test(abilities_are_told_by_both_chips),
        cmocka_unit_test(empty_texts_leave_their_header_out),
        cmocka_unit_test(the_host_names_only_ports_of_its_own),
        cmocka_unit_test(an_endpoint_address_has_no_brackets),
        cmocka_unit_test(credentials_come_from_three_places),
        cmocka_unit_test(a_request_can_leave_in_any_pieces),
        cmocka_unit_test(texts_cannot_add_headers),
        cmocka_unit_test(configs_that_make_no_sense_are_refused),
        cmocka_unit_test(a_long_text_goes_out_whole),
        cmocka_unit_test(bad_urls_are_refused),
        cmocka_unit_test(the_longest_urls_fit),
        cmocka_unit_test(a_long_user_of_a_url_goes_out_whole),
        cmocka_unit_test(a_version_request_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
